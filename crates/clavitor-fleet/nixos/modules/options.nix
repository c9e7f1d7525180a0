# What the generated file of a node says. Data only: every decision stands in the other modules.
{ lib, ... }:
let
  inherit (lib) mkOption types;
  peer = types.submodule {
    options = {
      name = mkOption {
        type = types.str;
        description = "Who is at the other end: a node or an operator.";
      };
      publicKey = mkOption {
        type = types.str;
        description = "WireGuard public key of the other end.";
      };
      allowedIPs = mkOption {
        type = types.listOf types.str;
        description = "Addresses that may come from there, and are routed there. Never a whole subnet of nodes.";
      };
      endpoint = mkOption {
        type = types.nullOr types.str;
        default = null;
        description = "Literal address and port; null where the other end calls.";
      };
      persistentKeepalive = mkOption {
        type = types.nullOr types.int;
        default = null;
        description = "Seconds between packets that keep the path open.";
      };
      presharedKeyFile = mkOption {
        type = types.str;
        description = "Key that only this pair knows, a file on the node; all zeros until there is one.";
      };
    };
  };
  tunnel = types.submodule {
    options = {
      network = mkOption {
        type = types.str;
        description = "The network's short name.";
      };
      role = mkOption {
        type = types.enum [
          "hub"
          "spoke"
        ];
        description = "A hub listens and carries operators to nodes; a spoke calls.";
      };
      address = mkOption {
        type = types.str;
        description = "The node's address in this network, without prefix.";
      };
      prefix = mkOption {
        type = types.int;
        description = "Bits of the network's prefix.";
      };
      listenPort = mkOption {
        type = types.nullOr types.port;
        default = null;
        description = "UDP port that is open to the world; null on a spoke.";
      };
      privateKeyFile = mkOption {
        type = types.str;
        description = "The key that the node made for itself.";
      };
      peers = mkOption {
        type = types.listOf peer;
        default = [ ];
        description = "The other ends.";
      };
    };
  };
in
{
  options.clavitor.node = {
    name = mkOption {
      type = types.str;
      description = "The node's name in the inventory.";
    };
    domain = mkOption {
      type = types.str;
      description = "The name under which it serves the world.";
    };
    role = mkOption {
      type = types.enum [
        "pop"
        "hub"
      ];
      description = "A hub also carries a management network.";
    };
    memoryMax = mkOption {
      type = types.str;
      description = "Memory limit of the product on this machine.";
    };
    disk = mkOption {
      type = types.str;
      default = "/dev/vda";
      description = "The disk that the machine boots from.";
    };
    settings = mkOption {
      type = types.attrsOf types.str;
      default = { };
      description = "Settings of the product that only this node has.";
    };
    tunnels = mkOption {
      type = types.attrsOf tunnel;
      description = "The management networks, by interface.";
    };
  };

  options.clavitor.node.firewall = {
    input = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "nftables rules for what may come in besides ports 80 and 443.";
    };
    forward = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "nftables rules for what may pass through. Empty but on a hub.";
    };
  };

  options.clavitor.operatorKeys = mkOption {
    type = types.listOf types.str;
    description = "Public SSH keys of the operators.";
  };

  options.clavitor.stateDirectory = mkOption {
    type = types.str;
    default = "/var/lib/fleet";
    description = "Where the node keeps its own keys.";
  };
}
