# What all nodes share. Each thing that matters for safety is said here, also where NixOS would do the same by itself.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (config.clavitor) node;
  fleet = import ../fleet.nix;
in
{
  imports = [
    ./options.nix
    ./clavitor.nix
    ./tunnel.nix
    ./firewall.nix
    ./ssh.nix
    ./kernel.nix
    ./machine.nix
    ./generations.nix
    ./identity.nix
    ./first-boot.nix
    ./break-glass.nix
    ./hub.nix
  ];

  clavitor.operatorKeys = fleet.operatorKeys;

  # The first boot serves the enrolment record on port 80 and no vault.
  services.clavitor = {
    enable = !config.clavitor.firstBoot.enable;
    package = import ./package.nix {
      inherit pkgs;
      release = import ../release.nix;
    };
    inherit (node) domain memoryMax;
    settings = fleet.settings // node.settings;
  };

  networking.hostName = node.name;
  time.timeZone = "UTC";
  nixpkgs.hostPlatform = lib.mkDefault "x86_64-linux";
  system.stateVersion = "25.05";
}
