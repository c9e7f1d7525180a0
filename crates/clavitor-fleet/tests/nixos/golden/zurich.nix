# Printed by clavitor-fleet from the inventory; changes made here are lost.
{
  clavitor = {
    hub = {
      hq = {
        enable = true;
      };
      kuma = {
        enable = true;
      };
    };
    node = {
      domain = "zurich.pop.clavitor.com";
      firewall = {
        forward = [
          "iifname \"wg0\" oifname \"wg0\" ip saddr 10.84.0.240/28 ip daddr { 10.84.0.2, 10.84.0.3, 10.84.0.4, 10.84.0.5, 10.84.0.6, 10.84.0.7, 10.84.0.8, 10.84.0.9, 10.84.0.10, 10.84.0.11, 10.84.0.12, 10.84.0.13, 10.84.0.14, 10.84.0.15, 10.84.0.16 } tcp dport 22 ct state new log prefix \"fleet-operator: \" accept comment \"operators log in to nodes\""
        ];
        input = [
          "udp dport 51820 accept comment \"tunnels of the network\""
          "iifname \"wg0\" ip saddr 10.84.0.240/28 tcp dport 22 accept comment \"login through the tunnel\""
          "iifname \"wg0\" icmp type echo-request accept comment \"is the tunnel there\""
          "ip saddr 203.0.113.3 udp sport 51820 accept comment \"the hub goes on through a reload of these rules\""
          "iifname \"wg1\" ip saddr { 10.84.1.3, 10.84.1.240/28 } tcp dport 22 accept comment \"login through the tunnel\""
          "iifname \"wg1\" ip saddr { 10.84.1.3, 10.84.1.240/28 } icmp type echo-request accept comment \"is the tunnel there\""
        ];
      };
      memoryMax = "640M";
      name = "zurich";
      role = "hub";
      tunnels = {
        wg0 = {
          address = "10.84.0.1";
          listenPort = 51820;
          network = "a";
          peers = [
            {
              allowedIPs = [ "10.84.0.4/32" ];
              endpoint = null;
              name = "amsterdam";
              persistentKeepalive = null;
              presharedKeyFile = "/var/lib/fleet/psk-a.d/amsterdam";
              publicKey = "BAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ=";
            }
            {
              allowedIPs = [ "10.84.0.8/32" ];
              endpoint = null;
              name = "dallas";
              persistentKeepalive = null;
              presharedKeyFile = "/var/lib/fleet/psk-a.d/dallas";
              publicKey = "CAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg=";
            }
            {
              allowedIPs = [ "10.84.0.5/32" ];
              endpoint = null;
              name = "dubai";
              persistentKeepalive = null;
              presharedKeyFile = "/var/lib/fleet/psk-a.d/dubai";
              publicKey = "BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU=";
            }
            {
              allowedIPs = [ "10.84.0.3/32" ];
              endpoint = null;
              name = "frankfurt";
              persistentKeepalive = null;
              presharedKeyFile = "/var/lib/fleet/psk-a.d/frankfurt";
              publicKey = "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=";
            }
            {
              allowedIPs = [ "10.84.0.15/32" ];
              endpoint = null;
              name = "johannesburg";
              persistentKeepalive = null;
              presharedKeyFile = "/var/lib/fleet/psk-a.d/johannesburg";
              publicKey = "Dw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8=";
            }
            {
              allowedIPs = [ "10.84.0.9/32" ];
              endpoint = null;
              name = "london";
              persistentKeepalive = null;
              presharedKeyFile = "/var/lib/fleet/psk-a.d/london";
              publicKey = "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=";
            }
            {
              allowedIPs = [ "10.84.0.12/32" ];
              endpoint = null;
              name = "mumbai";
              persistentKeepalive = null;
              presharedKeyFile = "/var/lib/fleet/psk-a.d/mumbai";
              publicKey = "DAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw=";
            }
            {
              allowedIPs = [ "10.84.0.6/32" ];
              endpoint = null;
              name = "new-jersey";
              persistentKeepalive = null;
              presharedKeyFile = "/var/lib/fleet/psk-a.d/new-jersey";
              publicKey = "BgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgY=";
            }
            {
              allowedIPs = [ "10.84.0.13/32" ];
              endpoint = null;
              name = "sao-paulo";
              persistentKeepalive = null;
              presharedKeyFile = "/var/lib/fleet/psk-a.d/sao-paulo";
              publicKey = "DQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0=";
            }
            {
              allowedIPs = [ "10.84.0.11/32" ];
              endpoint = null;
              name = "seoul";
              persistentKeepalive = null;
              presharedKeyFile = "/var/lib/fleet/psk-a.d/seoul";
              publicKey = "CwsLCwsLCwsLCwsLCwsLCwsLCwsLCwsLCwsLCwsLCws=";
            }
            {
              allowedIPs = [ "10.84.0.7/32" ];
              endpoint = null;
              name = "silicon-valley";
              persistentKeepalive = null;
              presharedKeyFile = "/var/lib/fleet/psk-a.d/silicon-valley";
              publicKey = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
            }
            {
              allowedIPs = [ "10.84.0.14/32" ];
              endpoint = null;
              name = "sydney";
              persistentKeepalive = null;
              presharedKeyFile = "/var/lib/fleet/psk-a.d/sydney";
              publicKey = "Dg4ODg4ODg4ODg4ODg4ODg4ODg4ODg4ODg4ODg4ODg4=";
            }
            {
              allowedIPs = [ "10.84.0.16/32" ];
              endpoint = null;
              name = "tel-aviv";
              persistentKeepalive = null;
              presharedKeyFile = "/var/lib/fleet/psk-a.d/tel-aviv";
              publicKey = "EBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBA=";
            }
            {
              allowedIPs = [ "10.84.0.2/32" ];
              endpoint = null;
              name = "tokyo";
              persistentKeepalive = null;
              presharedKeyFile = "/var/lib/fleet/psk-a.d/tokyo";
              publicKey = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";
            }
            {
              allowedIPs = [ "10.84.0.10/32" ];
              endpoint = null;
              name = "warsaw";
              persistentKeepalive = null;
              presharedKeyFile = "/var/lib/fleet/psk-a.d/warsaw";
              publicKey = "CgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgo=";
            }
            {
              allowedIPs = [ "10.84.0.242/32" ];
              endpoint = null;
              name = "operator oncall";
              persistentKeepalive = null;
              presharedKeyFile = "/var/lib/fleet/psk-a.d/operator.oncall";
              publicKey = "ZGRkZGRkZGRkZGRkZGRkZGRkZGRkZGRkZGRkZGRkZGQ=";
            }
          ];
          prefix = 24;
          privateKeyFile = "/var/lib/fleet/wireguard.key";
          role = "hub";
        };
        wg1 = {
          address = "10.84.1.1";
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
