# The first boot: the node shows its public keys, under the one-time token, on the console and on port 80, until it is enrolled.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.clavitor.firstBoot;
  state = config.clavitor.stateDirectory;
  token = "${state}/enrolment-token";
  record = "/run/clavitor-fleet/enrolment";
in
{
  options.clavitor.firstBoot.enable = lib.mkOption {
    type = lib.types.bool;
    default = false;
    description = "Whether this system is the one that a machine boots first. It serves the enrolment record and no vault.";
  };

  config = lib.mkMerge [
    (lib.mkIf cfg.enable {
      systemd.services.clavitor-enrolment = {
        description = "Enrolment record of this node";
        wantedBy = [ "multi-user.target" ];
        wants = [ "clavitor-identity.service" ];
        after = [
          "clavitor-identity.service"
          "systemd-tmpfiles-setup.service"
          "time-sync.target"
        ];
        unitConfig.ConditionPathExists = token;
        path = [
          pkgs.coreutils
          pkgs.gnused
          pkgs.openssh
        ];
        environment = {
          NODE = config.clavitor.node.name;
          SSH = "/etc/ssh";
          STATE = state;
          RECORD = record;
        };
        serviceConfig = {
          Type = "oneshot";
          StandardOutput = "journal+console";
          UMask = "0022";
        };
        script = builtins.readFile ./scripts/enrolment.sh;
      };
      # The record carries its time, and one that is old is refused.
      systemd.timers.clavitor-enrolment = {
        description = "A fresh enrolment record";
        wantedBy = [ "timers.target" ];
        timerConfig.OnUnitInactiveSec = "10min";
      };

      systemd.sockets.clavitor-enrolment-page = {
        description = "Enrolment record of this node, port 80";
        wantedBy = [ "sockets.target" ];
        socketConfig = {
          ListenStream = "80";
          Accept = true;
          MaxConnections = 8;
          MaxConnectionsPerSource = 2;
        };
      };
      systemd.services."clavitor-enrolment-page@" = {
        description = "Enrolment record of this node, to one caller";
        path = [ pkgs.coreutils ];
        environment.RECORD = record;
        serviceConfig = {
          StandardInput = "socket";
          StandardOutput = "socket";
          StandardError = "journal";
          RuntimeMaxSec = 10;
          DynamicUser = true;
          NoNewPrivileges = true;
          CapabilityBoundingSet = "";
          PrivateNetwork = true;
          PrivateDevices = true;
          ProtectSystem = "strict";
          ProtectHome = true;
          ProtectKernelTunables = true;
          ProtectKernelModules = true;
          ProtectControlGroups = true;
          RestrictAddressFamilies = "AF_UNIX";
          RestrictNamespaces = true;
          SystemCallArchitectures = "native";
          MemoryMax = "16M";
          TasksMax = 8;
          LimitCORE = 0;
        };
        script = builtins.readFile ./scripts/enrolment-page.sh;
      };
    })

    # The first deploy comes after the enrolment: the token has done its work.
    (lib.mkIf (!cfg.enable) {
      systemd.tmpfiles.rules = [ "r ${token} - - - - -" ];
    })
  ];
}
