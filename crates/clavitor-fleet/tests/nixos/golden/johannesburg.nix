# Printed by clavitor-fleet from the inventory; changes made here are lost.
{
  clavitor = {
    breakGlass = {
      enable = true;
      from = "203.0.113.7";
      key = "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIMnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnJAAAABHNzaDo=";
      operator = "oncall";
      reason = "both hubs are \"gone\"";
      until = "2026-11-22 12:00:00";
      untilKey = "20261122120000Z";
      untilUnix = 1795348800;
    };
    node = {
      domain = "johannesburg.pop.clavitor.com";
      firewall = {
        forward = [ ];
        input = [
          "ip saddr 198.51.100.1 udp sport 51820 accept comment \"the hub goes on through a reload of these rules\""
          "iifname \"wg0\" ip saddr { 10.84.0.1, 10.84.0.240/28 } tcp dport 22 accept comment \"login through the tunnel\""
          "iifname \"wg0\" ip saddr { 10.84.0.1, 10.84.0.240/28 } icmp type echo-request accept comment \"is the tunnel there\""
          "ip saddr 203.0.113.3 udp sport 51820 accept comment \"the hub goes on through a reload of these rules\""
          "iifname \"wg1\" ip saddr { 10.84.1.3, 10.84.1.240/28 } tcp dport 22 accept comment \"login through the tunnel\""
          "iifname \"wg1\" ip saddr { 10.84.1.3, 10.84.1.240/28 } icmp type echo-request accept comment \"is the tunnel there\""
        ];
      };
      memoryMax = "320M";
      name = "johannesburg";
      role = "pop";
      tunnels = {
        wg0 = {
          address = "10.84.0.15";
          listenPort = null;
          network = "a";
          peers = [
            {
              allowedIPs = [
                "10.84.0.1/32"
                "10.84.0.240/28"
              ];
              endpoint = "198.51.100.1:51820";
              name = "zurich";
              persistentKeepalive = 25;
              presharedKeyFile = "/var/lib/fleet/psk-a";
              publicKey = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
            }
          ];
          prefix = 24;
          privateKeyFile = "/var/lib/fleet/wireguard.key";
          role = "spoke";
        };
        wg1 = {
          address = "10.84.1.15";
          listenPort = null;
          network = "b";
          peers = [
            {
              allowedIPs = [
                "10.84.1.3/32"
                "10.84.1.240/28"
              ];
              endpoint = "203.0.113.3:51820";
              name = "frankfurt";
              persistentKeepalive = 25;
              presharedKeyFile = "/var/lib/fleet/psk-b";
              publicKey = "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=";
            }
          ];
          prefix = 24;
          privateKeyFile = "/var/lib/fleet/wireguard.key";
          role = "spoke";
        };
      };
    };
  };
  imports = [ ../modules/node.nix ];
}
