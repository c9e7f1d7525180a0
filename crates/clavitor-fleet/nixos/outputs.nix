# What the flake gives: for each node its system, and the system of its first boot, from which images and installers are made.
{ nixpkgs }:
let
  inherit (nixpkgs) lib;
  names = import ./nodes;
  system = modules: lib.nixosSystem { inherit modules; };
  # What no inventory says: modules of the operator's own, for all nodes and for one.
  own =
    name:
    lib.filter builtins.pathExists [
      ./local/default.nix
      ./local/${name}.nix
    ];
  node = name: [ ./nodes/${name}.nix ] ++ own name;
  both = lib.concatMap (name: [
    (lib.nameValuePair name (system (node name)))
    (lib.nameValuePair "${name}-first-boot" (
      system (node name ++ [ { clavitor.firstBoot.enable = true; } ])
    ))
  ]) names;
in
{
  nixosConfigurations = lib.listToAttrs both;
  # A set, because `nix flake check` takes no path here.
  nixosModules.clavitor.imports = [ ./modules/clavitor.nix ];
}
