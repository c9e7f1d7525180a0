//! `rollout show` and `rollout abort`, and what `deploy` shares with them: the journal, the lock, the run itself.

use std::sync::Arc;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::deploy::nodes;
use super::outside::Outside;
use super::progress::Progress;
use super::way::{Way, block_on};
use super::{Context, Done, Failure, Kind};
use crate::inventory::NodeName;
use crate::rollout::{
    Clock, Input, Journal, JournalError, Nodes, Outcome, Phase, Plan, Stage, State, newest, next_words, path_of, read, run as run_rollout,
    state_words,
};
use crate::state_folder::{Lock, StateError, StateFolder};

/// `rollout`
#[derive(Debug, Subcommand)]
pub(super) enum RolloutVerb {
    /// Where the newest rollout stands, or the one that is named
    Show(Show),
    /// Give up the rollout that stopped: what is not confirmed goes back
    Abort(Abort),
}

/// `rollout show`
#[derive(Debug, Args)]
pub(super) struct Show {
    /// A rollout's name; the newest, if not given
    id: Option<String>,
}

/// `rollout abort`
#[derive(Debug, Args)]
pub(super) struct Abort {
    #[command(flatten)]
    way: Way,
    #[command(flatten)]
    outside: Outside,
}

pub(super) fn run(context: &Context, verb: RolloutVerb) -> Done {
    match verb {
        RolloutVerb::Show(show) => self::show(context, show),
        RolloutVerb::Abort(abort) => self::abort(context, &abort),
    }
}

/// A rollout about to go on.
pub(super) struct Run {
    pub(super) journal: Journal,
    pub(super) state: State,
    pub(super) first: Input,
}

/// The fleet's state folder with its lock: nobody else rolls out while this lives.
pub(super) struct Open<'a> {
    context: &'a Context,
    _held: Lock,
}

/// Takes the lock.
pub(super) fn open(context: &Context) -> Result<Open<'_>, Failure> {
    let held = StateFolder::at(context.state_folder()).lock("rollout").map_err(|error| match error {
        StateError::Busy(_, holder) => Failure::new(Kind::Busy, format!("another rollout is running from this folder: {holder}"))
            .next("wait for it, or end that process: its journal can be resumed"),
        error => Failure::general(error.to_string()),
    })?;
    Ok(Open { context, _held: held })
}

impl Open<'_> {
    /// A rollout that may have nodes in flight comes first.
    pub(super) fn refuse_if_unfinished(&self) -> Done {
        let Some(id) = newest(&self.context.state_folder()).map_err(|error| journal(&error))? else { return Ok(()) };
        let found = match read(&path_of(&self.context.state_folder(), &id)) {
            Ok(found) => found,
            Err(JournalError::NeverBegun(_)) => return Ok(()),
            Err(error) => return Err(journal(&error)),
        };
        match found.state.outcome() {
            // Cut off between the plan and its first step.
            None if *found.state.stage() == Stage::Proposed => Ok(()),
            Some(Outcome::Unknown | Outcome::Interrupted) | None => {
                let failure = Failure::new(Kind::Refused, format!("rollout {id} has not come to an end"));
                Err(failure.next("clavitor-fleet rollout show; then clavitor-fleet deploy --resume, or clavitor-fleet rollout abort"))
            }
            Some(_) => Ok(()),
        }
    }

    /// The journal of a new rollout. The newest one is found by its name, which begins with the time.
    pub(super) fn begin(&self, plan: &Plan) -> Result<Journal, Failure> {
        let newest = newest(&self.context.state_folder()).map_err(|error| journal(&error))?;
        if let Some(later) = newest.filter(|newest| newest.as_str() >= plan.id()) {
            return Err(Failure::new(Kind::Refused, format!("by this machine's clock the last rollout, {later}, is still to come"))
                .next("timedatectl; or move its journal away if its name is wrong"));
        }
        Journal::create(&self.context.state_folder(), plan, Clock::start(0).now_ms()).map_err(|error| journal(&error))
    }

    /// The newest rollout, if something is left of it.
    pub(super) fn go_on(&self, first: Input) -> Result<Run, Failure> {
        let folder = self.context.state_folder();
        let none =
            || Failure::new(Kind::NotFound, "there is no rollout to go on with").next("clavitor-fleet deploy --version V --flake DIR");
        let id = newest(&folder).map_err(|error| journal(&error))?.ok_or_else(none)?;
        let (journal, found) = Journal::reopen(&folder, &id).map_err(|error| self::journal(&error))?;
        if found.is_torn {
            self.context.say("The journal's last line was cut off while it was written; the nodes are asked instead.");
        }
        match found.state.outcome() {
            Some(outcome) if outcome.is_closed() => Err(none().why(format!("rollout {id} has ended: {outcome}"))),
            _ if *found.state.stage() == Stage::Proposed => Err(none().why(format!("rollout {id} was never begun"))),
            _ => Ok(Run { journal, state: found.state, first }),
        }
    }
}

pub(super) fn journal(error: &JournalError) -> Failure {
    match error {
        JournalError::NoSuch(_) | JournalError::NeverBegun(_) => Failure::new(Kind::NotFound, error.to_string()),
        JournalError::Line { .. } => Failure::new(Kind::Refused, "the journal of the rollout does not hold, so it is not trusted")
            .why(error)
            .next("look at each node by hand, then move the file away"),
        JournalError::Io(..) => Failure::general("the journal of the rollout").why(error),
    }
}

/// Runs it to its end, an interruption, or a second Ctrl-C.
pub(super) fn drive(context: &Context, run: Run, nodes: Nodes) -> Done {
    let Run { mut journal, state, first } = run;
    let mut progress = Progress::new(context.clone());
    let clock = Clock::start(read(journal.path()).map_err(|error| self::journal(&error))?.at_ms);
    let ended = block_on(async {
        let leave = progress.watch_interrupts();
        tokio::select! {
            ended = run_rollout(state, first, Arc::new(nodes), &mut journal, clock, &mut progress) => Ok(Some(ended)),
            () = leave => Ok(None),
        }
    })?;
    match ended {
        None => Err(Failure::new(
            Kind::Interrupted,
            "left at once; what was under way on nodes goes on, and unconfirmed ones go back by their own timer",
        )
        .next("clavitor-fleet rollout show, then clavitor-fleet deploy --resume")),
        Some(Err(error)) => Err(self::journal(&error)
            .next("make room or mend the disk; unconfirmed nodes go back by their own timer; then clavitor-fleet deploy --resume")),
        Some(Ok((state, outcome))) => end(context, &state, outcome, clock.now_ms()),
    }
}

fn end(context: &Context, state: &State, outcome: Outcome, at_ms: u64) -> Done {
    if !context.json() {
        context.say(state_words(state, at_ms).trim_end());
    }
    let Some(kind) = outcome.kind() else {
        context.say(format_args!("Rollout {}: {outcome}.", state.plan().id()));
        return Ok(());
    };
    let failed = state.nodes().iter().find_map(|(node, of)| Some(format!("{node}: {}", of.why.as_ref()?)));
    let failure = Failure::new(kind, format!("rollout {}: {outcome}", state.plan().id())).next(next_words(outcome).unwrap_or_default());
    Err(match failed.or_else(|| state.why().map(str::to_owned)) {
        Some(why) => failure.why(why),
        None => failure,
    })
}

/// Where a rollout stands, as JSON.
#[derive(Debug, Serialize)]
struct Standing<'a> {
    schema: &'static str,
    plan: &'a Plan,
    outcome: Option<Outcome>,
    why: Option<&'a str>,
    as_of_unix_ms: u64,
    nodes: Vec<NodeStanding<'a>>,
}

#[derive(Debug, Serialize)]
struct NodeStanding<'a> {
    node: &'a NodeName,
    phase: Phase,
    why: Option<&'a str>,
    timer_fires_unix_ms: Option<u64>,
}

fn show(context: &Context, show: Show) -> Done {
    let folder = context.state_folder();
    let newest = || newest(&folder).map_err(|error| journal(&error));
    let Some(id) = show.id.map_or_else(newest, |id| Ok(Some(id)))? else {
        return Err(Failure::new(Kind::NotFound, "there has been no rollout from this folder"));
    };
    if id.contains(['/', '\0']) {
        return Err(Failure::new(Kind::NotFound, format!("there is no rollout {id}")));
    }
    let found = read(&path_of(&folder, &id)).map_err(|error| journal(&error))?;
    let state = &found.state;
    let standing = Standing {
        schema: "clavitor.fleet-rollout/1",
        plan: state.plan(),
        outcome: state.outcome(),
        why: state.why(),
        as_of_unix_ms: found.at_ms,
        nodes: state
            .nodes()
            .iter()
            .map(|(node, of)| NodeStanding {
                node,
                phase: of.phase,
                why: of.why.as_deref().or(of.doubt.as_deref()),
                timer_fires_unix_ms: of.fires_ms().filter(|_| of.phase.is_in_flight()),
            })
            .collect(),
    };
    context.answer(&standing, || {
        let end = state.outcome().map_or_else(|| "not ended: running, or cut off".to_owned(), |outcome| outcome.to_string());
        let next =
            state.outcome().map_or(next_words(Outcome::Interrupted), next_words).map_or_else(String::new, |next| format!("next: {next}\n"));
        format!("Rollout {}: {end}\n{}{next}", state.plan().id(), state_words(state, Clock::start(0).now_ms()))
    })
}

fn abort(context: &Context, abort: &Abort) -> Done {
    let inventory = context.load()?;
    let open = open(context)?;
    let run = open.go_on(Input::Aborted)?;
    drive(context, run, nodes(context, &inventory, &abort.way, &abort.outside)?)
}

/// Where the nodes stand, before the operator says yes to going on.
pub(super) fn state_of(context: &Context, state: &State) {
    if !context.json() {
        context.say(format_args!(
            "Rollout {}, where it stopped:\n{}",
            state.plan().id(),
            state_words(state, Clock::start(0).now_ms()).trim_end()
        ));
    }
}
