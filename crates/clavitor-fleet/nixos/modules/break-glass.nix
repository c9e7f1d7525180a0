# A way in for the day on which both hubs are gone. Off unless the inventory says until when, for whom and why; it ends by itself,
# four times over: the key expires, the firewall's rule expires, the daemon does not start any more, and a timer ends its sessions.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.clavitor.breakGlass;
  port = toString cfg.port;
  family = if lib.hasInfix ":" cfg.from then "ip6" else "ip";
  sshdConfig = pkgs.writeText "break-glass-sshd-config" ''
    Port ${port}
    HostKey /etc/ssh/ssh_host_ed25519_key
    PidFile none
    AuthorizedKeysFile /etc/ssh/clavitor-break-glass
    AuthenticationMethods publickey
    PubkeyAcceptedAlgorithms sk-ssh-ed25519@openssh.com,sk-ecdsa-sha2-nistp256@openssh.com
    PubkeyAuthOptions touch-required
    PasswordAuthentication no
    KbdInteractiveAuthentication no
    PermitRootLogin prohibit-password
    AllowUsers root
    UsePAM no
    DisableForwarding yes
    PermitTunnel no
    PermitUserEnvironment no
    MaxAuthTries 2
    MaxSessions 2
    MaxStartups 2:50:4
    LoginGraceTime 20
    LogLevel VERBOSE
  '';
  isOpen = pkgs.writeShellScript "break-glass-is-open" ''
    [ "$(${pkgs.coreutils}/bin/date +%s)" -lt ${toString cfg.untilUnix} ]
  '';
in
{
  options.clavitor.breakGlass = {
    enable = lib.mkOption {
      type = lib.types.bool;
      default = false;
      description = "Whether the second SSH daemon is there at all.";
    };
    operator = lib.mkOption {
      type = lib.types.str;
      description = "Whose key it is.";
    };
    key = lib.mkOption {
      type = lib.types.strMatching "sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh[.]com [A-Za-z0-9+/=]+.*";
      description = "A key that lives in hardware and wants a touch.";
    };
    from = lib.mkOption {
      type = lib.types.str;
      description = "The only address that is let in.";
      example = "203.0.113.7";
    };
    until = lib.mkOption {
      type = lib.types.str;
      description = "When it ends, in UTC, as the firewall and timers read it.";
      example = "2026-11-23 10:00:00";
    };
    untilKey = lib.mkOption {
      type = lib.types.str;
      description = "The same moment, as authorized_keys reads it.";
      example = "20261123100000Z";
    };
    untilUnix = lib.mkOption {
      type = lib.types.int;
      description = "The same moment, in Unix seconds.";
    };
    reason = lib.mkOption {
      type = lib.types.str;
      description = "Why it was opened.";
    };
    port = lib.mkOption {
      type = lib.types.port;
      default = 2222;
      description = "The port, open to one address.";
    };
  };

  config = lib.mkIf cfg.enable {
    networking.firewall.extraInputRules = ''
      ${family} saddr ${cfg.from} tcp dport ${port} meta time < "${cfg.until}" accept
    '';

    environment.etc."ssh/clavitor-break-glass" = {
      mode = "0444";
      text = ''
        from="${cfg.from}",expiry-time="${cfg.untilKey}",restrict,pty ${cfg.key}
      '';
    };

    systemd.services.clavitor-break-glass = {
      description = "Break-glass access for ${cfg.operator}";
      wantedBy = [ "multi-user.target" ];
      wants = [ "clavitor-identity.service" ];
      after = [
        "network.target"
        "time-sync.target"
        "clavitor-identity.service"
      ];
      serviceConfig = {
        ExecCondition = isOpen;
        ExecStart = "${pkgs.openssh}/bin/sshd -D -e -f ${sshdConfig}";
        # Sessions stay in the unit, because PAM is off: its end is theirs.
        KillMode = "control-group";
        Restart = "on-failure";
        LimitCORE = 0;
      };
    };
    systemd.services.clavitor-break-glass-end = {
      description = "End of break-glass access";
      path = [ config.systemd.package ];
      serviceConfig.Type = "oneshot";
      script = "systemctl stop clavitor-break-glass.service";
    };
    systemd.timers.clavitor-break-glass-end = {
      description = "End of break-glass access";
      wantedBy = [ "timers.target" ];
      timerConfig = {
        OnCalendar = "${cfg.until} UTC";
        AccuracySec = "1s";
        Persistent = true;
      };
    };
  };
}
