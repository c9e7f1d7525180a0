# What the flake gives: for each node its system, and the system of its first boot, from which images and installers are made.
{ nixpkgs }:
let
  inherit (nixpkgs) lib;
  names = import ./nodes;
  system = modules: lib.nixosSystem { inherit modules; };
  node = name: system [ ./nodes/${name}.nix ];
  firstBoot =
    name:
    system [
      ./nodes/${name}.nix
      { clavitor.firstBoot.enable = true; }
    ];
  both = lib.concatMap (name: [
    (lib.nameValuePair name (node name))
    (lib.nameValuePair "${name}-first-boot" (firstBoot name))
  ]) names;
in
{
  nixosConfigurations = lib.listToAttrs both;
  nixosModules.clavitor = ./modules/clavitor.nix;
}
