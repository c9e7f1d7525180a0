//! Drives a rollout: what the state machine asks for is written down, done, and its answer written down before the next step. Nothing here decides.

use std::{
    future::Future,
    sync::Arc,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use tokio::{sync::mpsc, task::JoinSet};

use crate::inventory::NodeName;

use super::{
    command::Command,
    journal::{Entry, Journal, JournalError},
    machine::{Input, Output, State, step},
    nodes::Nodes,
    outcome::Outcome,
};

/// The loop looks up at least so often, whatever the clock says.
const NAP_MS_MAX: u64 = 10_000;

/// A clock that does not jump while the process lives: the time at its start, and what has passed since.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    start_ms: u64,
    since: Instant,
}

impl Clock {
    /// Starts now, and not before `not_before_ms`: a journal's time does not go back.
    pub fn start(not_before_ms: u64) -> Self {
        let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX));
        Self { start_ms: now_ms.max(not_before_ms), since: Instant::now() }
    }

    /// Unix milliseconds.
    pub fn now_ms(&self) -> u64 {
        self.start_ms.saturating_add(u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX))
    }
}

/// What the driver is told from outside, and tells.
pub trait Desk {
    /// Ends when the operator wants to stop; never, if they do not.
    fn interrupted(&mut self) -> impl Future<Output = ()>;
    /// A node is about to be asked.
    fn asks(&mut self, state: &State, node: &NodeName, command: Command, at_ms: u64);
    /// Something happened, and this is the state after it.
    fn happened(&mut self, state: &State, input: &Input, at_ms: u64);
}

/// Runs until the rollout has ended. `first` is what begins it: an approval, a resumption, or giving up.
///
/// # Errors
/// [`JournalError`]: what cannot be written is not done. Nodes in flight keep their timer.
pub async fn run(
    mut state: State,
    first: Input,
    nodes: Arc<Nodes>,
    journal: &mut Journal,
    clock: Clock,
    desk: &mut impl Desk,
) -> Result<(State, Outcome), JournalError> {
    let (answers, mut inbox) = mpsc::unbounded_channel();
    let plan = Arc::new(state.plan().clone());
    let mut asked = JoinSet::new();
    let (mut next, mut is_stopping) = (Some(first), false);
    loop {
        let at_ms = clock.now_ms();
        if let Some(input) = next.take() {
            journal.write(at_ms, Entry::Happened(input.clone()))?;
            let outputs;
            (state, outputs) = step(state, at_ms, input.clone());
            desk.happened(&state, &input, at_ms);
            for output in outputs {
                let Output::Ask { node, command } = output else { continue };
                journal.write(at_ms, Entry::Asks { node: node.clone(), command })?;
                desk.asks(&state, &node, command, at_ms);
                let (nodes, plan, answers) = (Arc::clone(&nodes), Arc::clone(&plan), answers.clone());
                asked.spawn(async move {
                    let report = nodes.ask(&plan, &node, command).await;
                    // Nobody listens any more only when the rollout has failed to write.
                    let _ = answers.send(Input::Answered { node, command, report });
                });
            }
        }
        if let Some(outcome) = state.outcome() {
            return Ok((state, outcome));
        }
        let nap_ms = state.wakes_ms().map_or(NAP_MS_MAX, |at| at.saturating_sub(clock.now_ms()).min(NAP_MS_MAX));
        next = tokio::select! {
            Some(answer) = inbox.recv() => Some(answer),
            () = desk.interrupted(), if !is_stopping => {
                is_stopping = true;
                Some(Input::Interrupted)
            }
            () = tokio::time::sleep(std::time::Duration::from_millis(nap_ms)) => state.wakes_ms().filter(|at| *at <= clock.now_ms()).map(|_| Input::Tick),
        };
    }
}
