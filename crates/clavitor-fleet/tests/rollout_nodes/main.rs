//! Rollouts over real ssh and real nix to nodes in namespaces: what goes well, what fails, what is cut off, who is killed. What plays systemd and the activation are the
//! laboratory's three scripts; the program that nodes serve with is one that is told how well it works.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of a test may stop it")]

mod fleet;
#[path = "../lab/mod.rs"]
mod lab;
mod timer;

use std::collections::BTreeMap;

use anyhow::Result;

use fleet::{Fleet, Running};
use lab::wait_for;

/// For rollouts that wait for a failure: six seconds of checks, and a timer that does not let anybody wait long.
const SHORT: &[&str] = &["--confirm-s", "12"];

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
        assert_eq!(fleet.node(name).systems()?, (new.clone(), new.clone()), "{name}");
        assert!(fleet.node(name).is_quiet() && fleet.node(name).can("[ -s /var/lib/clavitor/backups/before-rollout.clv ]"), "{name}");
    }
    let place = |words: &str| said.words.find(words).unwrap_or_else(|| panic!("{words} is not in {}", said.words));
    assert!(place("wave 1  seoul") < place("wave 2  tokyo") && place("wave 3  frankfurt  (hub)") < place("wave 4  zurich  (hub)"));
    // A second time there is nothing to do, and going back is a rollout of its own.
    let again = fleet.run(&Fleet::deploy(&to(&["seoul"], &new), &[]))?;
    assert_eq!(again.code, Some(0), "{}", again.words);
    let back = fleet.run(&["rollback", "seoul", "--yes", "--soak-s", "0"])?;
    assert_eq!(back.code, Some(0), "{}", back.words);
    assert_eq!(fleet.node("seoul").systems()?.0, fleet.systems.old);
    Ok(())
}

#[test]
fn a_node_that_does_not_pass_goes_back_and_the_rollout_stops() -> Result<()> {
    let fleet = Fleet::new(&["seoul", "tokyo"])?;
    let (old, new) = (fleet.systems.old.clone(), fleet.systems.new.clone());
    let systems = [to(&["seoul"], &fleet.systems.ill), to(&["tokyo"], &new)].concat();
    let said = fleet.run(&Fleet::deploy(&systems, SHORT))?;
    assert_eq!(said.code, Some(8), "{}", said.words);
    assert!(said.words.contains("integrity") && said.words.contains("deploy --resume"), "{}", said.words);
    assert_eq!((fleet.node("seoul").systems()?, fleet.node("tokyo").systems()?.0), ((old.clone(), old.clone()), old));
    assert!(fleet.node("seoul").is_quiet());
    Ok(())
}

#[test]
fn a_node_that_serves_and_whose_own_word_cannot_be_read_goes_back() -> Result<()> {
    let fleet = Fleet::new(&["seoul", "tokyo"])?;
    let (seoul, old) = (fleet.node("seoul"), fleet.systems.old.clone());
    let mut run = fleet.start(&Fleet::deploy(&to(&["seoul"], &fleet.systems.mute), SHORT))?;
    // From outside and through the tunnel it is well.
    run.until_asked_check("heartbeat")?;
    let said = run.end()?;
    assert_eq!(said.code, Some(8), "{}", said.words);
    assert!(said.words.contains("check of its own word: its service gives no report"), "{}", said.words);
    assert_eq!(seoul.systems()?, (old.clone(), old));
    assert!(seoul.is_quiet());
    Ok(())
}

#[test]
fn a_node_that_cuts_itself_off_comes_back_by_its_own_timer() -> Result<()> {
    let fleet = Fleet::new(&["seoul", "tokyo"])?;
    let systems = [to(&["seoul"], &fleet.systems.cut), to(&["tokyo"], &fleet.systems.new)].concat();
    let said = fleet.run(&Fleet::deploy(&systems, SHORT))?;
    assert_eq!(said.code, Some(8), "{}", said.words);
    assert!(said.words.contains("gone back to the old system by itself"), "{}", said.words);
    assert_eq!(
        (fleet.node("seoul").systems()?.0, fleet.node("tokyo").systems()?.0),
        (fleet.systems.old.clone(), fleet.systems.old.clone())
    );
    assert!(fleet.node("seoul").is_quiet());
    // An order to switch that arrives after all that is refused by the unit itself.
    assert!(!fleet.node("seoul").can(&format!("PATH=/srv/bin:$PATH sh /run/clavitor-fleet/switch.sh {}", fleet.systems.cut)));
    assert_eq!(fleet.node("seoul").systems()?.0, fleet.systems.old);
    Ok(())
}

/// A node runs what it boots, or its timer will see to that.
const IS_SAFE: &str = "[ \"$(readlink -f /run/current-system)\" = \"$(readlink -f /nix/var/nix/profiles/system)\" ] || /srv/bin/systemctl is-active clavitor-rollback.timer clavitor-rollback.service";

#[test]
fn an_operator_who_is_killed_in_any_phase_goes_on_where_it_stopped() -> Result<()> {
    let fleet = Fleet::new(&["seoul", "tokyo"])?;
    let new = fleet.systems.new.clone();
    let first = to(&["seoul"], &new);
    let mut words = Fleet::deploy(&first, &["--confirm-s", "20"]);
    for phase in ["preflight", "backup", "copy", "arm", "switch", "check", "confirm"] {
        let mut run = fleet.start(&words)?;
        run.until_asked(phase)?;
        run.signal("-KILL")?;
        run.end()?;
        // Whatever was cut off: never the new system without the timer that takes it back.
        assert!(fleet.node("seoul").can(IS_SAFE), "killed in {phase}");
        words = vec!["deploy", "--resume", "--yes"];
    }
    let shown = fleet.run_bare(&["rollout", "show"])?;
    assert!(shown.code == Some(0) && shown.words.contains("deploy --resume"), "{}", shown.words);
    let refused = fleet.run(&Fleet::deploy(&first, &[]))?;
    assert!(refused.code == Some(4) && refused.words.contains("has not come to an end"), "{}", refused.words);
    let said = fleet.run(&["deploy", "--resume", "--yes"])?;
    assert_eq!(said.code, Some(0), "{}", said.words);
    assert_eq!(fleet.node("seoul").systems()?, (new.clone(), new));
    assert!(fleet.node("seoul").is_quiet());
    Ok(())
}

#[test]
fn an_order_to_arm_that_arrives_after_its_operator_was_killed_is_gone_on_with() -> Result<()> {
    let fleet = Fleet::new(&["seoul", "tokyo"])?;
    let (seoul, new) = (fleet.node("seoul"), fleet.systems.new.clone());
    // The order stands at the node's lock when its sender is killed; whoever comes next finds nothing there yet.
    let killed_while_it_waits = |mut run: Running| -> Result<_> {
        let held = seoul.hold("/run/clavitor-fleet/rollout.lock")?;
        seoul.run("rm -f /srv/hold-backups")?;
        run.until_asked("arm")?;
        wait_for("the order waits for the lock", || seoul.can("grep -qx flock /proc/[0-9]*/comm"))?;
        run.signal("-KILL")?;
        run.end()?;
        seoul.run("touch /srv/hold-backups")?;
        Ok(held)
    };
    let arrives = |held: std::fs::File| {
        drop(held);
        wait_for("the order to arm is carried out", || seoul.can("/srv/bin/systemctl is-active clavitor-rollback.timer"))
    };
    let held = killed_while_it_waits(fleet.start(&Fleet::deploy(&to(&["seoul"], &new), &[]))?)?;
    // It arrives between the look at the node and the preflight: the mark is known for this rollout's own, and taken away.
    fleet.node("tokyo").run("kill -STOP $(cat /run/units/clavitor.service)")?;
    let mut run = fleet.start(&["deploy", "--resume", "--yes"])?;
    run.until_asked("serving")?;
    arrives(held)?;
    fleet.node("tokyo").run("kill -CONT $(cat /run/units/clavitor.service)")?;
    run.until_asked("rollback")?;
    run.until_asked("backup")?;
    // It arrives when the preflight is through: the same order finds that it was carried out already.
    let held = killed_while_it_waits(run)?;
    let mut run = fleet.start(&["deploy", "--resume", "--yes"])?;
    run.until_asked("backup")?;
    arrives(held)?;
    seoul.run("rm /srv/hold-backups")?;
    let said = run.end()?;
    assert_eq!(said.code, Some(0), "{}", said.words);
    assert_eq!(seoul.systems()?, (new.clone(), new));
    assert!(seoul.is_quiet());
    Ok(())
}

#[test]
fn a_node_of_another_rollout_is_left_alone_and_says_until_when() -> Result<()> {
    let fleet = Fleet::new(&["seoul", "tokyo"])?;
    let seoul = fleet.node("seoul");
    let systems = to(&["seoul"], &fleet.systems.new);
    let mut run = fleet.start(&Fleet::deploy(&systems, &["--confirm-s", "600"]))?;
    run.until_asked("switch")?;
    run.signal("-INT")?;
    run.end()?;
    // Another operator's folder knows nothing of it.
    std::fs::rename(fleet.folder().join(".fleet"), fleet.folder().join("elsewhere"))?;
    let said = fleet.run(&Fleet::deploy(&systems, &[]))?;
    assert!(said.code == Some(4) && said.words.contains("another rollout has not ended there"), "{:?} {}", said.code, said.words);
    assert!(said.words.contains("-0.2.0, and its own timer takes it back in 5"), "{}", said.words);
    assert!(seoul.can("/srv/bin/systemctl is-active clavitor-rollback.timer"), "nobody else's timer is touched");
    Ok(())
}

#[test]
fn ctrl_c_finishes_the_step_and_says_how_to_go_on() -> Result<()> {
    let fleet = Fleet::new(&["seoul", "tokyo"])?;
    let seoul = fleet.node("seoul");
    seoul.run("touch /srv/hold-backups")?;
    let mut run = fleet.start(&Fleet::deploy(&to(&["seoul"], &fleet.systems.new), &[]))?;
    run.until_asked("backup")?;
    let busy = fleet.run(&["deploy", "--resume", "--yes"])?;
    assert!(busy.code == Some(5) && busy.words.contains("another rollout is running"), "{}", busy.words);
    run.signal("-INT")?;
    run.until_interrupted()?;
    seoul.run("rm /srv/hold-backups")?;
    let said = run.end()?;
    assert!(said.code == Some(130) && said.words.contains("deploy --resume"), "{:?} {}", said.code, said.words);
    assert!(said.words.contains("Ctrl-C again leaves at once"), "{}", said.words);
    assert!(seoul.can("[ -s /var/lib/clavitor/backups/before-rollout.clv ]"), "the step was finished");
    let mut run = fleet.start(&["deploy", "--resume", "--yes"])?;
    run.until_asked("switch")?;
    run.signal("-INT")?;
    let said = run.end()?;
    assert!(said.code == Some(130), "{:?} {}", said.code, said.words);
    assert!(seoul.can("/srv/bin/systemctl is-active clavitor-rollback.timer"), "unconfirmed nodes keep their timer");
    let given_up = fleet.run(&["rollout", "abort"])?;
    assert_eq!(given_up.code, Some(0), "{}", given_up.words);
    assert_eq!(seoul.systems()?.0, fleet.systems.old);
    assert!(seoul.is_quiet());
    Ok(())
}

#[test]
fn a_second_ctrl_c_leaves_at_once_and_the_node_goes_on_with_its_timer_armed() -> Result<()> {
    let fleet = Fleet::new(&["seoul", "tokyo"])?;
    let (seoul, new) = (fleet.node("seoul"), fleet.systems.new.clone());
    seoul.run("touch /srv/hold-starts")?;
    let mut run = fleet.start(&Fleet::deploy(&to(&["seoul"], &new), &[]))?;
    run.until_asked("switch")?;
    wait_for("the switch is under way", || seoul.systems().is_ok_and(|(runs, _)| runs == new))?;
    run.signal("-INT")?;
    run.until_interrupted()?;
    run.signal("-INT")?;
    let said = run.end()?;
    assert!(said.code == Some(130) && said.words.contains("left at once"), "{:?} {}", said.code, said.words);
    assert!(seoul.can(IS_SAFE) && !seoul.is_quiet(), "what was under way goes on, under its timer");
    let shown = fleet.run_bare(&["rollout", "show"])?;
    assert!(shown.words.contains("switching") && shown.words.contains("its own timer takes it back by"), "{}", shown.words);
    seoul.run("rm /srv/hold-starts")?;
    let said = fleet.run(&["deploy", "--resume", "--yes"])?;
    assert_eq!(said.code, Some(0), "{}", said.words);
    assert_eq!(seoul.systems()?, (new.clone(), new));
    Ok(())
}

#[test]
fn with_hub_a_gone_a_rollout_goes_on_and_is_gone_on_with_through_hub_b() -> Result<()> {
    let fleet = Fleet::new(&["seoul", "tokyo"])?;
    let (seoul, new) = (fleet.node("seoul"), fleet.systems.new.clone());
    seoul.run("touch /srv/hold-backups")?;
    let mut run = fleet.start(&Fleet::deploy(&to(&["seoul"], &new), &[]))?;
    run.until_asked("backup")?;
    wait_for("the backup is under way", || seoul.can("[ -e /run/clavitor-fleet/backup.lock ]"))?;
    fleet.lose_network_a()?;
    // The connection falls silent in the middle; the second one comes by network b, and waits for what the first one began.
    run.until_asked("backup")?;
    seoul.run("rm /srv/hold-backups")?;
    run.until_asked("switch")?;
    run.signal("-KILL")?;
    run.end()?;
    assert!(seoul.can(IS_SAFE));
    let refused = fleet.run(&["rollback", "seoul", "--yes"])?;
    assert!(refused.code == Some(4) && refused.words.contains("has not come to an end"), "{}", refused.words);
    let said = fleet.run(&["deploy", "--resume", "--yes"])?;
    assert_eq!(said.code, Some(0), "{}", said.words);
    assert_eq!(seoul.systems()?, (new.clone(), new));
    assert!(seoul.is_quiet());
    Ok(())
}

#[test]
fn systems_are_built_from_a_flake_and_ctrl_c_ends_the_build() -> Result<()> {
    let fleet = Fleet::new(&["seoul", "tokyo"])?;
    let new = fleet.systems.new.clone();
    let flake = fleet.flake("seoul", &format!("PATH=/usr/bin:/bin; cp -r {new} $out"))?;
    let words = ["deploy", "--version", "0.2.0", "--soak-s", "0", "--yes", "--flake", flake.as_str()];
    let missing = fleet.run(&words)?;
    assert!(missing.code == Some(1) && missing.words.contains("tokyo was not built"), "{}", missing.words);
    let only = [&words[..], &["--only", "seoul"]].concat();
    let said = fleet.run(&only)?;
    assert_eq!(said.code, Some(0), "{}", said.words);
    let (runs, boots) = fleet.node("seoul").systems()?;
    assert!(runs == boots && runs.ends_with("-nixos-system-seoul"), "{runs} {boots}");

    let begun = fleet.folder().join("begun");
    fleet.flake("seoul", &format!("PATH=/usr/bin:/bin; echo $$ >{}; exec sleep 600", begun.display()))?;
    let run = fleet.start(&only)?;
    wait_for("the build is under way", || begun.exists())?;
    run.signal("-INT")?;
    let said = run.end()?;
    assert!(said.code == Some(130) && said.words.contains("no rollout was begun"), "{:?} {}", said.code, said.words);
    wait_for("the build has ended, too", || !fleet.is_running(&begun))
}

#[test]
fn what_cannot_go_well_is_refused_with_its_reason_and_changes_nothing() -> Result<()> {
    let fleet = Fleet::new(&["seoul", "tokyo"])?;
    let systems = to(&["seoul"], &fleet.systems.new);
    let refused = |because: &str| -> Result<()> {
        let said = fleet.run(&Fleet::deploy(&systems, &[]))?;
        assert!(said.code == Some(4) && said.words.contains(because), "{because}: {:?} {}", said.code, said.words);
        assert!(fleet.node("seoul").is_quiet() && fleet.node("seoul").systems()?.0 == fleet.systems.old);
        Ok(())
    };
    // Somebody was cut off before the first line was whole: nothing was begun, and nobody is kept from beginning.
    let journals = fleet.folder().join(".fleet/rollouts");
    std::fs::create_dir_all(&journals)?;
    std::fs::write(journals.join("20000101T000000.000Z-0.1.0.jsonl"), "{")?;
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
    words.push("--json");
    let asked = fleet.run(&words)?;
    assert!(asked.words.contains("clavitor.fleet-rollout-plan/1") && asked.words.contains("\"report\": \"done\""), "{}", asked.words);
    let two = [&systems[..], &systems[..]].concat();
    let twice = fleet.run(&Fleet::deploy(&two, &[]))?;
    assert!(twice.code == Some(64) && twice.words.contains("seoul is given two systems"), "{}", twice.words);
    let unused = fleet.run(&["deploy", "--resume", "--soak-s", "5"])?;
    assert_eq!(unused.code, Some(64), "what the plan has fixed is not given again: {}", unused.words);
    std::fs::write(journals.join("99990101T000000.000Z-0.1.0.jsonl"), "")?;
    let early = fleet.run(&Fleet::deploy(&systems, &[]))?;
    assert!(early.code == Some(4) && early.words.contains("still to come"), "{}", early.words);
    wait_for("nothing was left behind", || fleet.node("seoul").is_quiet())
}
