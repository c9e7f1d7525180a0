//! Runs the state machine of one of those who are told: takes samples, sends, waits, logs, alerts.

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

use aws_lc_rs::rand;
use clavitor_outbound::AskError;

use super::pusher::{Input, Output, Pace, Pusher};
use crate::{
    Node, Shutdown,
    alert::Alert,
    vitals::{Fault, PushRecord, Watcher},
};

/// For one push, from the name's look-up to the end of the answer.
pub(super) const DEADLINE_MS: u64 = 5_000;

/// A push that did not arrive: what it counts as, and a line for the log that names no path and no token.
pub(super) struct Lost {
    pub(super) fault: Fault,
    pub(super) why: String,
}

impl Lost {
    pub(super) fn status(status: u16) -> Self {
        Self { fault: Fault::Status(status), why: format!("it answered {status}") }
    }

    pub(super) fn unfit() -> Self {
        AskError::Unfit.into()
    }
}

impl From<AskError> for Lost {
    fn from(error: AskError) -> Self {
        let fault = match &error {
            AskError::Deadline(_) => Fault::Deadline,
            AskError::Unreachable(_) | AskError::Unfit => Fault::Unreachable,
            AskError::TooLong(_) | AskError::CutOff => Fault::Answer,
        };
        Self { fault, why: error.to_string() }
    }
}

/// Somebody who is told.
pub(super) trait Target: Send {
    /// What is told.
    type Sample: Clone + Send;

    /// How often, and how much is kept.
    fn pace(&self) -> Pace;

    /// Takes a sample.
    fn sample(&self, node: &Node) -> Self::Sample;

    /// Sends it.
    fn send(&mut self, sample: Self::Sample) -> impl Future<Output = Result<(), Lost>> + Send;
}

/// Tells one of them until the node goes away, beside everything else.
pub(super) fn drive<T: Target + 'static>(node: &Node, to: T, who: Watcher, shutdown: &Shutdown) {
    let record = node.keeper().push_record(who, to.pace().interval_ms, node.now_ms());
    let (node, gone) = (node.clone(), shutdown.clone());
    tokio::spawn(async move {
        tokio::select! {
            () = gone.cancelled() => {}
            () = tell(node, to, record) => {}
        }
    });
}

async fn tell<T: Target>(node: Node, mut to: T, record: Arc<PushRecord>) {
    let began = Instant::now();
    let now_ms = || u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let mut pusher = Pusher::new(to.pace(), now_ms());
    loop {
        let mut input = Some(Input::Due { now_ms: now_ms(), random: random() });
        while let Some(happened) = input.take() {
            for output in pusher.step(happened) {
                match output {
                    Output::Sample => input = Some(Input::Sampled(to.sample(&node))),
                    Output::Send(sample) => {
                        let sent = to.send(sample).await;
                        let outcome = sent.map_err(|lost| note(&node, &record, pusher.failures(), lost));
                        input = Some(Input::Done { now_ms: now_ms(), outcome });
                    }
                    Output::Wait { ms } => {
                        record.keeps(pusher.kept());
                        tokio::time::sleep(Duration::from_millis(ms)).await;
                    }
                    Output::Silent { failures, silent_ms } => {
                        node.alert(&Alert::TelemetrySilent { failures, silent_s: silent_ms / 1000 });
                    }
                    Output::Back { silent_ms, alerted } => back(&node, &record, silent_ms / 1000, alerted),
                }
            }
            if matches!(input, Some(Input::Done { outcome: Ok(()), .. })) {
                record.arrived(node.now_ms());
            }
        }
    }
}

/// Counts a push that did not arrive; the first of a row is logged.
fn note(node: &Node, record: &PushRecord, failures: u64, lost: Lost) -> Fault {
    record.failed(lost.fault, failures + 1, node.now_ms());
    if failures == 0 {
        tracing::warn!(
            to = record.name(),
            why = lost.why,
            "a push did not arrive; it is tried again, and the next that fails is only counted"
        );
    }
    lost.fault
}

fn back(node: &Node, record: &PushRecord, silent_s: u64, alerted: bool) {
    tracing::info!(to = record.name(), silent_s, "pushes arrive again");
    if alerted {
        node.alert(&Alert::TelemetryRestored { silent_s });
    }
}

fn random() -> u64 {
    let mut bytes = [0_u8; 8];
    // Without it there is no jitter, and nothing else is lost.
    let _ = rand::fill(&mut bytes);
    u64::from_le_bytes(bytes)
}
