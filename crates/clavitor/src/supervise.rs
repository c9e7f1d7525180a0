//! What the service manager hears: ready, stopping, a sentence, and a sign of life that was earned. Without a manager nothing is said.

use std::time::Duration;

use clavitor_server::{Node, Shutdown};
use sd_notify::NotifyState;
use tokio::{sync::oneshot, time::timeout};

/// What cannot be told to the manager is no reason to stop; it will notice the silence.
fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "the service manager cannot be told");
    }
}

/// The store is open and every listener listens.
pub(crate) fn ready(origin: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(&format!("Serving {origin}"))]);
}

/// No connection is taken any more.
pub(crate) fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("Stopping: open requests are finished, then the log is folded into the database")]);
}

/// Gives a sign of life twice in the interval the manager set, each time only after the writer thread has committed and every accept loop has answered.
pub(crate) fn watch(node: &Node, shutdown: &Shutdown) {
    let Some(interval) = sd_notify::watchdog_enabled() else { return };
    let (node, shutdown, turn) = (node.clone(), shutdown.clone(), interval / 2);
    tokio::spawn(async move {
        let mut healthy = true;
        while !shutdown.is_cancelled() {
            let began = tokio::time::Instant::now();
            let alive = alive(&node, turn).await;
            if alive {
                tell(&[NotifyState::Watchdog]);
            }
            if alive != healthy && !shutdown.is_cancelled() {
                healthy = alive;
                say_health(&node, alive);
            }
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = tokio::time::sleep_until(began + turn) => {}
            }
        }
    });
}

fn say_health(node: &Node, alive: bool) {
    if alive {
        tell(&[NotifyState::Status(&format!("Serving {}", node.config().origin))]);
    } else {
        tracing::error!("the writer or an accept loop does not answer; the service manager gets no sign of life");
        tell(&[NotifyState::Status("The writer or an accept loop does not answer")]);
    }
}

/// Whether the writer thread and every accept loop answer within `limit`.
async fn alive(node: &Node, limit: Duration) -> bool {
    let (writer, loops) = tokio::join!(writer_answers(node, limit), node.pulse().felt(limit));
    writer && loops
}

/// A commit of nothing. A queue that is full refuses without the thread, so only success is an answer.
async fn writer_answers(node: &Node, limit: Duration) -> bool {
    let (answer, answered) = oneshot::channel();
    node.vault().write(
        node.now_ms(),
        |_| Ok(()),
        move |committed| {
            // Too late is as good as never.
            let _ = answer.send(committed.is_ok());
        },
    );
    matches!(timeout(limit, answered).await, Ok(Ok(true)))
}
