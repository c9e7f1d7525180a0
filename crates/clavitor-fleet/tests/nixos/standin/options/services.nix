# Services and programs that come with NixOS.
t:
let
  # A value of a settings file: never a list.
  atom = t.nullOr (t.oneOf [ t.bool t.int t.str ]);
in
{
  "nixos/modules/services/networking/ssh/sshd.nix" = {
    looked = [ "25.11" "26.11" ];
    options = {
      "services.openssh.enable" = t.bool;
      "services.openssh.openFirewall" = t.bool;
      "services.openssh.startWhenNeeded" = t.bool;
      "services.openssh.allowSFTP" = t.bool;
      "services.openssh.ports" = t.listOf t.port;
      "services.openssh.listenAddresses" = t.listOf (
        t.fields {
          addr = t.nullOr t.str;
          port = t.nullOr t.port;
        }
      );
      "services.openssh.hostKeys" = t.listOf (t.attrsOf t.raw);
      "services.openssh.authorizedKeysInHomedir" = t.bool;
      "services.openssh.settings.PasswordAuthentication" = t.nullOr t.bool;
      "services.openssh.settings.KbdInteractiveAuthentication" = t.nullOr t.bool;
      "services.openssh.settings.PermitRootLogin" = t.nullOr (
        t.enum [ "yes" "without-password" "prohibit-password" "forced-commands-only" "no" ]
      );
      "services.openssh.settings.AllowUsers" = t.nullOr (t.listOf t.str);
      "services.openssh.settings.X11Forwarding" = t.nullOr t.bool;
      "services.openssh.settings.LogLevel" = t.nullOr (
        t.enum [ "QUIET" "FATAL" "ERROR" "INFO" "VERBOSE" "DEBUG" "DEBUG1" "DEBUG2" "DEBUG3" ]
      );
      # Words of sshd_config that have no option of their own.
      "services.openssh.settings.AuthenticationMethods" = atom;
      "services.openssh.settings.AllowAgentForwarding" = atom;
      "services.openssh.settings.AllowTcpForwarding" = atom;
      "services.openssh.passwordAuthentication" = t.gone "services.openssh.settings.PasswordAuthentication";
      "services.openssh.kbdInteractiveAuthentication" = t.gone "services.openssh.settings.KbdInteractiveAuthentication";
      "services.openssh.permitRootLogin" = t.gone "services.openssh.settings.PermitRootLogin";
      "users.users.*.openssh.authorizedKeys.keys" = t.listOf t.line;
    };
  };
  "nixos/modules/services/monitoring/uptime-kuma.nix" = {
    looked = [ "24.05" "26.11" ];
    options = {
      "services.uptime-kuma.enable" = t.bool;
      "services.uptime-kuma.settings.*" = t.str;
    };
  };
  "nixos/modules/services/system/dbus.nix" = {
    looked = [ "24.05" "26.05" ];
    options."services.dbus.implementation" = t.enum [ "dbus" "broker" ];
  };
  "nixos/modules/system/boot/resolved.nix" = {
    looked = [ "25.11" "25.11" ];
    options."services.resolved.enable" = t.bool;
  };
  "nixos/modules/system/boot/timesyncd.nix" = {
    looked = [ "25.11" "26.11" ];
    options = {
      "services.timesyncd.enable" = t.bool;
      "services.timesyncd.extraConfig" = t.gone "services.timesyncd.settings.Time, from 26.11";
    };
  };
  "nixos/modules/services/hardware/udisks2.nix" = {
    looked = [ "25.11" "25.11" ];
    options."services.udisks2.enable" = t.bool;
  };
  "nixos/modules/programs/nano.nix" = {
    looked = [ "25.11" "26.11" ];
    options."programs.nano.enable" = t.bool;
  };
  "nixos/modules/programs/command-not-found/command-not-found.nix" = {
    looked = [ "24.05" "26.11" ];
    options."programs.command-not-found.enable" = t.bool;
  };
}
