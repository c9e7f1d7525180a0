# The system as a whole: users, files, Nix itself.
t: {
  "nixos/modules/misc/assertions.nix" = {
    looked = [ "25.11" "25.11" ];
    options."assertions" = t.listOf t.raw;
  };
  "nixos/modules/misc/documentation.nix" = {
    looked = [ "25.11" "26.11" ];
    options = {
      "documentation.enable" = t.bool;
      "documentation.doc.enable" = t.bool;
      "documentation.info.enable" = t.bool;
      "documentation.man.enable" = t.bool;
      "documentation.nixos.enable" = t.bool;
    };
  };
  "nixos/modules/config/system-path.nix" = {
    looked = [ "25.11" "25.11" ];
    options = {
      "environment.defaultPackages" = t.listOf t.package;
      "environment.systemPackages" = t.listOf t.package;
    };
  };
  "nixos/modules/system/etc/etc.nix" = {
    looked = [ "25.11" "25.11" ];
    options = {
      "environment.etc.*.text" = t.nullOr t.lines;
      "environment.etc.*.mode" = t.str;
    };
  };
  "nixos/modules/config/fonts/fontconfig.nix" = {
    looked = [ "25.11" "25.11" ];
    options."fonts.fontconfig.enable" = t.bool;
  };
  "nixos/modules/config/xdg/icons.nix" = {
    looked = [ "24.05" "26.11" ];
    options."xdg.icons.enable" = t.bool;
  };
  "nixos/modules/config/xdg/mime.nix" = {
    looked = [ "25.11" "26.11" ];
    options."xdg.mime.enable" = t.bool;
  };
  "nixos/modules/config/xdg/sounds.nix" = {
    looked = [ "25.11" "26.11" ];
    options."xdg.sounds.enable" = t.bool;
  };
  "nixos/modules/config/locale.nix" = {
    looked = [ "25.11" "25.11" ];
    options."time.timeZone" = t.nullOr (t.strMatching "[^ ]*");
  };
  "nixos/modules/config/nix.nix" = {
    looked = [ "25.11" "26.11" ];
    options = {
      "nix.settings.allowed-users" = t.listOf t.str;
      "nix.settings.trusted-users" = t.listOf t.str;
      "nix.settings.substituters" = t.listOf t.str;
      "nix.settings.max-jobs" = t.oneOf [ t.int (t.enum [ "auto" ]) ];
      "nix.settings.sandbox" = t.oneOf [ t.bool (t.enum [ "relaxed" ]) ];
    };
  };
  "nixos/modules/services/system/nix-daemon.nix" = {
    looked = [ "25.11" "25.11" ];
    options = {
      "nix.enable" = t.bool;
      "nix.package" = t.given t.package "/store/nix";
    };
  };
  "nixos/modules/config/nix-channel.nix" = {
    looked = [ "25.11" "25.11" ];
    options."nix.channel.enable" = t.bool;
  };
  "nixos/modules/services/misc/nix-gc.nix" = {
    looked = [ "25.11" "25.11" ];
    options."nix.gc.automatic" = t.bool;
  };
  "nixos/modules/services/misc/nix-optimise.nix" = {
    looked = [ "24.05" "26.11" ];
    options."nix.optimise.automatic" = t.bool;
  };
  "nixos/modules/misc/nixpkgs.nix" = {
    looked = [ "25.11" "25.11" ];
    options."nixpkgs.hostPlatform" = t.oneOf [ t.str (t.attrsOf t.raw) ];
  };
  "nixos/modules/misc/nixpkgs-flake.nix" = {
    looked = [ "25.11" "25.11" ];
    options = {
      "nixpkgs.flake.setFlakeRegistry" = t.bool;
      "nixpkgs.flake.setNixPath" = t.bool;
    };
  };
  "nixos/modules/security/sudo.nix" = {
    looked = [ "25.11" "25.11" ];
    options."security.sudo.enable" = t.bool;
  };
  "nixos/modules/system/activation/activation-script.nix" = {
    looked = [ "25.11" "25.11" ];
    options."system.activationScripts.*" = t.str;
  };
  "nixos/modules/system/build.nix" = {
    looked = [ "25.11" "25.11" ];
    options."system.build.*" = t.raw;
  };
  "nixos/modules/misc/version.nix" = {
    looked = [ "25.11" "25.11" ];
    options."system.stateVersion" = t.strMatching "[0-9]{2}[.](05|11)";
  };
  "nixos/modules/system/activation/switchable-system.nix" = {
    looked = [ "25.11" "25.11" ];
    options."system.switch.enableNg" = t.gone "nothing, from 25.11";
  };
  "nixos/modules/config/users-groups.nix" = {
    looked = [ "25.11" "25.11" ];
    options = {
      "users.mutableUsers" = t.bool;
      "users.allowNoPasswordLogin" = t.bool;
      "users.users.*.hashedPassword" = t.nullOr t.passwdField;
    };
  };
}
