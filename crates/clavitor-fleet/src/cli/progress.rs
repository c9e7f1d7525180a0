//! What the operator sees while a rollout runs: one line for each node on a terminal, one line for each change elsewhere, one JSON event a line with `--json`. And Ctrl-C.

use std::collections::BTreeMap;
use std::future::Future;
use std::io::{self, IsTerminal as _, Write as _};

use serde::Serialize;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::Context;
use crate::inventory::NodeName;
use crate::monitor::open_window;
use crate::rollout::{Command, Desk, Input, Outcome, Phase, Stage, State, clock, phase_words};
use crate::state_folder::StateFolder;

/// One line of `--json`.
#[derive(Debug, Serialize)]
struct Event<'a> {
    schema: &'static str,
    at_unix_ms: u64,
    event: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<&'a NodeName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phase: Option<Phase>,
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<Command>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wave: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<Outcome>,
}

impl Event<'_> {
    const fn new(event: &'static str, at_unix_ms: u64) -> Self {
        Self {
            schema: "clavitor.fleet-rollout-event/1",
            at_unix_ms,
            event,
            node: None,
            phase: None,
            command: None,
            why: None,
            wave: None,
            outcome: None,
        }
    }
}

/// The operator's desk.
pub(super) struct Progress {
    context: Context,
    is_terminal: bool,
    shown: BTreeMap<NodeName, Phase>,
    stage: Option<&'static str>,
    drawn: usize,
    presses: watch::Sender<usize>,
}

impl Progress {
    pub(super) fn new(context: Context) -> Self {
        let is_terminal = io::stderr().is_terminal() && !context.json();
        Self { context, is_terminal, shown: BTreeMap::new(), stage: None, drawn: 0, presses: watch::Sender::new(0) }
    }

    /// Counts Ctrl-C and the end of the service manager's patience; ends at the second.
    pub(super) fn watch_interrupts(&self) -> impl Future<Output = ()> + use<> {
        let presses = self.presses.clone();
        async move {
            let listen = |kind| signal(kind).ok();
            let (mut int, mut term) = (listen(SignalKind::interrupt()), listen(SignalKind::terminate()));
            for press in 1..=2 {
                tokio::select! {
                    () = next(&mut int) => {}
                    () = next(&mut term) => {}
                }
                presses.send_replace(press);
            }
        }
    }

    fn event(&self, event: &Event<'_>) {
        if let Ok(text) = serde_json::to_string(event) {
            let mut out = io::stdout().lock();
            // Nobody reads any more: the rollout goes on all the same.
            let _ = writeln!(out, "{text}").and_then(|()| out.flush());
        }
    }

    fn line(&mut self, text: &str) {
        if self.is_terminal {
            self.wipe();
        }
        self.context.say(text);
    }

    /// Takes back the block of lines that was drawn last.
    fn wipe(&mut self) {
        if self.drawn > 0 {
            let _ = write!(io::stderr().lock(), "\u{1b}[{}A\u{1b}[J", self.drawn);
            self.drawn = 0;
        }
    }

    fn draw(&mut self, state: &State) {
        self.wipe();
        let mut text = String::new();
        for (place, wave) in state.plan().waves().iter().enumerate() {
            for node in wave {
                let phase = state.nodes().get(node).map_or(Phase::Waiting, |of| of.phase);
                text.push_str(&format!("  wave {:<3} {:<16} {}\n", place + 1, node.as_str(), phase_words(phase)));
            }
        }
        self.drawn = text.lines().count();
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }

    fn stage(&mut self, state: &State, at_ms: u64) {
        let (word, words, wave) = match state.stage() {
            Stage::Proposed => return,
            Stage::Gate(gate) if gate.wave == state.plan().waves().len() => {
                ("gate", "after the last wave: does it still serve?".to_owned(), Some(gate.wave - 1))
            }
            Stage::Gate(gate) => ("gate", format!("before wave {}: do others serve?", gate.wave + 1), Some(gate.wave)),
            Stage::Settle(wave) => ("settle", "looking at what was half way".to_owned(), Some(*wave)),
            Stage::Wave(wave) => ("wave", format!("wave {} of {}", wave + 1, state.plan().waves().len()), Some(*wave)),
            Stage::Soak { wave, until_ms } => {
                ("soak", format!("wave {} is through; watching until {}", wave + 1, clock(*until_ms)), Some(*wave))
            }
            Stage::Ended(_) => ("ended", String::new(), None),
        };
        if self.stage == Some(word) {
            return;
        }
        self.stage = Some(word);
        if self.context.json() {
            self.event(&Event { wave: wave.map(|wave| wave + 1), outcome: state.outcome(), ..Event::new(word, at_ms) });
        } else if !words.is_empty() {
            self.line(&format!("{}  {words}", clock(at_ms)));
        }
    }
}

async fn next(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

impl Desk for Progress {
    async fn interrupted(&mut self) {
        let mut presses = self.presses.subscribe();
        if presses.wait_for(|presses| *presses > 0).await.is_err() {
            std::future::pending().await
        }
    }

    fn asks(&mut self, state: &State, node: &NodeName, command: Command, at_ms: u64) {
        if command == Command::Arm {
            // A node that restarts for a rollout pages nobody; the window ends by itself.
            let (limits, why) = (state.plan().limits(), format!("rollout {}", state.plan().id()));
            let folder = StateFolder::at(self.context.state_folder());
            if let Err(error) = open_window(&folder, at_ms, node.as_str(), limits.confirm_ms + limits.grace_ms, &why) {
                self.line(&format!("the monitor could not be told of the work on {node}: {error}"));
            }
        }
        if self.context.json() {
            self.event(&Event { node: Some(node), command: Some(command), ..Event::new("asks", at_ms) });
        }
    }

    fn happened(&mut self, state: &State, input: &Input, at_ms: u64) {
        if *input == Input::Interrupted {
            self.line("Stopping: the steps that are under way on nodes are finished. Ctrl-C again leaves at once.");
            if self.context.json() {
                self.event(&Event::new("interrupted", at_ms));
            }
        }
        self.stage(state, at_ms);
        let changed: Vec<_> =
            state.nodes().iter().filter(|(node, of)| self.shown.get(*node).unwrap_or(&Phase::Waiting) != &of.phase).collect();
        for (node, of) in changed {
            self.shown.insert(node.clone(), of.phase);
            let why = of.why.as_deref().or(of.doubt.as_deref());
            if self.context.json() {
                self.event(&Event { node: Some(node), phase: Some(of.phase), why, ..Event::new("phase", at_ms) });
            } else if !self.is_terminal || why.is_some() {
                let why = why.map_or_else(String::new, |why| format!(": {}", why.replace('\n', " / ")));
                self.line(&format!("{}  {:<16} {}{why}", clock(at_ms), node.as_str(), phase_words(of.phase)));
            }
        }
        if self.is_terminal {
            self.draw(state);
        }
    }
}
