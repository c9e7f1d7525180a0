# The keys of a node are made on the node, once, before anything needs them. They never leave it.
{ config, pkgs, ... }:
let
  state = config.clavitor.stateDirectory;
  tunnels = map (name: "wireguard-${name}.service") (builtins.attrNames config.clavitor.node.tunnels);
in
{
  systemd.services.clavitor-identity = {
    description = "Keys of this node";
    wantedBy = [ "multi-user.target" ];
    before = [
      "sshd.service"
      "sshd-keygen.service"
    ]
    ++ tunnels;
    requiredBy = tunnels;
    # Any one of them missing is a reason; existing ones are left alone.
    unitConfig.ConditionPathExists = [
      "|!/etc/ssh/ssh_host_ed25519_key"
      "|!${state}/wireguard.key"
      "|!${state}/identity"
    ];
    path = [
      pkgs.coreutils
      pkgs.openssh
      pkgs.wireguard-tools
    ];
    environment = {
      NODE = config.clavitor.node.name;
      SSH = "/etc/ssh";
      STATE = state;
    };
    serviceConfig = {
      Type = "oneshot";
      RemainAfterExit = true;
      UMask = "0077";
    };
    script = builtins.readFile ./scripts/identity.sh;
  };
}
