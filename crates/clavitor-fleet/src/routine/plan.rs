//! The list: which task on which node, and how each ended. A pure state: it is told what happened and says what comes next.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// A routine that was cut off longer ago begins anew.
const RESUME_S_MAX: u64 = 12 * 3_600;
/// Words of an outcome.
const WORDS_CHARS_MAX: usize = 400;

/// How often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Looks, and changes nothing.
    Daily,
    /// Looks, collects garbage, checks copies, practises a restore.
    Weekly,
}

/// One piece of work on one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Is it reached, does it run, is anything red.
    Look,
    /// Does the certificate live long enough.
    Certificate,
    /// Is the newest backup young.
    BackupAge,
    /// Is the system so old that updates are due.
    Updates,
    /// Was the database checked in full within the week, and is a copy of it whole.
    Integrity,
    /// Does the newest backup open and restore, on the operator's machine.
    Drill,
    /// Is the node's tunnel key young.
    Keys,
    /// Two generations stay, the rest of the store is collected.
    Garbage,
}

impl Task {
    /// Its name.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Look => "look",
            Self::Certificate => "certificate",
            Self::BackupAge => "backup-age",
            Self::Updates => "updates",
            Self::Integrity => "integrity",
            Self::Drill => "drill",
            Self::Keys => "keys",
            Self::Garbage => "garbage",
        }
    }

    /// What it will do, in a sentence.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Look => "ask the node how it is",
            Self::Certificate => "see that the certificate is renewed in time",
            Self::BackupAge => "see that the newest backup is young",
            Self::Updates => "see whether the system is older than a week",
            Self::Integrity => "make a copy of the vault on the node and check every page of it; the copy is removed",
            Self::Drill => "bring a fresh backup here, open it with its code, restore it into a folder that is removed",
            Self::Keys => "see whether the tunnel's key is older than the inventory's key_days_max",
            Self::Garbage => {
                "CHANGES THE NODE: keep the two newest generations, delete the others, collect garbage; not while a deploy is unconfirmed"
            }
        }
    }
}

impl Kind {
    /// Its name.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
        }
    }

    /// What it consists of, in this order.
    pub const fn tasks(self) -> &'static [Task] {
        match self {
            Self::Daily => &[Task::Look, Task::Certificate, Task::BackupAge],
            Self::Weekly => {
                &[Task::Look, Task::Certificate, Task::BackupAge, Task::Updates, Task::Keys, Task::Integrity, Task::Drill, Task::Garbage]
            }
        }
    }
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome", content = "words")]
pub enum Outcome {
    /// Not begun, or cut off.
    Pending,
    /// Well.
    Well(String),
    /// Done, and somebody should read this.
    Warned(String),
    /// Not done, or not well.
    Failed(String),
    /// Could not be tried.
    Skipped(String),
}

impl Outcome {
    /// In one word.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Well(_) => "ok",
            Self::Warned(_) => "warn",
            Self::Failed(_) => "FAILED",
            Self::Skipped(_) => "skipped",
        }
    }

    /// What was said.
    pub fn words(&self) -> &str {
        match self {
            Self::Pending => "",
            Self::Well(words) | Self::Warned(words) | Self::Failed(words) | Self::Skipped(words) => words,
        }
    }

    fn bounded(self) -> Self {
        let cut = |words: String| words.chars().take(WORDS_CHARS_MAX).collect();
        match self {
            Self::Pending => Self::Pending,
            Self::Well(words) => Self::Well(cut(words)),
            Self::Warned(words) => Self::Warned(cut(words)),
            Self::Failed(words) => Self::Failed(cut(words)),
            Self::Skipped(words) => Self::Skipped(cut(words)),
        }
    }
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Where.
    pub node: String,
    /// What.
    pub task: Task,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// A run of a routine, as it is kept in `.fleet/routine-KIND.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journal {
    /// Which.
    pub kind: Kind,
    /// Unix seconds.
    pub started_s: u64,
    /// Unix seconds; none: it was cut off.
    pub ended_s: Option<u64>,
    /// Node by node.
    pub steps: Vec<Step>,
}

impl Journal {
    /// Under which name a routine's last run is kept.
    pub fn file(kind: Kind) -> String {
        format!("routine-{}.json", kind.word())
    }

    /// A new run over these nodes.
    pub fn new(kind: Kind, nodes: &[String], now_s: u64) -> Self {
        let of = |node: &String| {
            kind.tasks().iter().map(|task| Step { node: node.clone(), task: *task, outcome: Outcome::Pending }).collect::<Vec<_>>()
        };
        Self { kind, started_s: now_s, ended_s: None, steps: nodes.iter().flat_map(of).collect() }
    }

    /// Whether this run was cut off and can be gone on with: the same nodes, not long ago.
    pub fn is_resumable(&self, kind: Kind, nodes: &[String], now_s: u64) -> bool {
        let mut mine: Vec<&String> = self.steps.iter().map(|step| &step.node).collect();
        mine.dedup();
        let young = now_s.saturating_sub(self.started_s) <= RESUME_S_MAX && self.started_s <= now_s;
        self.kind == kind && self.ended_s.is_none() && young && mine == nodes.iter().collect::<Vec<_>>()
    }

    /// The next step, by its place; none: all are done.
    pub fn next(&self) -> Option<usize> {
        self.steps.iter().position(|step| step.outcome == Outcome::Pending)
    }

    /// A step ended. A node that is not reached is not asked for the rest, and the others go on.
    pub fn ended(&mut self, place: usize, outcome: Outcome) {
        let Some(step) = self.steps.get_mut(place) else { return };
        step.outcome = outcome.bounded();
        let (node, lost) = (step.node.clone(), step.task == Task::Look && matches!(step.outcome, Outcome::Failed(_)));
        let after = self.steps.iter_mut().skip(place + 1).filter(|step| lost && step.node == node && step.outcome == Outcome::Pending);
        after.for_each(|step| step.outcome = Outcome::Skipped("the node was not reached, or does not run".to_owned()));
    }

    /// Steps of this kind.
    pub fn count(&self, word: &str) -> usize {
        self.steps.iter().filter(|step| step.outcome.word() == word).count()
    }
}
