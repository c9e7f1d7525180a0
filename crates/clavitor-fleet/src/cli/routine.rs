//! `routine`: the SOC's work on nodes, said before it is done.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::way::{Way, block_on, chosen};
use super::{Context, Done, Failure, Kind, deploy::confirm, kuma::kept};
use crate::inventory::{Day, Inventory, NodeName};
use crate::monitor::Rules;
use crate::routine::{self, Codes, Journal, Outcome, Work};
use crate::state_folder::StateFolder;
use crate::status::key_age_days;

const EXAMPLES: &str = "\
Examples:
  clavitor-fleet routine daily --yes                       changes nothing on any node
  clavitor-fleet routine weekly --codes ~/clavitor-codes   shows what it will do, and asks
  clavitor-fleet routine weekly --only tokyo --dry-run

A run that was cut off (Ctrl-C, a lost connection) goes on where it was; --anew begins again. Exit code 10 when a step failed; the other nodes were done all the same.";

/// `routine`
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Routine {
    /// Which
    kind: routine::Kind,
    /// Only this node; can be repeated
    #[arg(long, value_name = "NODE")]
    only: Vec<NodeName>,
    /// Show what it would do, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Begin again although the last run was cut off
    #[arg(long)]
    anew: bool,
    /// A folder with the nodes' backup codes, one file named as the node each, for the restore drill
    #[arg(long, value_name = "FOLDER")]
    codes: Option<PathBuf>,
    /// The program on this machine, for the restore drill
    #[arg(long, value_name = "FILE", default_value = "clavitor")]
    clavitor: PathBuf,
    #[command(flatten)]
    way: Way,
}

#[derive(Serialize)]
struct Answer<'a> {
    schema: &'static str,
    resumed: bool,
    dry_run: bool,
    #[serde(flatten)]
    journal: &'a Journal,
}

/// `routine`
pub(super) fn routine(context: &Context, asked: &Routine) -> Done {
    let inventory = context.load()?;
    let nodes: Vec<String> = chosen(context, &inventory, &asked.only)?.into_iter().map(|(name, _)| name.to_string()).collect();
    let state = StateFolder::at(context.state_folder());
    let _held = state.lock("routine").map_err(kept)?;
    let file = Journal::file(asked.kind);
    let last: Option<Journal> = state.read_json(&file).map_err(kept)?;
    let resumable = last.filter(|last| !asked.anew && last.is_resumable(asked.kind, &nodes, context.now_unix_s()));
    let resumed = resumable.is_some();
    let mut journal = resumable.unwrap_or_else(|| Journal::new(asked.kind, &nodes, context.now_unix_s()));
    say_plan(context, &journal, resumed);
    if asked.dry_run {
        let answer = Answer { schema: "clavitor.fleet-routine/1", resumed, dry_run: true, journal: &journal };
        return context.answer(&answer, || "nothing was done (--dry-run)".to_owned());
    }
    confirm(context, asked.yes)?;
    state.write_json(&file, &journal).map_err(kept)?;
    block_on(run(context, &inventory, asked, &state, &mut journal))?;
    let answer = Answer { schema: "clavitor.fleet-routine/1", resumed, dry_run: false, journal: &journal };
    context.answer(&answer, || words(&journal))?;
    if journal.count("FAILED") > 0 { Err(Failure::said(Kind::Unhealthy)) } else { Ok(()) }
}

fn say_plan(context: &Context, journal: &Journal, resumed: bool) {
    let left = journal.steps.iter().filter(|step| step.outcome == Outcome::Pending).count();
    if resumed {
        context
            .say(format_args!("the last run was cut off; it goes on with {left} of {} steps (--anew begins again)", journal.steps.len()));
    }
    let mut nodes: Vec<&str> = journal.steps.iter().map(|step| step.node.as_str()).collect();
    nodes.dedup();
    context.say(format_args!("{} routine on {}:", journal.kind.word(), nodes.join(", ")));
    for task in journal.kind.tasks() {
        context.say(format_args!("  {:<12} {}", task.word(), task.words()));
    }
}

async fn run(context: &Context, inventory: &Inventory, asked: &Routine, state: &StateFolder, journal: &mut Journal) -> Done {
    let (ssh, rules) = (asked.way.open(context, inventory)?, Rules::of(inventory));
    let today = Day::of_unix_s(context.now_unix_s());
    let key_days: BTreeMap<String, u32> =
        inventory.active().filter_map(|(name, node)| Some((name.to_string(), key_age_days(node, today)?))).collect();
    let codes = asked.codes.clone().map(Codes);
    let (data, clavitor) = (asked.way.data.as_str(), asked.clavitor.as_path());
    let work = Work { ssh: &ssh, data, rules: &rules, codes: codes.as_ref(), clavitor, key_days: &key_days, clock: super::status::now_s };
    let (file, all) = (Journal::file(journal.kind), journal.steps.len());
    let mut seen = BTreeMap::new();
    while let Some(place) = journal.next() {
        let Some((name, task)) = journal.steps.get(place).map(|step| (step.node.clone(), step.task)) else { break };
        let node: NodeName = name.parse().map_err(|_| Failure::general(format!("{name} is no node's name")))?;
        context.say(format_args!("[{}/{all}] {name}: {}", place + 1, task.word()));
        let sight = seen.entry(name.clone()).or_insert(None);
        let outcome = tokio::select! {
            outcome = work.carry_out(&node, task, sight) => outcome,
            _ = tokio::signal::ctrl_c() => {
                let next = format!("clavitor-fleet routine {}   (goes on with this step)", journal.kind.word());
                let what = format!("interrupted at {name}: {}; {place} of {all} steps are done and kept", task.word());
                return Err(Failure::new(Kind::Interrupted, what).next(next));
            }
        };
        context.say(format_args!("        {} {}", outcome.word(), outcome.words()));
        journal.ended(place, outcome);
        state.write_json(&file, journal).map_err(kept)?;
    }
    journal.ended_s = Some(context.now_unix_s());
    state.write_json(&file, journal).map_err(kept)
}

fn words(journal: &Journal) -> String {
    let told = journal.steps.iter().filter(|step| !matches!(step.outcome, Outcome::Well(_)));
    let mut lines: Vec<String> = told
        .map(|step| format!("{:<8} {:<12} {:<12} {}", step.outcome.word(), step.node, step.task.word(), step.outcome.words()))
        .collect();
    let [ok, warned, failed, skipped] = ["ok", "warn", "FAILED", "skipped"].map(|word| journal.count(word));
    lines.push(format!("{} routine: {ok} ok, {warned} warned, {failed} failed, {skipped} skipped", journal.kind.word()));
    lines.join("\n")
}
