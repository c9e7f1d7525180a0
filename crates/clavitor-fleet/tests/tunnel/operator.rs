//! `tunnel pair` and what `diagnose` says before and after it: an operator's machine and both hubs, over real tunnels and real sshd.

use std::fs;

use anyhow::{Result, ensure};

use crate::{lab::wait_for, rotate::Site};

const HERE: [&str; 2] = ["--identity", "/srv/home/.ssh/id_ed25519"];

/// What the tool says on the operator's machine, in words and as data.
fn tool(site: &Site, words: &[&str]) -> Result<(Option<i32>, String, String)> {
    let mut command = site.desk.command(env!("CARGO_BIN_EXE_clavitor-fleet"));
    let output = command.arg("--inventory").arg(site.inventory_path()).args(words).args(HERE).output()?;
    Ok((output.status.code(), String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?))
}

/// Runs the script on the operator's machine; whether it went well, and its words.
fn run(site: &Site, script: &str) -> Result<(bool, String)> {
    fs::write(site.desk.path("/srv/pair.sh"), script)?;
    let mut command = site.desk.command("bash");
    let path = format!("/srv/bin:{}", std::env::var("PATH").unwrap_or_default());
    let output = command.arg("/srv/pair.sh").env("PATH", path).env("HANDSHAKE_S", "6").output()?;
    let words = format!("{}{}", String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?);
    eprintln!("{words}");
    Ok((output.status.success(), words))
}

#[test]
fn an_operators_machine_and_both_hubs_come_to_a_secret_of_their_own() -> Result<()> {
    let site = Site::new(&["zurich", "frankfurt"])?;
    let hubs = [("zurich", "a", "wg0"), ("frankfurt", "b", "wg1")];
    let without = |node: &str| tool(&site, &["diagnose", node]).map(|(_, out, _)| out.contains("clavitor-fleet tunnel pair soc"));
    assert!(without("zurich")? && without("frankfurt")?, "both hubs say what is missing");
    let (code, script, words) = tool(&site, &["tunnel", "pair", "soc", "--folder", "/var/lib/fleet"])?;
    assert!(code == Some(0) && words.contains("bash pair.sh"), "{words}");

    // A hub that does not take the secret: both ends go back, and the tunnel is as it was.
    let deaf = "#!/bin/sh\nexec /usr/bin/wg $(printf '%s' \"$*\" | sed 's#preshared-key [^ ]*[.]next#preshared-key /dev/null#')\n";
    site.nodes["zurich"].run_with("cat >/srv/bin/wg && chmod 755 /srv/bin/wg", deaf)?;
    let (went_well, said) = run(&site, &script)?;
    assert!(!went_well && said.contains("network a: no handshake came under the new secret"), "{said}");
    site.nodes["zurich"].run("rm /srv/bin/wg")?;
    assert!(!site.desk.can("ls /var/lib/fleet/*.next") && !site.nodes["zurich"].can("ls /var/lib/fleet/*/*.next"));
    for network in [0, 1] {
        for (hub, ..) in hubs {
            let address = site.address(hub, network)?;
            wait_for(&format!("{hub} answers in network {network}"), || site.desk.connects(address, 22))?;
        }
    }

    let (went_well, said) = run(&site, &script)?;
    assert!(went_well && said.contains("network b: done"), "{said}");
    let mut secrets = Vec::new();
    for (hub, network, interface) in hubs {
        let here = site.desk.run(&format!("cat /var/lib/fleet/psk-{network}"))?;
        let there = site.nodes[hub].run(&format!("cat /var/lib/fleet/psk-{network}.d/operator.soc"))?;
        let used = site.nodes[hub].run(&format!("wg show {interface} preshared-keys"))?;
        ensure!(here == there && used.contains(here.trim()), "both ends of network {network} have it and use it");
        assert!(site.desk.pings(site.address(hub, u8::from(network == "b"))?), "network {network} goes on");
        secrets.push(here);
    }
    site.ensure_secret(&(script.clone() + &said), &secrets)?;
    assert!(!without("zurich")? && !without("frankfurt")?, "nothing is missing any more");

    // The same again renews them.
    let (went_well, said) = run(&site, &script)?;
    assert!(went_well, "{said}");
    assert_ne!(site.desk.run("cat /var/lib/fleet/psk-a")?, secrets[0]);
    Ok(())
}
