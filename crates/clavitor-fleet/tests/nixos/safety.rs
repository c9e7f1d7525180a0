//! What must be said on every node, said by us: NixOS's own defaults are not there when this is evaluated, so a missing line is a failing test.

use serde_json::{Value, json};

use crate::evaluated::{OPEN, all, one};
use crate::fleet::{fleet, folder};
use crate::nix::{self, DEPLOYED, With};

/// Each value at its path, on every node.
fn on_every_node(expected: &[(&str, Value)]) {
    for (name, config) in all() {
        for (path, value) in expected {
            let found = config.pointer(path);
            assert_eq!(found, Some(value), "{name}: {path}");
        }
    }
}

#[test]
fn the_world_sees_two_ports() {
    on_every_node(&[
        ("/networking/firewall/enable", json!(true)),
        ("/networking/nftables/enable", json!(true)),
        ("/networking/firewall/allowedTCPPorts", json!([80, 443])),
        ("/networking/firewall/allowedTCPPortRanges", json!([])),
        ("/networking/firewall/allowedUDPPortRanges", json!([])),
        ("/networking/firewall/trustedInterfaces", json!([])),
        ("/networking/firewall/filterForward", json!(true)),
        ("/networking/firewall/checkReversePath", json!("strict")),
    ]);
    for (name, config) in all() {
        let hub = name == "zurich" || name == "frankfurt";
        let firewall = &config["networking"]["firewall"];
        assert_eq!(firewall["allowedUDPPorts"], if hub { json!([51820]) } else { json!([]) }, "{name}");
        let ports = |interface: &str| firewall["interfaces"][interface]["allowedTCPPorts"].clone();
        match name {
            "zurich" => assert_eq!((ports("wg0"), ports("wg1")), (json!([3001]), json!([22]))),
            "frankfurt" => assert_eq!((ports("wg0"), ports("wg1")), (json!([22]), Value::Null)),
            _ => assert_eq!((ports("wg0"), ports("wg1")), (json!([22]), json!([22])), "{name}"),
        }
    }
}

#[test]
fn login_is_by_key_through_the_tunnel() {
    on_every_node(&[
        ("/services/openssh/enable", json!(true)),
        ("/services/openssh/openFirewall", json!(false)),
        ("/services/openssh/startWhenNeeded", json!(false)),
        ("/services/openssh/ports", json!([22])),
        ("/services/openssh/authorizedKeysInHomedir", json!(false)),
        ("/services/openssh/settings/PasswordAuthentication", json!(false)),
        ("/services/openssh/settings/KbdInteractiveAuthentication", json!(false)),
        ("/services/openssh/settings/PermitRootLogin", json!("prohibit-password")),
        ("/services/openssh/settings/AuthenticationMethods", json!("publickey")),
        ("/services/openssh/settings/AllowUsers", json!(["root"])),
        ("/services/openssh/settings/X11Forwarding", json!(false)),
        ("/users/mutableUsers", json!(false)),
        ("/users/users/root/hashedPassword", json!("*")),
        ("/security/sudo/enable", json!(false)),
    ]);
    for (number, name) in [(1, "zurich"), (2, "tokyo")] {
        let addresses = one(name)["services"]["openssh"]["listenAddresses"].clone();
        let expected = json!([{"addr": format!("10.84.0.{number}"), "port": 22}, {"addr": format!("10.84.1.{number}"), "port": 22}]);
        if fleet().nodes[name].number == number {
            assert_eq!(addresses, expected, "{name}");
        }
    }
    for (name, config) in all() {
        let ssh = &config["services"]["openssh"]["listenAddresses"];
        let tunnels = ssh.as_array().expect("a list").iter().all(|entry| entry["addr"].as_str().is_some_and(|at| at.starts_with("10.84.")));
        assert!(tunnels && ssh.as_array().is_some_and(|list| list.len() == 2), "{name}: {ssh}");
        assert_eq!(config["users"]["users"]["root"]["openssh"]["authorizedKeys"]["keys"].as_array().map(Vec::len), Some(1), "{name}");
        let unit = &config["systemd"]["services"]["sshd"];
        for word in ["after", "wants"] {
            let units = unit[word].as_array().expect("a list");
            for tunnel in ["wireguard-wg0.service", "wireguard-wg1.service"] {
                assert!(units.contains(&json!(tunnel)), "{name}: sshd {word} {units:?}");
            }
        }
    }
}

#[test]
fn the_machine_keeps_nothing_it_should_not() {
    on_every_node(&[
        ("/systemd/coredump/enable", json!(false)),
        ("/boot/kernel/sysctl/kernel.core_pattern", json!("|/store/coreutils/bin/false")),
        ("/boot/kernel/sysctl/fs.suid_dumpable", json!(0)),
        ("/boot/kernel/sysctl/kernel.yama.ptrace_scope", json!(2)),
        ("/boot/kernel/sysctl/kernel.unprivileged_bpf_disabled", json!(1)),
        ("/boot/kernel/sysctl/kernel.kptr_restrict", json!(2)),
        ("/boot/kernel/sysctl/kernel.dmesg_restrict", json!(1)),
        ("/boot/kernel/sysctl/kernel.kexec_load_disabled", json!(1)),
        ("/swapDevices", json!([])),
        ("/zramSwap/enable", json!(true)),
        ("/services/timesyncd/enable", json!(true)),
        ("/services/dbus/implementation", json!("broker")),
        ("/time/timeZone", json!("UTC")),
        ("/documentation/enable", json!(false)),
        ("/documentation/nixos/enable", json!(false)),
        ("/documentation/man/enable", json!(false)),
        ("/environment/defaultPackages", json!([])),
        ("/nix/gc/automatic", json!(false)),
        ("/nix/channel/enable", json!(false)),
        ("/nix/settings/allowed-users", json!(["root"])),
        ("/nix/settings/trusted-users", json!(["root"])),
        ("/nix/settings/substituters", json!([])),
        ("/nix/settings/max-jobs", json!(0)),
        ("/nixpkgs/flake/setFlakeRegistry", json!(false)),
        ("/nixpkgs/flake/setNixPath", json!(false)),
        ("/boot/loader/grub/configurationLimit", json!(2)),
        ("/boot/initrd/systemd/enable", json!(true)),
        ("/system/stateVersion", json!("25.05")),
    ]);
    for (name, config) in all() {
        let journal = config["environment"]["etc"]["systemd/journald.conf.d/10-clavitor.conf"]["text"].as_str().expect("a text");
        assert!(journal.contains("\nSystemMaxUse=100M\n"), "{name}: {journal}");
    }
}

#[test]
fn spokes_know_the_hubs_and_no_other_spoke() {
    for (name, config) in all() {
        let interfaces = config["networking"]["wireguard"]["interfaces"].as_object().expect("a set");
        assert_eq!(interfaces.keys().collect::<Vec<_>>(), ["wg0", "wg1"], "{name}");
        assert_eq!(config["networking"]["wireguard"]["useNetworkd"], json!(false), "{name}");
        for (interface, hub, subnet) in [("wg0", "zurich", "10.84.0."), ("wg1", "frankfurt", "10.84.1.")] {
            let of = &interfaces[interface];
            assert_eq!(of["privateKeyFile"], json!("/var/lib/fleet/wireguard.key"));
            assert_eq!((&of["generatePrivateKeyFile"], &of["allowedIPsAsRoutes"]), (&json!(false), &json!(true)));
            let peers = of["peers"].as_array().expect("a list");
            let wide = |peer: &&Value| {
                peer["allowedIPs"].as_array().expect("a list").iter().any(|of| !of.as_str().expect("text").ends_with("/32"))
            };
            if name == hub {
                assert_eq!((peers.len(), of["listenPort"].as_u64()), (16, Some(51820)), "{name}: 15 nodes and an operator");
                assert!(!peers.iter().any(|peer| wide(&peer)), "{name}: every peer by its own address");
            } else {
                assert_eq!((peers.len(), &of["listenPort"]), (1, &Value::Null), "{name}");
                assert_eq!(peers[0]["allowedIPs"][1], json!(format!("{subnet}240/28")), "{name}");
                assert_eq!(peers[0]["persistentKeepalive"], json!(25), "{name}");
                assert!(peers[0]["endpoint"].as_str().expect("an endpoint").parse::<std::net::SocketAddr>().is_ok(), "{name}: a literal");
            }
        }
    }
}

#[test]
fn only_hubs_forward_and_only_operators_to_port_22() {
    for (name, config) in all() {
        let hub = name == "zurich" || name == "frankfurt";
        let sysctl = &config["boot"]["kernel"]["sysctl"];
        assert_eq!(sysctl["net.ipv4.ip_forward"], json!(i32::from(hub)), "{name}");
        assert_eq!(sysctl["net.ipv6.conf.all.forwarding"], json!(0), "{name}");
        let rules = config["networking"]["firewall"]["extraForwardRules"].as_str().expect("rules");
        assert_eq!(rules.lines().count(), usize::from(hub), "{name}: {rules}");
        for rule in rules.lines() {
            assert!(rule.contains("240/28 ") && rule.contains("tcp dport 22 ") && rule.contains(" log prefix "), "{name}: {rule}");
        }
        let input = config["networking"]["firewall"]["extraInputRules"].as_str().expect("rules");
        let hubs: Vec<_> = input.lines().filter(|rule| rule.contains("udp sport 51820 accept")).collect();
        assert_eq!(hubs.len(), if hub { 1 } else { 2 }, "{name}: the tunnel lives through a reload: {input}");
        for line in input.lines().filter(|rule| rule.contains("dport 22 ")) {
            assert!(line.starts_with("iifname \"wg"), "{name}: {line}");
        }
    }
}

#[test]
fn the_product_comes_by_its_hash() {
    for (name, config) in all() {
        let start = config["systemd"]["services"]["clavitor"]["serviceConfig"]["ExecStart"].as_str().expect("a command");
        let hash = crate::fleet::release().hash();
        assert!(start.starts_with("/store/by-hash/store/") && start.contains(&hash), "{name}: {start}");
        assert!(config["systemd"]["services"]["clavitor"]["serviceConfig"].get("EnvironmentFile").is_none(), "{name}");
    }
}

#[test]
fn two_generations_are_kept_by_count() {
    for (name, config) in all() {
        let unit = &config["systemd"]["services"]["clavitor-generations"];
        assert_eq!(unit["environment"]["GENERATIONS_KEPT"], json!("2"), "{name}");
        assert!(config["systemd"]["timers"]["clavitor-generations"]["timerConfig"]["OnCalendar"].is_string(), "{name}");
        assert!(
            config["systemd"]["services"]["clavitor-generation"]["script"].as_str().is_some_and(|text| text.contains("nix_gen")),
            "{name}"
        );
    }
}

#[test]
fn break_glass_is_off_but_where_it_was_opened_and_ends_by_itself() {
    for (name, config) in all() {
        let open = name == OPEN;
        let units = &config["systemd"];
        assert_eq!(units["services"].get("clavitor-break-glass").is_some(), open, "{name}");
        let input = config["networking"]["firewall"]["extraInputRules"].as_str().expect("rules");
        let rule = "ip saddr 203.0.113.7 tcp dport 2222 meta time < \"2026-11-22 12:00:00\" accept";
        assert_eq!(input.contains(rule), open, "{name}: {input}");
        assert_eq!(input.contains("2222"), open, "{name}");
        if open {
            assert_eq!(units["timers"]["clavitor-break-glass-end"]["timerConfig"]["OnCalendar"], json!("2026-11-22 12:00:00 UTC"));
            let key = config["environment"]["etc"]["ssh/clavitor-break-glass"]["text"].as_str().expect("a key");
            assert!(
                key.starts_with("from=\"203.0.113.7\",expiry-time=\"20261122120000Z\",restrict,pty sk-ssh-ed25519@openssh.com "),
                "{key}"
            );
        }
    }
}

#[test]
fn the_first_boot_shows_keys_and_serves_no_vault() {
    let folder = folder(&fleet());
    let nodes =
        nix::nodes(folder.path(), &["tokyo", "zurich"], With { first_boot: true, ..DEPLOYED }).unwrap_or_else(|error| panic!("{error}"));
    for name in ["tokyo", "zurich"] {
        let systemd = &nodes[name]["config"]["systemd"];
        assert!(systemd["services"].get("clavitor").is_none(), "{name}");
        assert!(systemd["sockets"].get("clavitor-http").is_none() && systemd["sockets"].get("clavitor").is_none(), "{name}");
        assert_eq!(systemd["sockets"]["clavitor-enrolment-page"]["socketConfig"]["ListenStream"], json!("80"));
        assert_eq!(systemd["services"]["clavitor-enrolment"]["unitConfig"]["ConditionPathExists"], json!("/var/lib/fleet/enrolment-token"));
    }
    for (name, config) in all() {
        assert!(config["systemd"]["sockets"].get("clavitor-enrolment-page").is_none(), "{name}");
        let rules = config["systemd"]["tmpfiles"]["rules"].as_array().expect("rules");
        assert!(rules.contains(&json!("r /var/lib/fleet/enrolment-token - - - - -")), "{name}: a token that did its work goes");
        let identity = &config["systemd"]["services"]["clavitor-identity"];
        assert_eq!(identity["unitConfig"]["ConditionPathExists"].as_array().map(Vec::len), Some(3), "{name}");
        assert_eq!(identity["before"], json!(["sshd.service", "sshd-keygen.service", "wireguard-wg0.service", "wireguard-wg1.service"]));
    }
}
