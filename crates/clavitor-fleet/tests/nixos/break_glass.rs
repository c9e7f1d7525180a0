//! Break-glass access as it is on a node: its sshd, its key's line and its firewall rule, in the laboratory, before and after its end. The laboratory has no security key,
//! so an ordinary one is let in for the look at the rest; that ordinary ones are refused is a case of its own.

use anyhow::Result;
use serde_json::Value;

use crate::evaluated::{OPEN, one};
use crate::lab::{Lab, Machine, wait_for};

const HARDWARE_ONLY: &str = "PubkeyAcceptedAlgorithms sk-ssh-ed25519@openssh.com,sk-ecdsa-sha2-nistp256@openssh.com";

/// The text that the module hands to `writeText`.
fn sshd_config() -> String {
    let module = include_str!("../../nixos/modules/break-glass.nix");
    let (_, rest) = module.split_once("sshd-config\" ''\n").expect("the configuration");
    let (text, _) = rest.split_once("  '';").expect("its end");
    text.replace("${port}", "2222").replace("/etc/ssh/", "/srv/ssh/").replace("PidFile none", "PidFile /srv/ssh/pid")
}

/// The node's key line and firewall rule, with the laboratory's key, address and end.
fn opened(key: &str, from: &str, key_end: &str, rule_end: &str) -> (String, String) {
    let config = one(OPEN);
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let line = text(&config["environment"]["etc"]["ssh/clavitor-break-glass"]["text"]);
    let (options, _) = line.split_once(" sk-").expect("a hardware-backed key");
    let rules = text(&config["networking"]["firewall"]["extraInputRules"]);
    let rule = rules.lines().find(|rule| rule.contains("2222")).expect("a rule");
    let line = format!("{options} {key}\n").replace("203.0.113.7", from).replace("20261122120000Z", key_end);
    (line, rule.replace("203.0.113.7", from).replace("2026-11-22 12:00:00", rule_end))
}

/// Loads the firewall and starts sshd anew.
fn open(node: &Machine, config: &str, (line, rule): &(String, String)) -> Result<()> {
    std::fs::write(node.path("/srv/ssh/clavitor-break-glass"), line)?;
    std::fs::write(node.path("/srv/ssh/config"), config)?;
    let table = format!(
        "flush ruleset\ntable inet t {{ chain input {{ type filter hook input priority 0; policy drop;\nct state established,related accept\n{rule}\n}}\n}}\n"
    );
    node.run_with("TZ=UTC nft -f -", &table)?;
    // The last one takes its file away when it ends, so it has to be gone.
    node.run("if [ -e /srv/ssh/pid ]; then kill $(cat /srv/ssh/pid); while [ -e /srv/ssh/pid ]; do sleep 0.02; done; fi")?;
    node.run("/usr/sbin/sshd -f /srv/ssh/config -E /srv/ssh/log")?;
    wait_for("sshd", || node.path("/srv/ssh/pid").exists())
}

#[test]
fn it_lets_one_key_in_from_one_address_until_its_end() -> Result<()> {
    let mut lab = Lab::new()?;
    let (node, desk, stranger) = (lab.machine("node")?, lab.machine("desk")?, lab.machine("stranger")?);
    let key = desk.make_login_key()?;
    node.run("mkdir -p /srv/ssh && chmod 755 /srv /srv/ssh && ssh-keygen -q -t ed25519 -N '' -f /srv/ssh/ssh_host_ed25519_key")?;
    let host_key = std::fs::read_to_string(node.path("/srv/ssh/ssh_host_ed25519_key.pub"))?;
    let (at, from) = (node.address.to_string(), desk.address.to_string());
    desk.trust_host(&format!("[{at}]:2222"), host_key.trim())?;
    let real = sshd_config();
    assert!(real.contains(HARDWARE_ONLY), "{real}");
    let ordinary = real.replace(HARDWARE_ONLY, "PubkeyAcceptedAlgorithms ssh-ed25519");
    let gets_in = || desk.ssh(&at).args(["-p", "2222", "echo in"]).output().is_ok_and(|output| output.stdout == b"in\n");
    let (ahead, past) = ("20991231000000Z", "20200101000000Z");
    let (ahead_rule, past_rule) = ("2099-12-31 00:00:00", "2020-01-01 00:00:00");

    open(&node, &ordinary, &opened(&key, &from, ahead, ahead_rule))?;
    assert!(gets_in(), "{}", std::fs::read_to_string(node.path("/srv/ssh/log"))?);
    assert!(!stranger.connects(node.address, 2222), "another address meets a closed port");
    let forward = desk.ssh(&at).args(["-p", "2222", "-o", "ExitOnForwardFailure=yes", "-R", "9999:127.0.0.1:1", "echo in"]).output()?;
    assert_ne!(forward.stdout, b"in\n", "nothing is forwarded");

    open(&node, &ordinary, &opened(&key, &from, past, ahead_rule))?;
    assert!(!gets_in(), "the key has ended, whatever the firewall says");
    open(&node, &ordinary, &opened(&key, &from, ahead, past_rule))?;
    assert!(!desk.connects(node.address, 2222), "the rule has ended, whatever the key says");
    let (others, _) = opened(&key, &stranger.address.to_string(), ahead, ahead_rule);
    let (_, rule) = opened(&key, &from, ahead, ahead_rule);
    open(&node, &ordinary, &(others, rule))?;
    assert!(!gets_in(), "the key is for another address, whatever the firewall says");
    open(&node, &real, &opened(&key, &from, ahead, ahead_rule))?;
    assert!(!gets_in(), "a key that can be copied is refused");
    Ok(())
}
