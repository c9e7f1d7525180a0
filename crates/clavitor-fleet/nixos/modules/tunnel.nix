# The management networks. Spokes know the hub and the operators, and no other spoke.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (config.clavitor.node) tunnels;
  # Units of peers are named by their keys, so that a key that is being changed may stand beside the old one.
  peer = peer: {
    inherit (peer)
      publicKey
      allowedIPs
      endpoint
      persistentKeepalive
      presharedKeyFile
      ;
  };
  interface = tunnel: {
    ips = [ "${tunnel.address}/${toString tunnel.prefix}" ];
    inherit (tunnel) privateKeyFile listenPort;
    generatePrivateKeyFile = false;
    allowedIPsAsRoutes = true;
    peers = map peer tunnel.peers;
  };
  presharedKeyFiles = lib.concatMap (tunnel: map (peer: peer.presharedKeyFile) tunnel.peers) (
    lib.attrValues tunnels
  );
in
{
  # Peers are units of their own, so that a node added to a hub touches no other node's tunnel.
  networking.wireguard = {
    enable = true;
    useNetworkd = false;
    interfaces = lib.mapAttrs (_: interface) tunnels;
  };
  # A pair that has no key yet has a file of zeros, which means none. It must be there before the peer's unit starts.
  system.activationScripts.clavitor-preshared-keys = "${pkgs.runtimeShell} ${./scripts/preshared.sh} ${lib.escapeShellArgs presharedKeyFiles}";
  boot.kernelModules = [ "wireguard" ];
}
