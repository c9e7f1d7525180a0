# A small machine: boots from one disk, keeps time, writes little, carries nothing that nobody uses.
{
  config,
  lib,
  modulesPath,
  pkgs,
  ...
}:
{
  imports = [ (modulesPath + "/profiles/qemu-guest.nix") ];

  boot.loader.grub = {
    enable = true;
    device = config.clavitor.node.disk;
    configurationLimit = 2;
  };
  boot.loader.timeout = 2;
  # What 26.05 does by itself. Later releases know no other first stage, and may not know the option.
  boot.initrd.systemd = lib.optionalAttrs (lib.versionOlder lib.trivial.release "26.11") {
    enable = true;
  };
  # A unit of the second stage; the file system follows by autoResize.
  boot.growPartition = true;
  boot.kernelParams = [
    "console=ttyS0,115200"
    "console=tty0"
  ];
  fileSystems."/" = {
    device = "/dev/disk/by-label/nixos";
    fsType = "ext4";
    autoResize = true;
  };
  swapDevices = [ ];
  zramSwap = {
    enable = true;
    algorithm = "zstd";
    memoryPercent = 50;
  };

  networking.useNetworkd = true;
  networking.useDHCP = false;
  systemd.network.networks."10-public" = {
    matchConfig = {
      Type = "ether";
      Kind = "!*";
    };
    networkConfig.DHCP = "yes";
    linkConfig.RequiredForOnline = "routable";
  };

  # Certificates, one-time codes and replication need the right time.
  services.timesyncd.enable = true;
  services.resolved.enable = true;
  # What 26.05 does by itself. A running machine refuses to change it, so one that began with an older release says it too.
  services.dbus.implementation = "broker";
  environment.etc = {
    # Drop-ins, because the names of these options differ between releases.
    "systemd/journald.conf.d/10-clavitor.conf".text = ''
      [Journal]
      SystemMaxUse=100M
      RuntimeMaxUse=32M
      MaxRetentionSec=30day
    '';
    "systemd/resolved.conf.d/10-clavitor.conf".text = ''
      [Resolve]
      LLMNR=no
      MulticastDNS=no
    '';
  };

  nix = {
    enable = true;
    channel.enable = false;
    # By count, not by age: see generations.nix.
    gc.automatic = false;
    optimise.automatic = false;
    settings = {
      allowed-users = [ "root" ];
      trusted-users = [ "root" ];
      # Nothing is built or fetched on a node; closures are copied to it.
      substituters = lib.mkForce [ ];
      max-jobs = 0;
      sandbox = true;
    };
  };

  # A flake would put the source of nixpkgs into the closure, and nobody evaluates here.
  nixpkgs.flake = {
    setFlakeRegistry = false;
    setNixPath = false;
  };

  documentation = {
    enable = false;
    doc.enable = false;
    info.enable = false;
    man.enable = false;
    nixos.enable = false;
  };
  environment.defaultPackages = lib.mkForce [ ];
  programs.nano.enable = false;
  programs.command-not-found.enable = false;
  xdg.icons.enable = false;
  xdg.mime.enable = false;
  xdg.sounds.enable = false;
  fonts.fontconfig.enable = false;
  services.udisks2.enable = false;

  # For nixos-anywhere, instead of a layout of disko's: there is one partition.
  system.build.nodePartition = pkgs.writeShellScript "partition" ''
    set -eu
    export DISK=${lib.escapeShellArg config.clavitor.node.disk}
    export PATH=${
      lib.makeBinPath [
        pkgs.coreutils
        pkgs.e2fsprogs
        pkgs.parted
        pkgs.systemd
        pkgs.util-linux
      ]
    }
    ${builtins.readFile ./scripts/partition.sh}
  '';

  # Written from a rescue system: see bootstrap/image.sh.
  system.build.nodeImage = import (modulesPath + "/../lib/make-disk-image.nix") {
    inherit config lib pkgs;
    name = "${config.clavitor.node.name}-image";
    format = "raw";
    partitionTableType = "legacy";
    label = "nixos";
    diskSize = "auto";
    additionalSpace = "512M";
    copyChannel = false;
  };
}
