//! The task that measures twice a minute, checks the database when it is due, and tells the operator what it finds.

use std::time::Duration;

use super::{
    checks::{Due, Schedule},
    locks::Locks,
    machine,
};
use crate::{
    Node, Shutdown,
    alert::{Alert, Check},
};

const MEASURE: Duration = Duration::from_secs(30);

/// Watches the node until it goes away.
pub async fn watch(node: Node, shutdown: Shutdown) {
    watch_every(node, MEASURE, shutdown).await;
}

/// The same at another pace, for tests.
pub async fn watch_every(node: Node, every: Duration, shutdown: Shutdown) {
    let now_ms = || machine::steady_ns() / 1_000_000;
    let full_checked_ms = node.vault().health().full_checked_ms;
    // A time ahead of the clock says nothing.
    let full_age_ms = node.now_ms().checked_sub(full_checked_ms).filter(|_| full_checked_ms > 0);
    let (mut schedule, mut locks) = (Schedule::new(now_ms(), full_age_ms), Locks::default());
    node.keeper().measure(node.now_ms());
    let mut waits = false;
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(every) => {}
        }
        if let Some(by_s) = node.keeper().measure(node.now_ms()) {
            node.alert(&Alert::ClockJumped { by_s });
        }
        let why = node.vault().health().check_waits;
        if let Some(why) = why.as_deref().filter(|_| !waits) {
            tracing::warn!(why, "the database could not be checked after the start; it is tried again until it can");
        }
        waits = why.is_some();
        if let Some(agents) = locks.step(node.vault().health().locked_agents, now_ms()) {
            node.alert(&Alert::AgentLocked { agents });
        }
        let Some(due) = schedule.due(now_ms()) else { continue };
        // A check that runs when the node goes away is waited for by nobody; it writes nothing but its copy.
        tokio::select! {
            () = shutdown.cancelled() => return,
            passed = check(&node, due) => schedule.done(due, passed, now_ms()),
        }
    }
}

async fn check(node: &Node, due: Due) -> bool {
    let (vault, now_ms) = (node.vault().clone(), node.now_ms());
    let checking = tokio::task::spawn_blocking(move || match due {
        Due::Quick => vault.quick_check(now_ms),
        Due::Full => vault.full_check(now_ms),
    });
    let found = checking.await;
    let passed = matches!(found, Ok(Ok(())));
    if due == Due::Full {
        node.keeper().missed_full_check(!passed);
    }
    if passed {
        tracing::info!(?due, "the database passed its check");
    } else if node.vault().health().poisoned.is_some() {
        node.alert(&Alert::DatabaseDamaged { check: if due == Due::Quick { Check::Quick } else { Check::Full } });
    } else {
        tracing::warn!(?due, ?found, "the database could not be checked; it is tried again in a few hours");
    }
    passed
}
