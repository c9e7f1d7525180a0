# The product: one program, its sandbox, its two sockets. The unit says the same as packaging/clavitor.service, line by line.
{
  config,
  lib,
  ...
}:
let
  cfg = config.services.clavitor;
  sockets = [
    "clavitor.socket"
    "clavitor-http.socket"
  ];
  socket = description: port: name: {
    inherit description;
    wantedBy = [ "sockets.target" ];
    socketConfig = {
      ListenStream = port;
      BindIPv6Only = "both";
      FileDescriptorName = name;
      Backlog = 1024;
      NoDelay = true;
      Service = "clavitor.service";
    };
  };
in
{
  options.services.clavitor = {
    enable = lib.mkEnableOption "the Clavitor credential vault";

    package = lib.mkOption {
      type = lib.types.package;
      description = "The package with `bin/clavitor`. The unit names it by its store path, so that an older generation starts the older program.";
      example = lib.literalExpression "import ./package.nix { inherit pkgs; release = import ./release.nix; }";
    };

    domain = lib.mkOption {
      type = lib.types.str;
      description = "The name under which the node serves. It asks a certificate authority for a certificate of this name.";
      example = "tokyo.pop.example.com";
    };

    settings = lib.mkOption {
      type = lib.types.attrsOf lib.types.str;
      default = { };
      description = "Further settings, by the environment names that `clavitor serve --help` gives. They stand in the world-readable store: no secret here.";
      example = {
        CLAVITOR_BACKUP_KEEP = "14";
      };
    };

    credentials = lib.mkOption {
      type = lib.types.listOf lib.types.str;
      default = [
        "clavitor.telemetry-token"
        "clavitor.metrics-token"
        "clavitor.acme-eab-key"
        "clavitor.kuma-url"
      ];
      description = "Secrets that systemd hands over from `/etc/credstore`, one file of that name each. A file that is not there is left out.";
    };

    memoryMax = lib.mkOption {
      type = lib.types.str;
      default = "320M";
      description = "The most memory that the node may take. The default leaves the rest of a machine with 512 MB to the system.";
      example = "640M";
    };
  };

  config = lib.mkIf cfg.enable {
    services.clavitor.settings = {
      CLAVITOR_DOMAIN = cfg.domain;
      CLAVITOR_BACKUP_DIR = lib.mkDefault "/var/lib/clavitor/backups";
    };

    # Orders to the running node, such as `clavitor backup create`.
    environment.systemPackages = [ cfg.package ];

    systemd.sockets.clavitor = socket "Clavitor credential vault, port 443" "443" "https";
    systemd.sockets.clavitor-http = socket "Clavitor credential vault, port 80" "80" "http";

    systemd.services.clavitor = {
      description = "Clavitor credential vault";
      documentation = [ "man:clavitor-serve(1)" ];
      requires = sockets;
      after = sockets ++ [
        "network-online.target"
        "time-sync.target"
      ];
      wants = [ "network-online.target" ];
      wantedBy = [ "multi-user.target" ];
      startLimitIntervalSec = 300;
      startLimitBurst = 5;
      # A new generation restarts the node in one step; the sockets hold callers meanwhile.
      stopIfChanged = false;
      environment = cfg.settings // {
        MALLOC_ARENA_MAX = "2";
      };
      serviceConfig = {
        Type = "notify";
        NotifyAccess = "main";
        ExecStart = "${cfg.package}/bin/clavitor serve --data %S/clavitor";
        Sockets = sockets;
        LoadCredential = cfg.credentials;

        KillSignal = "SIGTERM";
        TimeoutStartSec = 300;
        TimeoutStopSec = 20;
        WatchdogSec = 30;
        Restart = "on-failure";
        RestartSec = 2;
        OOMPolicy = "stop";

        DynamicUser = true;
        User = "clavitor";
        StateDirectory = "clavitor clavitor/backups";
        StateDirectoryMode = "0700";
        UMask = "0077";

        NoNewPrivileges = true;
        CapabilityBoundingSet = "";
        AmbientCapabilities = "";
        PrivateUsers = true;
        RestrictSUIDSGID = true;
        RestrictNamespaces = true;
        RestrictRealtime = true;
        LockPersonality = true;
        MemoryDenyWriteExecute = true;
        RemoveIPC = true;
        KeyringMode = "private";

        ProtectSystem = "strict";
        ProtectHome = true;
        PrivateTmp = true;
        PrivateMounts = true;
        PrivateDevices = true;
        DevicePolicy = "closed";
        ProtectKernelTunables = true;
        ProtectKernelModules = true;
        ProtectKernelLogs = true;
        ProtectControlGroups = true;
        ProtectClock = true;
        ProtectHostname = true;
        ProtectProc = "invisible";

        RestrictAddressFamilies = "AF_INET AF_INET6 AF_UNIX";
        SystemCallArchitectures = "native";
        SystemCallFilter = [
          "@system-service"
          "~@privileged @resources @debug @mount"
        ];
        SystemCallErrorNumber = "EPERM";

        LimitCORE = 0;
        LimitMEMLOCK = "infinity";
        LimitNOFILE = 16384;
        MemoryMax = cfg.memoryMax;
        MemorySwapMax = 0;
        TasksMax = 256;
      };
    };
  };
}
