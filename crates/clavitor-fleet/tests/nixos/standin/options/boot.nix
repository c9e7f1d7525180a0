# From the boot loader to the mounted disk, and what the kernel is told.
t: {
  "nixos/modules/system/boot/grow-partition.nix" = {
    looked = [ "24.05" "26.11" ];
    # Until 24.11 this was no friend of systemd in the first stage. Since then it is a unit of the second.
    options."boot.growPartition" = t.bool;
  };
  "nixos/modules/system/boot/systemd/initrd.nix" = {
    looked = [ "24.05" "25.11" ];
    # On by default from 26.05; the other first stage is to go in 26.11, and this option may go with it.
    options."boot.initrd.systemd.enable" = t.until "26.05" t.bool;
  };
  "nixos/modules/system/boot/kernel.nix" = {
    looked = [ "25.11" "26.11" ];
    options = {
      "boot.kernelModules" = t.oneOf [ (t.listOf t.str) (t.attrsOf t.bool) ];
      "boot.kernelParams" = t.listOf (t.strMatching "([^\"[:space:]]|\"[^\"]*\")+");
      "boot.vesa" = t.gone "a kernel parameter";
    };
  };
  "nixos/modules/config/sysctl.nix" = {
    looked = [ "24.05" "25.11" ];
    options."boot.kernel.sysctl.*" = t.sysctl;
  };
  "nixos/modules/system/boot/loader/loader.nix" = {
    looked = [ "25.11" "25.11" ];
    options."boot.loader.timeout" = t.nullOr t.int;
  };
  "nixos/modules/system/boot/loader/grub/grub.nix" = {
    looked = [ "25.11" "26.11" ];
    options = {
      "boot.loader.grub.enable" = t.bool;
      "boot.loader.grub.device" = t.str;
      "boot.loader.grub.configurationLimit" = t.int;
    };
  };
  "nixos/modules/tasks/filesystems.nix" = {
    looked = [ "24.05" "25.11" ];
    options = {
      "fileSystems.*.device" = t.nullOr t.str;
      "fileSystems.*.fsType" = t.str;
      "fileSystems.*.autoResize" = t.bool;
    };
  };
  "nixos/modules/config/swap.nix" = {
    looked = [ "25.11" "25.11" ];
    options."swapDevices" = t.listOf (t.fields { });
  };
  "nixos/modules/config/zram.nix" = {
    looked = [ "24.05" "26.11" ];
    options = {
      "zramSwap.enable" = t.bool;
      "zramSwap.algorithm" = t.str;
      "zramSwap.memoryPercent" = t.positive;
    };
  };
}
