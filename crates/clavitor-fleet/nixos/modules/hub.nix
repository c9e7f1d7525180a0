# What only a hub may be: the house of the monitor and of the control plane. Both listen on the hub's tunnel address, never on the public one.
{
  config,
  lib,
  ...
}:
let
  inherit (config.clavitor) node hub;
  hubs = lib.filterAttrs (_: tunnel: tunnel.role == "hub") node.tunnels;
  hasHq = hub.hq.enable && hub.hq.package != null;
  opened = lib.optional hub.kuma.enable hub.kuma.port ++ lib.optional hasHq hub.hq.port;
  # The first network that this node carries.
  address = (builtins.head (lib.attrValues hubs)).address;
in
{
  options.clavitor.hub = {
    kuma = {
      enable = lib.mkEnableOption "Uptime Kuma on this hub";
      port = lib.mkOption {
        type = lib.types.port;
        default = 3001;
        description = "Kuma's port, on the hub's tunnel address.";
      };
    };
    hq = {
      enable = lib.mkEnableOption "the control plane on this hub";
      package = lib.mkOption {
        type = lib.types.nullOr lib.types.package;
        default = null;
        description = "The package of the control plane. Without one there is no service and no open port.";
      };
      command = lib.mkOption {
        type = lib.types.str;
        description = "What is started, below the package.";
        example = "bin/clavitor-hq serve";
      };
      port = lib.mkOption {
        type = lib.types.port;
        default = 8443;
        description = "The control plane's port, on the hub's tunnel address. It finds both in `HQ_BIND`.";
      };
    };
  };

  config = lib.mkMerge [
    {
      assertions = [
        {
          assertion = (node.role == "hub") == (hubs != { });
          message = "${node.name}: the role is hub if and only if the node carries a management network.";
        }
        {
          assertion = opened == [ ] || hubs != { };
          message = "${node.name}: the monitor and the control plane live on a hub.";
        }
      ];
    }
    (lib.mkIf (opened != [ ]) {
      networking.firewall.interfaces = lib.mapAttrs (_: _: { allowedTCPPorts = opened; }) hubs;
    })
    (lib.mkIf hub.kuma.enable {
      services.uptime-kuma = {
        enable = true;
        settings = {
          HOST = address;
          PORT = toString hub.kuma.port;
        };
      };
    })
    (lib.mkIf hasHq {
      systemd.services.clavitor-hq = {
        description = "Clavitor control plane";
        wantedBy = [ "multi-user.target" ];
        after = map (name: "wireguard-${name}.service") (lib.attrNames hubs);
        environment.HQ_BIND = "${address}:${toString hub.hq.port}";
        serviceConfig = {
          ExecStart = "${hub.hq.package}/${hub.hq.command}";
          Restart = "on-failure";
          DynamicUser = true;
          StateDirectory = "clavitor-hq";
          StateDirectoryMode = "0700";
          UMask = "0077";
          NoNewPrivileges = true;
          CapabilityBoundingSet = "";
          ProtectSystem = "strict";
          ProtectHome = true;
          PrivateDevices = true;
          RestrictAddressFamilies = "AF_INET AF_INET6 AF_UNIX";
          SystemCallArchitectures = "native";
          SystemCallFilter = [
            "@system-service"
            "~@privileged @resources"
          ];
          LimitCORE = 0;
        };
      };
    })
  ];
}
