# Addresses, tunnels, the firewall.
t:
let
  ports = prefix: {
    "${prefix}.allowedTCPPorts" = t.listOf t.port;
    "${prefix}.allowedUDPPorts" = t.listOf t.port;
    "${prefix}.allowedTCPPortRanges" = t.listOf (t.attrsOf t.port);
    "${prefix}.allowedUDPPortRanges" = t.listOf (t.attrsOf t.port);
  };
in
{
  "nixos/modules/services/networking/firewall.nix" = {
    looked = [ "25.11" "26.11" ];
    options =
      ports "networking.firewall"
      // {
        "networking.firewall.interfaces.*.allowedTCPPorts" = t.listOf t.port;
      }
      // {
        "networking.firewall.enable" = t.bool;
        "networking.firewall.allowPing" = t.bool;
        "networking.firewall.trustedInterfaces" = t.listOf t.str;
        "networking.firewall.checkReversePath" = t.oneOf [ t.bool (t.enum [ "strict" "loose" ]) ];
        "networking.firewall.logRefusedConnections" = t.bool;
        "networking.firewall.filterForward" = t.bool;
      };
  };
  "nixos/modules/services/networking/firewall-nftables.nix" = {
    looked = [ "25.11" "25.11" ];
    options = {
      "networking.firewall.extraInputRules" = t.lines;
      "networking.firewall.extraForwardRules" = t.lines;
    };
  };
  "nixos/modules/services/networking/firewall-iptables.nix" = {
    looked = [ "25.11" "25.11" ];
    options."networking.firewall.extraCommands" = t.gone "with nftables an assertion wants it empty";
  };
  "nixos/modules/services/networking/nftables.nix" = {
    looked = [ "25.11" "25.11" ];
    options."networking.nftables.enable" = t.bool;
  };
  "nixos/modules/tasks/network-interfaces.nix" = {
    looked = [ "25.11" "26.11" ];
    options = {
      "networking.hostName" = t.strMatching "[[:alnum:]]([[:alnum:]-]{0,61}[[:alnum:]])?";
      "networking.useDHCP" = t.bool;
      "networking.useNetworkd" = t.bool;
    };
  };
  "nixos/modules/services/networking/wireguard.nix" = {
    looked = [ "25.11" "26.11" ];
    options = {
      "networking.wireguard.enable" = t.bool;
      "networking.wireguard.interfaces.*.ips" = t.listOf t.str;
      "networking.wireguard.interfaces.*.privateKeyFile" = t.nullOr t.str;
      "networking.wireguard.interfaces.*.listenPort" = t.nullOr t.int;
      "networking.wireguard.interfaces.*.generatePrivateKeyFile" = t.bool;
      "networking.wireguard.interfaces.*.allowedIPsAsRoutes" = t.bool;
      "networking.wireguard.interfaces.*.peers" = t.listOf (
        t.fields {
          publicKey = t.line;
          allowedIPs = t.listOf t.str;
          endpoint = t.nullOr t.str;
          persistentKeepalive = t.nullOr t.int;
          presharedKeyFile = t.nullOr t.str;
        }
      );
    };
  };
  "nixos/modules/services/networking/wireguard-networkd.nix" = {
    looked = [ "25.11" "25.11" ];
    options."networking.wireguard.useNetworkd" = t.bool;
  };
}
