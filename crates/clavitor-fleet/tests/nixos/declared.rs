//! NixOS's own options: every one that is set is known, with its type, and nothing clashes, in each release that the configuration is for.

use serde_json::Value;

use crate::evaluated::{NODES, OPEN};
use crate::fleet::{fleet, folder, open, own};
use crate::nix::{self, DEPLOYED, With};

/// The releases that the configuration is for. The last is where nixpkgs' main branch is now.
const RELEASES: [&str; 4] = ["25.05", "25.11", "26.05", "26.11"];

/// A spoke, the hub with the monitor, the other hub, and the node with break-glass access: every module has something to say on one of them.
const KINDS: [&str; 4] = ["tokyo", "zurich", "frankfurt", OPEN];

#[test]
fn every_release_takes_every_kind_of_machine() {
    let mut inventory = fleet();
    open(&mut inventory, OPEN);
    let folder = folder(&inventory);
    for release in RELEASES {
        for first_boot in [false, true] {
            let with = With { first_boot, release, ..DEPLOYED };
            let nodes = nix::nodes(folder.path(), &KINDS, with).unwrap_or_else(|error| panic!("{release}: {error}"));
            for name in KINDS {
                assert_eq!(nodes[name]["failed"], serde_json::json!([]), "{release}: {name}");
            }
        }
    }
}

/// What one more module on a hub is answered with.
fn answer(more: &str, release: &str) -> Result<Value, String> {
    let folder = folder(&fleet());
    nix::nodes(folder.path(), &["zurich"], With { more, release, ..DEPLOYED })
}

#[test]
fn what_nixos_would_refuse_is_refused() {
    for (more, says) in [
        ("{ services.openssh.enabel = true; }", "services.openssh.enabel: no option of this name"),
        ("{ networking.nftable.enable = true; }", "networking.nftable: no option of this name"),
        ("{ services.openssh = true; }", "services.openssh: a set of options, and no option"),
        ("{ services.openssh.passwordAuthentication = false; }", "renamed or removed in NixOS"),
        ("{ services.openssh.ports = [ \"2222\" ]; }", "services.openssh.ports: not port"),
        ("{ zramSwap.memoryPercent = 0; }", "not a positive int"),
        ("{ systemd.services.x.after = [ \"sshd\" ]; }", "systemd.services.x.after: not a string of the pattern"),
        ("{ networking.wireguard.interfaces.wg7.peers = [ { pubKey = \"\"; } ]; }", "no option pubKey"),
        ("{ services.openssh.openFirewall = true; }", "services.openssh.openFirewall: two different definitions"),
        ("{ systemd.services.sshd.serviceConfig.Restart = \"no\"; }", "systemd.services.sshd.serviceConfig.Restart: two different"),
        ("{ boot.kernel.sysctl.\"kernel.sysrq\" = 0; }", "boot.kernel.sysctl.kernel.sysrq: defined twice"),
        ("{ networking.wireguard.interfaces.wg0.listenPort = null; }", "listenPort: two different definitions"),
    ] {
        match answer(more, "25.05") {
            Ok(node) => panic!("{more}: {node}"),
            Err(error) => assert!(error.contains(says), "{more}: {error}"),
        }
    }
    // Asked for with force, or the same again, there is no clash.
    for more in ["({ lib, ... }: { services.openssh.openFirewall = lib.mkForce true; })", "{ services.openssh.openFirewall = false; }"] {
        assert!(answer(more, "25.05").is_ok(), "{more}");
    }
}

#[test]
fn an_option_is_not_counted_on_beyond_its_last_release() {
    let more = "{ boot.initrd.systemd.enable = true; }";
    assert!(answer(more, "26.05").is_ok());
    assert!(answer(more, "26.11").is_err_and(|error| error.contains("not counted on after 26.05")));
}

#[test]
fn assertions_and_warnings_of_nixos_are_raised() {
    for (more, says) in [
        ("{ systemd.services.x.after = [ \"network-online.target\" ]; }", "what is ordered after network-online.target wants it"),
        ("{ systemd.services.clavitor-identity.serviceConfig.Restart = \"always\"; }", "a oneshot service is not restarted"),
        ("({ lib, ... }: { networking.nftables.enable = lib.mkForce false; })", "filterForward wants nftables"),
        ("({ lib, ... }: { nixpkgs.flake.setNixPath = lib.mkForce true; })", "setNixPath wants setFlakeRegistry"),
        ("({ lib, ... }: { users.users.root.hashedPassword = lib.mkForce \"secret\"; })", "a password's hash is of a known form"),
    ] {
        let node = answer(more, "25.05").unwrap_or_else(|error| panic!("{more}: {error}"));
        let failed = node["zurich"]["failed"].as_array().expect("a list");
        assert!(failed.iter().any(|rule| rule.as_str().is_some_and(|rule| rule.contains(says))), "{more}: {failed:?}");
    }
    let before = answer("{ }", "24.05").expect("it evaluates");
    assert!(before["zurich"]["failed"].to_string().contains("does not grow the partition"), "{before}");
}

/// Whether something is set at a path, in which a star is any name.
fn is_set(value: &Value, path: &[&str]) -> bool {
    let (Some((word, rest)), Some(set)) = (path.split_first(), value.as_object()) else { return path.is_empty() };
    if *word == "*" { set.values().any(|value| is_set(value, rest)) } else { set.get(*word).is_some_and(|value| is_set(value, rest)) }
}

/// A fact about an option that nobody sets any more would not be looked at again.
#[test]
fn every_fact_is_about_an_option_that_is_set() {
    let facts = format!(
        "map (fact: {{ inherit (fact) path file looked isSet; }}) (import {} {{ release = \"25.05\"; }}).entries",
        own("standin/options.nix").display()
    );
    let facts = nix::evaluate(&facts).expect("facts");
    let first_boot = nix::nodes(folder(&fleet()).path(), &["tokyo"], With { first_boot: true, ..DEPLOYED }).expect("it evaluates");
    let machines: Vec<&Value> = NODES.as_object().into_iter().chain(first_boot.as_object()).flat_map(|nodes| nodes.values()).collect();
    let facts = facts.as_array().expect("a list");
    assert!(facts.len() > 100, "{}", facts.len());
    for fact in facts {
        let (path, file) = (fact["path"].as_str().expect("a path"), fact["file"].as_str().expect("a file"));
        assert!(file.starts_with("nixos/") && file.ends_with(".nix"), "{path}: {file}");
        assert!(fact["looked"][0].as_str() <= fact["looked"][1].as_str() && fact["looked"][1].is_string(), "{path}: {}", fact["looked"]);
        let words: Vec<&str> = path.split('.').collect();
        let set = path == "assertions" || machines.iter().any(|machine| is_set(&machine["config"], &words));
        assert_eq!(set, fact["isSet"] == true, "{path} of {file}");
    }
}
