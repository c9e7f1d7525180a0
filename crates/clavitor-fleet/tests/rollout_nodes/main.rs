//! Rollouts over real ssh and real nix to nodes in namespaces: what goes well, what fails, what is cut off, who is killed. Only systemd and the switch itself are stand-ins, and keep units, timers and generations.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of a test may stop it")]

mod fleet;
#[path = "../lab/mod.rs"]
mod lab;
mod site;
mod stand_ins;

use std::{collections::BTreeMap, path::Path};

use anyhow::Result;

use fleet::Fleet;
use lab::wait_for;

#[test]
#[ignore = "started by the tests below, as a process of a node's machine"]
fn a_node_serves() -> Result<()> {
    site::serve(Path::new(&std::env::var(site::FOLDER)?))
}

fn to(names: &[&str], system: &str) -> Vec<String> {
    names.iter().map(|name| format!("{name}={system}")).collect()
}

#[test]
fn four_nodes_in_waves_hubs_last() -> Result<()> {
    let all = ["seoul", "tokyo", "frankfurt", "zurich"];
    let fleet = Fleet::new(&all)?;
    let new = fleet.systems.new.clone();
    let said = fleet.run(&Fleet::deploy(&to(&all, &new), &[]))?;
    assert_eq!(said.code, Some(0), "{}", said.words);
    for name in all {
        assert_eq!(fleet.runs(name)?, (new.clone(), new.clone()), "{name}");
        assert!(fleet.is_quiet(name) && fleet.node(name).can("[ -s /var/lib/clavitor/backups/before-rollout.clv ]"), "{name}");
    }
    let place = |words: &str| said.words.find(words).unwrap_or_else(|| panic!("{words} is not in {}", said.words));
    assert!(place("wave 1  seoul") < place("wave 2  tokyo") && place("wave 3  frankfurt  (hub)") < place("wave 4  zurich  (hub)"));
    // A second time there is nothing to do, and going back is a rollout of its own.
    let again = fleet.run(&Fleet::deploy(&to(&["seoul"], &new), &[]))?;
    assert_eq!(again.code, Some(0), "{}", again.words);
    let back = fleet.run(&["rollback", "seoul", "--yes", "--confirm-s", "20", "--soak-s", "1"])?;
    assert_eq!(back.code, Some(0), "{}", back.words);
    assert_eq!(fleet.runs("seoul")?.0, fleet.systems.old);
    Ok(())
}

#[test]
fn a_node_that_does_not_pass_goes_back_and_the_rollout_stops() -> Result<()> {
    let fleet = Fleet::new(&["seoul", "tokyo"])?;
    let (old, new) = (fleet.systems.old.clone(), fleet.systems.new.clone());
    let systems = [to(&["seoul"], &fleet.systems.ill), to(&["tokyo"], &new)].concat();
    let said = fleet.run(&Fleet::deploy(&systems, &[]))?;
    assert_eq!(said.code, Some(8), "{}", said.words);
    assert!(said.words.contains("integrity") && said.words.contains("deploy --resume"), "{}", said.words);
    assert_eq!((fleet.runs("seoul")?, fleet.runs("tokyo")?.0), ((old.clone(), old.clone()), old));
    assert!(fleet.is_quiet("seoul"));
    Ok(())
}

#[test]
fn a_node_that_cuts_itself_off_comes_back_by_its_own_timer() -> Result<()> {
    let fleet = Fleet::new(&["seoul", "tokyo"])?;
    let systems = [to(&["seoul"], &fleet.systems.cut), to(&["tokyo"], &fleet.systems.new)].concat();
    let said = fleet.run(&Fleet::deploy(&systems, &[]))?;
    assert_eq!(said.code, Some(8), "{}", said.words);
    assert!(said.words.contains("gone back to the old system by itself"), "{}", said.words);
    assert_eq!((fleet.runs("seoul")?.0, fleet.runs("tokyo")?.0), (fleet.systems.old.clone(), fleet.systems.old.clone()));
    assert!(fleet.is_quiet("seoul"));
    Ok(())
}

#[test]
fn an_operator_who_is_killed_in_any_phase_goes_on_where_it_stopped() -> Result<()> {
    let fleet = Fleet::new(&["seoul", "tokyo"])?;
    let new = fleet.systems.new.clone();
    let first = to(&["seoul"], &new);
    let mut words = Fleet::deploy(&first, &[]);
    for phase in ["preflight", "backup", "copy", "arm", "switch", "check", "confirm"] {
        let mut run = fleet.start(&words)?;
        run.until_asked(phase)?;
        run.signal("-KILL")?;
        run.end()?;
        // Whatever was cut off: never the new system without the timer that takes it back.
        let is_safe = "[ \"$(readlink -f /run/current-system)\" = \"$(readlink -f /nix/var/nix/profiles/system)\" ] || [ -e /run/units/clavitor-rollback.timer ] || [ -e /run/units/clavitor-rollback.service ]";
        assert!(fleet.node("seoul").can(is_safe), "killed in {phase}");
        words = vec!["deploy", "--resume", "--yes"];
    }
    let shown = fleet.run_bare(&["rollout", "show"])?;
    assert!(shown.code == Some(0) && shown.words.contains("deploy --resume"), "{}", shown.words);
    let refused = fleet.run(&Fleet::deploy(&first, &[]))?;
    assert!(refused.code == Some(4) && refused.words.contains("has not come to an end"), "{}", refused.words);
    let said = fleet.run(&["deploy", "--resume", "--yes"])?;
    assert_eq!(said.code, Some(0), "{}", said.words);
    assert_eq!(fleet.runs("seoul")?, (new.clone(), new));
    assert!(fleet.is_quiet("seoul"));
    Ok(())
}

#[test]
fn ctrl_c_finishes_the_step_and_says_how_to_go_on() -> Result<()> {
    let fleet = Fleet::new(&["seoul", "tokyo"])?;
    fleet.node("seoul").run("touch /srv/slow-backup")?;
    let mut run = fleet.start(&Fleet::deploy(&to(&["seoul"], &fleet.systems.new), &[]))?;
    run.until_asked("backup")?;
    let busy = fleet.run(&["deploy", "--resume", "--yes"])?;
    assert!(busy.code == Some(5) && busy.words.contains("another rollout is running"), "{}", busy.words);
    run.signal("-INT")?;
    let said = run.end()?;
    assert!(said.code == Some(130) && said.words.contains("deploy --resume"), "{:?} {}", said.code, said.words);
    assert!(fleet.node("seoul").can("[ -s /var/lib/clavitor/backups/before-rollout.clv ]"), "the step was finished");
    let mut run = fleet.start(&["deploy", "--resume", "--yes"])?;
    run.until_asked("switch")?;
    run.signal("-INT")?;
    let said = run.end()?;
    assert!(said.code == Some(130), "{:?} {}", said.code, said.words);
    assert!(fleet.node("seoul").can("[ -e /run/units/clavitor-rollback.timer ]"), "unconfirmed nodes keep their timer");
    let given_up = fleet.run(&["rollout", "abort"])?;
    assert_eq!(given_up.code, Some(0), "{}", given_up.words);
    assert_eq!(fleet.runs("seoul")?.0, fleet.systems.old);
    assert!(fleet.is_quiet("seoul"));
    Ok(())
}

#[test]
fn what_cannot_go_well_is_refused_with_its_reason_and_changes_nothing() -> Result<()> {
    let fleet = Fleet::new(&["seoul", "tokyo"])?;
    let systems = to(&["seoul"], &fleet.systems.new);
    let refused = |because: &str| -> Result<()> {
        let said = fleet.run(&Fleet::deploy(&systems, &[]))?;
        assert!(said.code == Some(4) && said.words.contains(because), "{because}: {:?} {}", said.code, said.words);
        assert!(fleet.is_quiet("seoul") && fleet.runs("seoul")?.0 == fleet.systems.old);
        Ok(())
    };
    let seoul = fleet.node("seoul");
    seoul.run("mount -t tmpfs -o size=20m tmpfs /var/lib")?;
    refused("disk is full")?;
    seoul
        .run("umount /var/lib && printf '#!/bin/sh\\nexec /bin/date -d \"-1 hour\" \"$@\"\\n' >/srv/bin/date && chmod 755 /srv/bin/date")?;
    refused("clock is off")?;
    seoul.run("rm /srv/bin/date")?;
    fleet.node("tokyo").run("ssh-keygen -q -t ed25519 -N '' -f /srv/ssh/other")?;
    let other = std::fs::read_to_string(fleet.node("tokyo").path("/srv/ssh/other.pub"))?;
    fleet.write_inventory(&BTreeMap::from([("seoul", other)]))?;
    refused("another host key")?;
    fleet.write_inventory(&BTreeMap::new())?;
    let mut words = Fleet::deploy(&systems, &["--identity", "no/such/key"]);
    let missing = fleet.run_bare(&words)?;
    assert!(missing.code == Some(1) && missing.words.contains("no/such/key"), "{}", missing.words);
    words.retain(|word| *word != "--yes");
    // Nobody is asked, so nobody says no.
    words.truncate(words.len() - 2);
    let unasked = fleet.run(&words)?;
    assert_eq!(unasked.code, Some(7), "{}", unasked.words);
    words.push("--dry-run");
    let dry = fleet.run(&words)?;
    assert!(dry.code == Some(0) && dry.words.contains("wave 1  seoul"), "{}", dry.words);
    words.push("--preflight");
    let asked = fleet.run(&words)?;
    assert!(asked.code == Some(0) && asked.words.contains("seoul: can"), "{}", asked.words);
    wait_for("nothing was left behind", || fleet.is_quiet("seoul"))
}
