# The arguments that nixpkgs' own takes and we give: any other one fails, as it would there. It writes `nixos.img` for the format raw.
{
  pkgs,
  lib,
  config,
  name,
  format,
  partitionTableType,
  label,
  diskSize,
  additionalSpace,
  copyChannel,
}:
assert builtins.elem format [ "raw" "qcow2" "qcow2-compressed" "vdi" "vpc" ];
assert builtins.elem partitionTableType [ "legacy" "legacy+boot" "legacy+gpt" "efi" "efixbootldr" "hybrid" "none" ];
assert config.fileSystems."/".fsType == "ext4" && config.fileSystems."/".device == "/dev/disk/by-label/${label}";
assert diskSize == "auto" && builtins.match "[0-9]+M" additionalSpace != null && builtins.isBool copyChannel;
assert lib ? types && pkgs ? coreutils;
pkgs.writeText name format
