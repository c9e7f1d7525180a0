//! Ten thousand rollouts, each from a seed: lost connections, dead nodes, lying checks, killed operators, jumping clocks. A seed that fails is printed and kept in tests/rollout-seeds/.

#![allow(clippy::expect_used, clippy::panic, reason = "helpers of a test may stop it")]

mod chance;
mod faults;
mod node;
mod plans;
mod rules;
mod world;

use std::{collections::BTreeMap, fs, path::PathBuf, thread};

use clavitor_fleet::rollout::{Command, Outcome};

use chance::Chance;
use faults::Faults;
use world::World;

/// Runs in the default tests; `CLAVITOR_ROLLOUT_RUNS` asks for more.
const RUNS: u64 = 10_000;
const THREADS: u64 = 2;

fn kept() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rollout-seeds"))
}

fn run(seed: u64) -> Result<Outcome, String> {
    let mut world = World::new(seed)?;
    world.run().map_err(|why| {
        // Kept even if nobody reads the output: the next run begins with it.
        let _ = fs::write(kept().join(format!("{seed}.txt")), format!("{why}\n"));
        format!("seed {seed}: {why}\nplan {:?}\nfaults {:?}", world.plan().waves(), world.faults)
    })
}

#[test]
fn seeds_that_failed_once_do_not_fail_again() {
    for entry in fs::read_dir(kept()).expect("the folder of seeds") {
        let path = entry.expect("an entry").path();
        if let Some(seed) = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok()) {
            run(seed).unwrap();
        }
    }
}

#[test]
fn ten_thousand_rollouts_keep_the_rules() {
    let runs = std::env::var("CLAVITOR_ROLLOUT_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(RUNS);
    let ends = thread::scope(|scope| {
        let parts: Vec<_> = (0..THREADS)
            .map(|part| scope.spawn(move || (part..runs).step_by(THREADS as usize).map(run).collect::<Result<Vec<_>, _>>()))
            .collect();
        parts.into_iter().flat_map(|part| part.join().unwrap().unwrap()).collect::<Vec<_>>()
    });
    let mut counted: BTreeMap<String, usize> = BTreeMap::new();
    for end in ends {
        *counted.entry(format!("{end:?}")).or_default() += 1;
    }
    println!("{runs} runs ended: {counted:?}");
    // A simulation in which some end never happens proves nothing about it.
    assert_eq!(counted.len(), 7, "{counted:?}");
}

/// The order to arm is on its way when the operator is killed, and arrives when the next one has begun: before the look, between any two steps, or long after.
#[test]
fn an_order_that_arrives_after_its_operator_was_killed_keeps_nobody_from_going_on() {
    for command in [Command::Preflight, Command::Backup, Command::Copy, Command::Arm, Command::Confirm] {
        for seed in 0..500 {
            let mut world = World::with(Chance::new(seed), Faults::none()).expect("a world");
            world.late = Some((command, seed * 250));
            let ended = world.run();
            assert_eq!(ended, Ok(Outcome::Completed), "{command} arrives {} ms late, seed {seed}", seed * 250);
            assert_eq!(world.resumes, 1, "gone on with once");
        }
    }
}
