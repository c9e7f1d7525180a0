{
  description = "Every node of the fleet, from one inventory";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";

  outputs = { nixpkgs, ... }: import ./outputs.nix { inherit nixpkgs; };
}
