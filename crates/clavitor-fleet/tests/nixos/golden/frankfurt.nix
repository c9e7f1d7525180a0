# Printed by clavitor-fleet from the inventory; changes made here are lost.
{
  clavitor = {
    hub = {
      hq = {
        enable = false;
      };
      kuma = {
        enable = false;
      };
    };
    node = {
      domain = "frankfurt.pop.clavitor.com";
      firewall = {
        forward = [
          "iifname \"wg1\" oifname \"wg1\" ip saddr 10.84.1.240/28 ip daddr { 10.84.1.1, 10.84.1.2, 10.84.1.4, 10.84.1.5, 10.84.1.6, 10.84.1.7, 10.84.1.8, 10.84.1.9, 10.84.1.10, 10.84.1.11, 10.84.1.12, 10.84.1.13, 10.84.1.14, 10.84.1.15, 10.84.1.16 } tcp dport 22 ct state new log prefix \"fleet-operator: \" accept comment \"operators log in to nodes\""
        ];
        input = [
          "ip saddr 198.51.100.1 udp sport 51820 accept comment \"the hub goes on through a reload of these rules\""
          "iifname \"wg0\" ip saddr { 10.84.0.1, 10.84.0.240/28 } tcp dport 22 accept comment \"login through the tunnel\""
          "iifname \"wg0\" ip saddr { 10.84.0.1, 10.84.0.240/28 } icmp type echo-request accept comment \"is the tunnel there\""
          "udp dport 51820 accept comment \"tunnels of the network\""
          "iifname \"wg1\" ip saddr 10.84.1.240/28 tcp dport 22 accept comment \"login through the tunnel\""
          "iifname \"wg1\" icmp type echo-request accept comment \"is the tunnel there\""
        ];
      };
      memoryMax = "320M";
      name = "frankfurt";
      role = "hub";
      tunnels = {
        wg0 = {
          address = "10.84.0.3";
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
          address = "10.84.1.3";
          listenPort = 51820;
          network = "b";
          peers = [
            {
              allowedIPs = [ "10.84.1.4/32" ];
              endpoint = null;
              name = "amsterdam";
              persistentKeepalive = null;
              presharedKeyFile = "/var/lib/fleet/psk-b.d/amsterdam";
              publicKey = "BAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ=";
            }
            {
              allowedIPs = [ "10.84.1.8/32" ];
              endpoint = null;
              name = "dallas";
              persistentKeepalive = null;
              presharedKeyFile = "/var/lib/fleet/psk-b.d/dallas";
              publicKey = "CAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg=";
            }
            {
              allowedIPs = [ "10.84.1.5/32" ];
              endpoint = null;
              name = "dubai";
              persistentKeepalive = null;
              presharedKeyFile = "/var/lib/fleet/psk-b.d/dubai";
              publicKey = "BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU=";
            }
            {
              allowedIPs = [ "10.84.1.15/32" ];
              endpoint = null;
              name = "johannesburg";
              persistentKeepalive = null;
              presharedKeyFile = "/var/lib/fleet/psk-b.d/johannesburg";
              publicKey = "Dw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8=";
            }
            {
              allowedIPs = [ "10.84.1.9/32" ];
              endpoint = null;
              name = "london";
              persistentKeepalive = null;
              presharedKeyFile = "/var/lib/fleet/psk-b.d/london";
              publicKey = "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=";
            }
            {
              allowedIPs = [ "10.84.1.12/32" ];
              endpoint = null;
              name = "mumbai";
              persistentKeepalive = null;
              presharedKeyFile = "/var/lib/fleet/psk-b.d/mumbai";
              publicKey = "DAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw=";
            }
            {
              allowedIPs = [ "10.84.1.6/32" ];
              endpoint = null;
              name = "new-jersey";
              persistentKeepalive = null;
              presharedKeyFile = "/var/lib/fleet/psk-b.d/new-jersey";
              publicKey = "BgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgY=";
            }
            {
              allowedIPs = [ "10.84.1.13/32" ];
              endpoint = null;
              name = "sao-paulo";
              persistentKeepalive = null;
              presharedKeyFile = "/var/lib/fleet/psk-b.d/sao-paulo";
              publicKey = "DQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0=";
            }
            {
              allowedIPs = [ "10.84.1.11/32" ];
              endpoint = null;
              name = "seoul";
              persistentKeepalive = null;
              presharedKeyFile = "/var/lib/fleet/psk-b.d/seoul";
              publicKey = "CwsLCwsLCwsLCwsLCwsLCwsLCwsLCwsLCwsLCwsLCws=";
            }
            {
              allowedIPs = [ "10.84.1.7/32" ];
              endpoint = null;
              name = "silicon-valley";
              persistentKeepalive = null;
              presharedKeyFile = "/var/lib/fleet/psk-b.d/silicon-valley";
              publicKey = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
            }
            {
              allowedIPs = [ "10.84.1.14/32" ];
              endpoint = null;
              name = "sydney";
              persistentKeepalive = null;
              presharedKeyFile = "/var/lib/fleet/psk-b.d/sydney";
              publicKey = "Dg4ODg4ODg4ODg4ODg4ODg4ODg4ODg4ODg4ODg4ODg4=";
            }
            {
              allowedIPs = [ "10.84.1.16/32" ];
              endpoint = null;
              name = "tel-aviv";
              persistentKeepalive = null;
              presharedKeyFile = "/var/lib/fleet/psk-b.d/tel-aviv";
              publicKey = "EBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBA=";
            }
            {
              allowedIPs = [ "10.84.1.2/32" ];
              endpoint = null;
              name = "tokyo";
              persistentKeepalive = null;
              presharedKeyFile = "/var/lib/fleet/psk-b.d/tokyo";
              publicKey = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";
            }
            {
              allowedIPs = [ "10.84.1.10/32" ];
              endpoint = null;
              name = "warsaw";
              persistentKeepalive = null;
              presharedKeyFile = "/var/lib/fleet/psk-b.d/warsaw";
              publicKey = "CgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgo=";
            }
            {
              allowedIPs = [ "10.84.1.1/32" ];
              endpoint = null;
              name = "zurich";
              persistentKeepalive = null;
              presharedKeyFile = "/var/lib/fleet/psk-b.d/zurich";
              publicKey = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
            }
            {
              allowedIPs = [ "10.84.1.242/32" ];
              endpoint = null;
              name = "operator oncall";
              persistentKeepalive = null;
              presharedKeyFile = "/var/lib/fleet/psk-b.d/operator.oncall";
              publicKey = "ZGRkZGRkZGRkZGRkZGRkZGRkZGRkZGRkZGRkZGRkZGQ=";
            }
          ];
          prefix = 24;
          privateKeyFile = "/var/lib/fleet/wireguard.key";
          role = "hub";
        };
      };
    };
  };
  imports = [ ../modules/node.nix ];
}
