# Units, and what systemd itself is told.
t:
let
  named = prefix: {
    "${prefix}.description" = t.line;
    "${prefix}.wantedBy" = t.listOf t.unitName;
  };
in
{
  "nixos/lib/systemd-unit-options.nix" = {
    looked = [ "24.05" "25.11" ];
    options =
      named "systemd.services.*"
      // named "systemd.sockets.*"
      // named "systemd.timers.*"
      // named "systemd.paths.*"
      // {
        "systemd.services.*.documentation" = t.listOf t.str;
        "systemd.services.*.requiredBy" = t.listOf t.unitName;
        "systemd.services.*.requires" = t.listOf t.unitName;
        "systemd.services.*.wants" = t.listOf t.unitName;
        "systemd.services.*.after" = t.listOf t.unitName;
        "systemd.services.*.before" = t.listOf t.unitName;
        "systemd.services.*.unitConfig.*" = t.directive;
        "systemd.services.*.startLimitIntervalSec" = t.int;
        "systemd.services.*.startLimitBurst" = t.int;
        "systemd.services.*.environment.*" = t.nullOr (t.oneOf [ t.str t.path t.package ]);
        "systemd.services.*.path" = t.listOf (t.oneOf [ t.package t.str ]);
        "systemd.services.*.script" = t.lines;
        "systemd.services.*.stopIfChanged" = t.bool;
        "systemd.services.*.serviceConfig.*" = t.directive;
        "systemd.services.*.serviceConfig.StartLimitInterval" = t.gone "startLimitIntervalSec; in serviceConfig it is a warning";
        "systemd.sockets.*.socketConfig.*" = t.directive;
        "systemd.timers.*.timerConfig.*" = t.directive;
        "systemd.paths.*.pathConfig.*" = t.directive;
      };
  };
  "nixos/modules/system/boot/networkd.nix" = {
    looked = [ "24.05" "25.11" ];
    options = {
      "systemd.network.networks.*.matchConfig.*" = t.directive;
      "systemd.network.networks.*.networkConfig.DHCP" = t.oneOf [ t.bool (t.enum [ "yes" "no" "ipv4" "ipv6" ]) ];
      "systemd.network.networks.*.linkConfig.RequiredForOnline" = t.oneOf [
        t.bool
        (t.enum [ "yes" "no" "missing" "off" "no-carrier" "dormant" "degraded-carrier" "carrier" "degraded" "enslaved" "routable" ])
      ];
    };
  };
  "nixos/modules/system/boot/systemd.nix" = {
    looked = [ "25.11" "26.11" ];
    options."systemd.package" = t.given t.package "/store/systemd";
  };
  "nixos/modules/system/boot/systemd/coredump.nix" = {
    looked = [ "24.11" "25.11" ];
    options = {
      "systemd.coredump.enable" = t.bool;
      "systemd.coredump.extraConfig" = t.gone "systemd.coredump.settings.Coredump";
    };
  };
  "nixos/modules/system/boot/systemd/tmpfiles.nix" = {
    looked = [ "25.11" "26.11" ];
    options."systemd.tmpfiles.rules" = t.listOf t.str;
  };
}
