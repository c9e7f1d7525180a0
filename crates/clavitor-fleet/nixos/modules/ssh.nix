# The operators' way in: keys only, root only, over the tunnels only.
{ config, lib, ... }:
let
  inherit (config.clavitor.node) tunnels;
  units = map (name: "wireguard-${name}.service") (lib.attrNames tunnels);
in
{
  services.openssh = {
    enable = true;
    openFirewall = false;
    startWhenNeeded = false;
    allowSFTP = true;
    ports = [ 22 ];
    listenAddresses = lib.mapAttrsToList (_: tunnel: {
      addr = tunnel.address;
      port = 22;
    }) tunnels;
    hostKeys = [
      {
        type = "ed25519";
        path = "/etc/ssh/ssh_host_ed25519_key";
      }
    ];
    authorizedKeysInHomedir = false;
    settings = {
      PasswordAuthentication = false;
      KbdInteractiveAuthentication = false;
      PermitRootLogin = "prohibit-password";
      AllowUsers = [ "root" ];
      AuthenticationMethods = "publickey";
      X11Forwarding = false;
      AllowAgentForwarding = false;
      AllowTcpForwarding = "no";
      LogLevel = "VERBOSE";
    };
  };

  # The addresses exist once the tunnels are up. If one of them comes late, the daemon still listens on it.
  systemd.services.sshd = {
    after = units ++ [ "clavitor-identity.service" ];
    wants = units ++ [ "clavitor-identity.service" ];
  };
  boot.kernel.sysctl."net.ipv4.ip_nonlocal_bind" = 1;

  users.mutableUsers = false;
  # Nobody logs in with a password, on purpose: the tool warns about a fleet without an operator's key, and prepares no first boot for it.
  users.allowNoPasswordLogin = true;
  users.users.root = {
    # No password fits, and none can be set; the account is not locked, so that keys work without PAM too.
    hashedPassword = "*";
    openssh.authorizedKeys.keys = config.clavitor.operatorKeys;
  };
  security.sudo.enable = false;
}
