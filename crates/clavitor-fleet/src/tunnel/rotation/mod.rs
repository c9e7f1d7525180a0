//! Changing a node's key while its tunnels carry what keeps it reachable: a pure state machine, the orders it gives, and the loop that carries them out.
//!
//! With the key, the secret that only the node and a hub know is renewed: the hub makes it, and it passes from there to the node. The new key stands next to the old one on both ends, first without an address: the node proves with an interface of its own, on trial, that it can open a tunnel
//! with it. Then one network after the other moves over, so that there is always another way in. The old key goes when both networks carry the new one. Until the node
//! has put its new key in the place of the old one everything can be taken back, and what goes wrong before that is; after that it only goes forward.
//!
//! A hub has one key for both of its networks. It moves over as a spoke of the other network first; then every spoke of its own network learns the new key, by the other
//! network, before the hub uses it, and gives the hub's addresses to it when a handshake has come.

mod drive;
mod order;
mod program;
#[cfg(test)]
mod simulation;

use serde::{Deserialize, Serialize};

pub use drive::{Driven, Hands, drive, journal_name};
pub use order::{Ends, Place};
pub use program::{Action, Which};

use super::PublicKey;

/// How often an order is tried before the rotation turns back, or stops.
pub const TRIES_MAX: u8 = 3;
/// How long a handshake may take to come, in seconds. A spoke's own packets come every 25 s.
pub const HANDSHAKE_WAIT_S_MAX: u64 = 40;
/// Seconds between two looks.
pub const LOOK_AGAIN_S: u64 = 1;

/// A rotation as it stands, and as it is kept on disk after every step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// The node whose key changes.
    pub node: String,
    /// The networks in which it is a spoke, in the order in which they move over.
    pub networks: Vec<String>,
    /// Its own network, if it is a hub: that one moves over last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serving: Option<Serving>,
    /// The key that goes.
    pub old: PublicKey,
    /// The key that comes, once the node has made it.
    pub new: Option<PublicKey>,
    /// Which way it goes.
    pub course: Course,
    /// The step that is next, counted in the course's own program.
    pub at: usize,
    /// How often that step has failed.
    pub tries: u8,
    /// When that step was begun, Unix seconds.
    pub since_s: u64,
}

/// The network whose hub changes its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Serving {
    /// Its name.
    pub network: String,
    /// The nodes that have to learn the new key, in this order.
    pub spokes: Vec<String>,
}

/// Which way a rotation goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Course {
    /// Towards the new key.
    Forward,
    /// Back to the old one.
    Back {
        /// Why.
        why: String,
        /// How many steps the way forward had taken, or tried, when it turned.
        from: usize,
    },
}

/// What the machine is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Begin, or go on after an interruption.
    Go,
    /// The last order was carried out.
    Done(Answer),
    /// The last order failed, or nobody knows whether it was carried out.
    Failed(String),
    /// The operator wants the old key back.
    Abort,
}

/// What an order brought to light.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Nothing but that it was done.
    Nothing,
    /// The new public key.
    Key(PublicKey),
    /// Whether there was a handshake under the key that was asked about.
    Handshake(bool),
}

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Carry this out and tell the result. Every action may be done twice.
    Do(Action),
    /// Wait so many seconds, then carry this out.
    DoLater(u64, Action),
    /// It is over.
    Over(Ending),
}

/// How a rotation ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Both networks carry the new key, and the old one opens nothing.
    Rotated,
    /// Both networks carry the old key, for this reason; the new one opens nothing.
    TakenBack(String),
    /// An order failed again and again. The rotation is where it was: run it again.
    Stopped(String),
}

impl Rotation {
    /// A rotation that has not begun; `serving` is a hub's own network.
    pub fn new(node: &str, networks: Vec<String>, serving: Option<Serving>, old: PublicKey, now_s: u64) -> Self {
        Self { node: node.to_owned(), networks, serving, old, new: None, course: Course::Forward, at: 0, tries: 0, since_s: now_s }
    }

    /// One step. The caller keeps the new state on disk before it carries the output out.
    #[must_use]
    pub fn step(mut self, input: Input, now_s: u64) -> (Self, Output) {
        match input {
            Input::Go => self.tries = 0,
            Input::Done(answer) => return self.done(answer, now_s),
            Input::Failed(why) => return self.failed(why, now_s),
            Input::Abort => self.turn_back("the operator wanted it", now_s),
        }
        let output = self.next_output();
        (self, output)
    }

    /// The action that is next; None at the end.
    pub fn action(&self) -> Option<Action> {
        self.program().get(self.at).cloned()
    }

    /// The spoke of a hub without which it does not go on.
    pub fn waits_for(&self) -> Option<String> {
        match self.action()? {
            Action::Learn(tie) | Action::Meet { tie, .. } | Action::Turn { tie, .. } | Action::Unlearn { tie, .. } => Some(tie.spoke),
            _ => None,
        }
    }

    /// How far it is: steps done, and steps in all.
    pub fn progress(&self) -> (usize, usize) {
        (self.at, self.program().len())
    }

    fn program(&self) -> Vec<Action> {
        match self.course {
            Course::Forward => program::forward(&self.networks, self.serving.as_ref()),
            Course::Back { from, .. } => program::back(&self.networks, self.serving.as_ref(), from),
        }
    }

    /// Whether everything can still be taken back.
    fn can_return(&self) -> bool {
        self.course == Course::Forward && self.at <= program::last_return(&self.networks, self.serving.as_ref())
    }

    fn next_output(&self) -> Output {
        match (self.action(), &self.course) {
            (Some(action), _) => Output::Do(action),
            (None, Course::Forward) => Output::Over(Ending::Rotated),
            (None, Course::Back { why, .. }) => Output::Over(Ending::TakenBack(why.clone())),
        }
    }

    fn done(mut self, answer: Answer, now_s: u64) -> (Self, Output) {
        match (self.action(), answer) {
            (Some(Action::MakeKey), Answer::Key(key)) => self.new = Some(key),
            (Some(Action::MakeKey), _) => return self.failed("the node gave no key".to_owned(), now_s),
            (Some(action @ (Action::See { .. } | Action::Meet { .. })), Answer::Handshake(false) | Answer::Nothing) => {
                if now_s.saturating_sub(self.since_s) < HANDSHAKE_WAIT_S_MAX {
                    return (self, Output::DoLater(LOOK_AGAIN_S, action));
                }
                self.tries = TRIES_MAX;
                return self.failed(format!("no handshake within {HANDSHAKE_WAIT_S_MAX} s"), now_s);
            }
            _ => {}
        }
        self.at += 1;
        (self.tries, self.since_s) = (0, now_s);
        let output = self.next_output();
        (self, output)
    }

    fn failed(mut self, why: String, now_s: u64) -> (Self, Output) {
        self.tries = self.tries.saturating_add(1);
        let Some(action) = self.action().filter(|_| self.tries < TRIES_MAX) else {
            if !self.can_return() {
                (self.tries, self.since_s) = (0, now_s);
                return (self, Output::Over(Ending::Stopped(why)));
            }
            self.turn_back(&why, now_s);
            let output = self.next_output();
            return (self, output);
        };
        (self, Output::DoLater(LOOK_AGAIN_S, action))
    }

    /// From wherever it is: the way back undoes everything, done or not. Past the point of no return it goes on.
    fn turn_back(&mut self, why: &str, now_s: u64) {
        if self.can_return() {
            (self.course, self.at, self.tries, self.since_s) = (Course::Back { why: why.to_owned(), from: self.at }, 0, 0, now_s);
        }
    }
}
