# The world sees ports 80 and 443, and on a hub the tunnel's port. Port 22 is open on the tunnels only.
{ config, lib, ... }:
let
  inherit (config.clavitor.node) tunnels firewall;
  hubs = lib.filterAttrs (_: tunnel: tunnel.role == "hub") tunnels;
  spokes = lib.filterAttrs (_: tunnel: tunnel.role == "spoke") tunnels;
  forwards = if hubs == { } then 0 else 1;
  lines = lib.concatMapStrings (rule: "${rule}\n");
in
{
  networking.nftables.enable = true;
  networking.firewall = {
    enable = true;
    allowPing = true;
    allowedTCPPorts = [
      80
      443
    ];
    allowedUDPPorts = lib.mapAttrsToList (_: tunnel: tunnel.listenPort) hubs;
    allowedTCPPortRanges = [ ];
    allowedUDPPortRanges = [ ];
    trustedInterfaces = [ ];
    checkReversePath = "strict";
    logRefusedConnections = false;
    # Nothing is carried from one interface to another, except on a hub what the rules below name.
    filterForward = true;
    # On a spoke's tunnel there are its hub and the operators. On a hub's there are all spokes, and the rules let only operators in.
    interfaces = lib.mapAttrs (_: _: { allowedTCPPorts = [ 22 ]; }) spokes;
    # Among them: the hub's packets, also when a reload has made connection tracking forget the running tunnel.
    extraInputRules = lines firewall.input;
    extraForwardRules = lines firewall.forward;
  };

  boot.kernel.sysctl = {
    "net.ipv4.ip_forward" = forwards;
    "net.ipv4.conf.all.forwarding" = forwards;
    "net.ipv6.conf.all.forwarding" = 0;
    "net.ipv4.conf.all.accept_redirects" = 0;
    "net.ipv4.conf.all.send_redirects" = 0;
    "net.ipv6.conf.all.accept_redirects" = 0;
  };
}
