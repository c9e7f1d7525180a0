//! Where one node stands, and where an answer takes it. Pure: the time is passed in.

use serde::{Deserialize, Serialize};

use super::{
    command::{Check, Command, Report, Sight, System},
    plan::Limits,
};

/// Where a node stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Its turn has not come.
    Waiting,
    /// Asked whether it can.
    Preflight,
    /// It can; the others of its wave are still being asked.
    Ready,
    /// The vault is being backed up.
    BackingUp,
    /// The closure is on its way.
    Copying,
    /// The timer is being armed.
    Arming,
    /// The new system is being activated.
    Switching,
    /// The new system runs unconfirmed and is checked; this check is next.
    Checking(Check),
    /// All checks passed.
    Confirming,
    /// It runs and boots the new system. An end.
    Confirmed,
    /// It is told to go back.
    RollingBack,
    /// Nobody knows; it is asked until it answers, or until its timer is long past.
    Looking,
    /// It runs and boots the old system again. An end.
    Restored,
    /// It was not changed. An end.
    Untouched,
    /// It does not answer, or did not go back: somebody has to look. An end.
    Unknown,
}

impl Phase {
    /// Whether nothing more happens to it.
    pub const fn is_settled(self) -> bool {
        matches!(self, Self::Confirmed | Self::Restored | Self::Untouched | Self::Unknown)
    }

    /// Whether it may run the new system without having been confirmed.
    pub const fn is_in_flight(self) -> bool {
        matches!(self, Self::Arming | Self::Switching | Self::Checking(_) | Self::Confirming | Self::RollingBack | Self::Looking)
    }

    /// Whether nobody knows yet if it can take the new system; nobody of its wave is begun before.
    pub(super) const fn is_undecided(self) -> bool {
        matches!(self, Self::Waiting | Self::Preflight | Self::Looking | Self::RollingBack)
    }

    /// Whether nothing was changed on it in this attempt.
    pub const fn is_before_arming(self) -> bool {
        matches!(self, Self::Waiting | Self::Preflight | Self::Ready | Self::BackingUp | Self::Copying)
    }

    /// What is asked of a node in this phase; nothing in an end or while it waits for others.
    pub const fn command(self) -> Option<Command> {
        match self {
            Self::Preflight => Some(Command::Preflight),
            Self::BackingUp => Some(Command::Backup),
            Self::Copying => Some(Command::Copy),
            Self::Arming => Some(Command::Arm),
            Self::Switching => Some(Command::Switch),
            Self::Checking(check) => Some(Command::Check(check)),
            Self::Confirming => Some(Command::Confirm),
            Self::RollingBack => Some(Command::Rollback),
            Self::Looking => Some(Command::Look),
            Self::Waiting | Self::Ready | Self::Confirmed | Self::Restored | Self::Untouched | Self::Unknown => None,
        }
    }
}

/// One node of the rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeState {
    /// Where it stands.
    pub phase: Phase,
    /// What it was asked and has not answered.
    pub asked: Option<Command>,
    /// Not asked again before this.
    pub not_before_ms: u64,
    /// What went wrong, for good.
    pub why: Option<String>,
    /// What went wrong and may turn out well: a lost connection.
    pub doubt: Option<String>,
    tries: u32,
    rollbacks: u32,
    /// When its timer must have fired; 0 while none was armed.
    fires_ms: u64,
    /// Checks, or looks, end here.
    until_ms: u64,
}

impl NodeState {
    /// Before its turn.
    pub const fn new() -> Self {
        Self {
            phase: Phase::Waiting,
            asked: None,
            not_before_ms: 0,
            why: None,
            doubt: None,
            tries: 0,
            rollbacks: 0,
            fires_ms: 0,
            until_ms: 0,
        }
    }

    /// When its timer will have fired at the latest, if it is armed; operator's clock.
    pub const fn fires_ms(&self) -> Option<u64> {
        if self.fires_ms == 0 { None } else { Some(self.fires_ms) }
    }

    /// Whether nothing was changed on it in this attempt, and no step that changes it is under way.
    pub(super) const fn is_unchanged(&self) -> bool {
        self.phase.is_before_arming() || (matches!(self.phase, Phase::Arming) && self.asked.is_none() && self.fires_ms == 0)
    }

    /// No further node is begun: what was not changed stays, what is armed and not switched is disarmed, what runs the new system is judged.
    pub(super) const fn stop(&mut self) {
        if self.asked.is_some() {
            return;
        }
        if self.is_unchanged() {
            self.enter(Phase::Untouched);
        } else if matches!(self.phase, Phase::Switching) {
            self.enter(Phase::RollingBack);
        }
    }

    pub(super) const fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.tries = 0;
        self.not_before_ms = 0;
    }

    /// A step was begun; arming starts the node's clock.
    pub(super) const fn begin(&mut self, command: Command, at_ms: u64, limits: &Limits) {
        self.asked = Some(command);
        if matches!(command, Command::Arm) {
            self.fires_ms = at_ms.saturating_add(limits.confirm_ms);
        }
    }

    /// From now on nobody knows what it does: it is looked at until its timer is long past.
    pub(super) fn look(&mut self, at_ms: u64, limits: &Limits) {
        self.enter(Phase::Looking);
        self.until_ms = self.fires_ms.max(at_ms).max(at_ms.saturating_add(limits.confirm_ms)).saturating_add(limits.grace_ms);
    }

    /// A stop, or a new start: what had not been changed stays as it is.
    pub(super) fn restart(&mut self, at_ms: u64, limits: &Limits) {
        let phase = self.phase;
        let (fires_ms, fresh) = (self.fires_ms, Self::new());
        match phase {
            Phase::Confirmed => self.asked = None,
            _ if phase.is_in_flight() || phase == Phase::Unknown => {
                *self = Self { fires_ms, ..fresh };
                self.look(at_ms, limits);
            }
            _ => *self = fresh,
        }
    }

    fn fail(&mut self, why: String, to: Phase) {
        self.why.get_or_insert(why);
        self.enter(to);
    }

    /// The answer to what was asked.
    pub(super) fn answer(&mut self, command: Command, report: Report, at_ms: u64, limits: &Limits) {
        self.asked = None;
        match (self.phase, report) {
            (Phase::Looking, Report::Seen(sight)) => self.seen(sight, at_ms, limits),
            (Phase::Looking, Report::Failed(why) | Report::Lost(why)) => self.not_seen(why, at_ms, limits),
            (Phase::Preflight, Report::Already) => self.enter(Phase::Confirmed),
            // What it has of this rollout is brought to rest first; then it is asked again.
            (Phase::Preflight, Report::Unsettled) => self.look(at_ms, limits),
            (phase, Report::Done) => self.done(phase, at_ms, limits),
            (phase, Report::Failed(why)) => self.failed(phase, command, why, at_ms, limits),
            (phase, Report::Lost(why)) => self.lost(phase, command, why, at_ms, limits),
            (phase, Report::Seen(_) | Report::Already | Report::Unsettled) => {
                self.lost(phase, command, "the answer does not belong to what was asked".to_owned(), at_ms, limits);
            }
        }
    }

    fn done(&mut self, phase: Phase, at_ms: u64, limits: &Limits) {
        match phase {
            Phase::Preflight => self.enter(Phase::Ready),
            Phase::BackingUp => self.enter(Phase::Copying),
            Phase::Copying => self.enter(Phase::Arming),
            Phase::Arming => self.enter(Phase::Switching),
            Phase::Switching => self.check(at_ms, limits),
            Phase::Checking(check) => self.enter(check.next().map_or(Phase::Confirming, Phase::Checking)),
            Phase::Confirming => self.enter(Phase::Confirmed),
            Phase::RollingBack => self.is_back(),
            other => self.enter(other),
        }
    }

    /// The checks begin, and end early enough to go back before the timer does.
    fn check(&mut self, at_ms: u64, limits: &Limits) {
        self.doubt = None;
        self.enter(Phase::Checking(Check::Outside));
        let before_the_timer = self.fires_ms.saturating_sub(limits.confirm_ms / 6);
        self.until_ms = at_ms.saturating_add(limits.check_ms_max).min(before_the_timer);
    }

    /// The old system runs. Without a fault of the node it gets another turn.
    fn is_back(&mut self) {
        self.fires_ms = 0;
        let phase = if self.why.is_some() { Phase::Restored } else { Phase::Waiting };
        self.enter(phase);
    }

    fn failed(&mut self, phase: Phase, command: Command, why: String, at_ms: u64, limits: &Limits) {
        let why = format!("{command}: {why}");
        match phase {
            Phase::Preflight | Phase::BackingUp | Phase::Copying => self.fail(why, Phase::Untouched),
            Phase::Checking(_) => self.check_failed(why, at_ms, limits),
            Phase::RollingBack => {
                self.doubt = Some(why);
                self.look(at_ms, limits);
            }
            // The node may be half way: what it runs decides.
            Phase::Arming | Phase::Switching => {
                self.why.get_or_insert(why);
                self.look(at_ms, limits);
            }
            _ => {
                self.doubt = Some(why);
                self.look(at_ms, limits);
            }
        }
    }

    fn lost(&mut self, phase: Phase, command: Command, why: String, at_ms: u64, limits: &Limits) {
        let why = format!("{command}: {why}");
        match phase {
            Phase::Preflight | Phase::BackingUp | Phase::Copying if self.tries + 1 < limits.tries_max => {
                self.tries += 1;
                self.not_before_ms = at_ms.saturating_add(limits.again_ms);
            }
            Phase::Preflight | Phase::BackingUp | Phase::Copying => self.fail(why, Phase::Untouched),
            Phase::Checking(_) => self.check_failed(why, at_ms, limits),
            _ => {
                self.doubt = Some(why);
                self.look(at_ms, limits);
            }
        }
    }

    /// A service needs a moment to start: the check is repeated until its time is over.
    fn check_failed(&mut self, why: String, at_ms: u64, limits: &Limits) {
        // A clock that went back must not make it last for ever.
        self.until_ms = self.until_ms.min(at_ms.saturating_add(limits.check_ms_max));
        if at_ms >= self.until_ms {
            self.fail(why, Phase::RollingBack);
        } else {
            self.not_before_ms = at_ms.saturating_add(limits.again_ms);
        }
    }

    fn seen(&mut self, sight: Sight, at_ms: u64, limits: &Limits) {
        // A timer without the mark finds nothing to do when it fires.
        match sight {
            Sight { is_busy: true, .. } => self.look_again(at_ms, limits),
            Sight { runs: System::New, boots: System::New, is_marked: false, .. } => {
                // What was held against it is over: an order to confirm was faster than the one to go back.
                self.doubt = self.why.take().or_else(|| self.doubt.take());
                self.enter(Phase::Confirmed);
            }
            Sight { runs: System::New, is_armed: true, is_marked: true, .. } if self.why.is_none() => {
                // How old the timer is, nobody knows after a restart; the node decides when it is told to confirm.
                self.fires_ms = self.fires_ms.max(at_ms.saturating_add(limits.confirm_ms));
                self.check(at_ms, limits);
            }
            Sight { runs: System::Old, boots: System::Old, is_marked: false, .. } => {
                self.why =
                    self.why.take().or_else(|| Some(format!("{}; the node has gone back to the old system by itself", self.doubt.take()?)));
                self.is_back();
            }
            _ => self.go_back(at_ms, limits),
        }
    }

    fn go_back(&mut self, at_ms: u64, limits: &Limits) {
        self.why = self.why.take().or_else(|| self.doubt.take());
        if self.rollbacks < limits.tries_max {
            self.rollbacks += 1;
            self.enter(Phase::RollingBack);
        } else {
            self.look_again(at_ms, limits);
        }
    }

    fn not_seen(&mut self, why: String, at_ms: u64, limits: &Limits) {
        self.doubt.get_or_insert(why);
        self.look_again(at_ms, limits);
    }

    fn look_again(&mut self, at_ms: u64, limits: &Limits) {
        self.until_ms = self.until_ms.min(at_ms.saturating_add(2 * limits.confirm_ms + limits.grace_ms));
        if at_ms >= self.until_ms {
            let why = self.doubt.take().unwrap_or_else(|| "it did not come to rest".to_owned());
            self.fail(why, Phase::Unknown);
        } else {
            self.not_before_ms = at_ms.saturating_add(limits.again_ms);
        }
    }
}

impl Default for NodeState {
    fn default() -> Self {
        Self::new()
    }
}
