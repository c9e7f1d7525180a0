//! The node's own timer when something is in its way: whoever holds a lock is waited for, what fails is tried again, and in the end the old system runs and boots.

use std::fs;

use anyhow::Result;

use crate::{
    fleet::Fleet,
    lab::{Machine, nixos::write_program, wait_for},
    to,
};

const LOCK: &str = "/run/clavitor-fleet/rollout.lock";
/// Without this lock Nix changes no profile.
const STORE_LOCK: &str = "/nix/var/nix/db/big-lock";
const PROFILE: &str = "/nix/var/nix/profiles/system";

/// A node that runs the new system unconfirmed, and an operator who is gone.
fn abandoned(fleet: &Fleet) -> Result<&Machine> {
    let seoul = fleet.node("seoul");
    let mut run = fleet.start(&Fleet::deploy(&to(&["seoul"], &fleet.systems.new), &["--confirm-s", "8"]))?;
    run.until_asked("check")?;
    run.signal("-KILL")?;
    run.end()?;
    assert_eq!(seoul.systems()?.0, fleet.systems.new);
    Ok(seoul)
}

fn fires(seoul: &Machine) -> Result<()> {
    wait_for("the timer fires", || seoul.can("/srv/bin/systemctl is-active clavitor-rollback.service"))
}

#[test]
fn a_timer_that_finds_the_lock_held_waits_for_it_and_then_goes_back() -> Result<()> {
    let fleet = Fleet::new(&["seoul", "tokyo"])?;
    let (old, new) = (fleet.systems.old.clone(), fleet.systems.new.clone());
    let seoul = abandoned(&fleet)?;
    let held = seoul.hold(LOCK)?;
    fires(seoul)?;
    wait_for("it waits for the lock", || seoul.can("grep -qx flock /proc/[0-9]*/comm"))?;
    assert_eq!(seoul.systems()?.0, new, "whoever holds the lock is not disturbed");
    assert!(!seoul.can("grep -q flock /srv/units.log"), "and nothing failed");
    drop(held);
    wait_for("it goes back", || seoul.is_quiet())?;
    assert_eq!(seoul.systems()?, (old.clone(), old));
    Ok(())
}

#[test]
fn what_the_timer_cannot_do_at_once_is_tried_again_until_it_is_done() -> Result<()> {
    let fleet = Fleet::new(&["seoul", "tokyo"])?;
    let (old, new) = (fleet.systems.old.clone(), fleet.systems.new.clone());
    let seoul = abandoned(&fleet)?;
    // Confirming was cut off half way, and somebody holds the store.
    seoul.run(&format!("nix-env --quiet --profile {PROFILE} --set {new}"))?;
    let held = seoul.hold(STORE_LOCK)?;
    // A minute of this machine is three seconds, and half of one no time at all.
    write_program(&seoul.path("/srv/bin/timeout"), "#!/bin/sh\nshift\nexec /usr/bin/timeout 3 \"$@\"\n")?;
    write_program(&seoul.path("/srv/bin/sleep"), "#!/bin/sh\nexec /bin/sleep 0.2\n")?;
    let failures = || fs::read_to_string(seoul.path("/srv/units.log")).unwrap_or_default().matches("it still boots").count();
    wait_for("it has failed twice", || failures() >= 2)?;
    assert_eq!(seoul.systems()?, (old.clone(), new), "the old system runs although the store is held");
    assert!(seoul.can("[ -e /run/clavitor-fleet/unconfirmed ]"), "and the node says that it is not done");
    drop(held);
    wait_for("it is done", || seoul.is_quiet())?;
    assert_eq!(seoul.systems()?, (old.clone(), old));
    Ok(())
}
