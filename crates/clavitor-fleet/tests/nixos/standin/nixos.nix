# What NixOS's own modules define of the options that we set too, with their priorities: a plain definition of ours beside a plain one of
# theirs would clash on a real machine, so it does here. Where a file has no definition of ours, it is not here.
{ lib }:
{
  # system/boot/kernel.nix
  boot.kernelModules = [
    "loop"
    "atkbd"
  ];
  boot.kernelParams = [ "loglevel=4" ];
  boot.kernel.sysctl = {
    # config/sysctl.nix
    "kernel.kptr_restrict" = lib.mkDefault 1;
    "fs.protected_fifos" = lib.mkDefault 2;
    "fs.protected_regular" = lib.mkDefault 2;
    # system/boot/systemd/coredump.nix, once core dumps are off
    "kernel.core_pattern" = lib.mkDefault "core";
    # tasks/network-interfaces.nix
    "net.ipv4.conf.all.forwarding" = lib.mkDefault false;
  };

  # services/networking/firewall.nix
  networking.firewall.trustedInterfaces = [ "lo" ];
  # system/boot/networkd.nix
  services.resolved.enable = lib.mkDefault true;

  # config/nix.nix
  nix.settings = {
    trusted-users = [ "root" ];
    substituters = [ "https://cache.nixos.org/" ];
  };

  # services/networking/ssh/sshd.nix
  systemd.services.sshd = {
    description = "SSH Daemon";
    wantedBy = [ "multi-user.target" ];
    wants = [ "sshd-keygen.service" ];
    after = [
      "network.target"
      "sshd-keygen.service"
    ];
    stopIfChanged = false;
    serviceConfig = {
      Type = "notify-reload";
      Restart = "always";
      KillMode = "process";
    };
  };

  # services/networking/wireguard.nix
  systemd.services.wireguard-wg0 = {
    description = "WireGuard Tunnel - wg0";
    after = [ "network-pre.target" ];
    wants = [ "network.target" ];
    before = [ "network.target" ];
    environment.DEVICE = "wg0";
    serviceConfig = {
      Type = "oneshot";
      RemainAfterExit = true;
    };
  };

  # services/monitoring/uptime-kuma.nix
  services.uptime-kuma.settings = {
    DATA_DIR = "/var/lib/uptime-kuma/";
    NODE_ENV = lib.mkDefault "production";
    HOST = lib.mkDefault "127.0.0.1";
    PORT = lib.mkDefault "3001";
  };
}
