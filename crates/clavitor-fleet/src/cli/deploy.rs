//! `deploy` and `rollback`: a plan in words, a yes, and the rollout.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead as _, IsTerminal as _};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};

use super::outside::Outside;
use super::rollout::{Run, drive, open, state_of};
use super::way::{Way, block_on, none_active};
use super::{Context, Done, Failure, Kind};
use crate::inventory::{Inventory, Moment, NodeName};
use crate::remote::{Bounds, plain, run};
use crate::rollout::{
    ANY_VERSION, Candidate, Clock, Command, Front, Input, Limits, Needs, Nodes, Plan, PlanError, Report, Wish, plan_words,
};
use crate::state_folder::StateFolder;

/// Building a system off the node may take long the first time.
const BUILD: Bounds = Bounds::seconds(7_200);
const ANSWER_BYTES_MAX: u64 = 16;

const EXAMPLES: &str = "\
Examples:
  clavitor-fleet deploy --version 0.2.0 --flake out --dry-run        the plan; nobody is asked
  clavitor-fleet deploy --version 0.2.0 --flake out                  build, show the plan, ask, roll out
  clavitor-fleet deploy --version 0.2.0 --flake out --only tokyo,seoul --yes
  clavitor-fleet deploy --resume                                     go on where it stopped

Exit codes: 0 every node is confirmed, 4 a node refused and was not changed, 8 a node did not pass and is back, 9 of a node nobody knows what it runs,
10 a node that should serve does not, 130 interrupted; docs/FLEET.md says what to do.";

/// `deploy`
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Deploy {
    /// The version that every node must report afterwards
    #[arg(long, value_name = "V", required_unless_present = "resume")]
    version: Option<String>,
    /// A node's new system, built already: its store path on this machine. Once for each node
    #[arg(long, value_name = "NODE=PATH", value_parser = closure, conflicts_with = "flake")]
    closure: Vec<(NodeName, String)>,
    /// The folder that `render` wrote: systems are built from it, here
    #[arg(long, value_name = "DIR", required_unless_present_any = ["resume", "closure"])]
    flake: Option<PathBuf>,
    /// These nodes only
    #[arg(long, value_name = "NODE,…", value_delimiter = ',')]
    only: Vec<NodeName>,
    #[command(flatten)]
    pace: Pace,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Show the plan and do nothing
    #[arg(long)]
    dry_run: bool,
    /// With --dry-run: ask the nodes whether they could; nothing is changed on them
    #[arg(long, requires = "dry_run")]
    preflight: bool,
    /// Go on with the rollout that stopped or was cut off
    #[arg(long, conflicts_with_all = ["closure", "flake", "only", "dry_run", "confirm_s", "soak_s"])]
    resume: bool,
    #[command(flatten)]
    way: Way,
    #[command(flatten)]
    outside: Outside,
}

/// How patient a rollout is.
#[derive(Debug, Args)]
struct Pace {
    /// Seconds until an unconfirmed node goes back by itself, instead of the inventory's confirm_s
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(8..=3600))]
    confirm_s: Option<u32>,
    /// Seconds of watching between waves, instead of the inventory's soak_s
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(..=86_400))]
    soak_s: Option<u32>,
}

impl Pace {
    fn set(&self, inventory: &mut Inventory) {
        let rollout = &mut inventory.rollout;
        rollout.confirm_s = self.confirm_s.unwrap_or(rollout.confirm_s);
        rollout.soak_s = self.soak_s.unwrap_or(rollout.soak_s);
    }
}

/// `rollback`
#[derive(Debug, Args)]
pub(super) struct Rollback {
    /// The node that goes back to the generation before
    node: NodeName,
    /// The version that it must report afterwards; any, if not given
    #[arg(long, value_name = "V", default_value = ANY_VERSION)]
    version: String,
    #[command(flatten)]
    pace: Pace,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    way: Way,
    #[command(flatten)]
    outside: Outside,
}

fn closure(text: &str) -> Result<(NodeName, String), String> {
    let (node, path) = text.split_once('=').ok_or("write NODE=/nix/store/…")?;
    Ok((node.parse()?, path.to_owned()))
}

/// `deploy`
pub(super) fn deploy(context: &Context, deploy: &Deploy) -> Done {
    let mut inventory = context.load()?;
    deploy.pace.set(&mut inventory);
    if deploy.resume {
        return resume(context, deploy, &inventory);
    }
    let chosen = chosen(context, &inventory, deploy)?;
    // Looked at before anything is built; looked at again, under the lock, before anything is begun.
    if !deploy.dry_run {
        open(context)?.refuse_if_unfinished()?;
    }
    let closures = match &deploy.flake {
        Some(_) if deploy.dry_run && !deploy.preflight => unbuilt(&chosen),
        Some(folder) => build(context, folder, &chosen)?,
        None => deploy.closure.iter().cloned().collect(),
    };
    let mut given = BTreeSet::new();
    if let Some((name, _)) = deploy.closure.iter().find(|(name, _)| !given.insert(name)) {
        return Err(Failure::new(Kind::Usage, format!("{name} is given two systems")));
    }
    let version = deploy.version.clone().unwrap_or_default();
    let plan = plan(&inventory, &deploy.way, version, &chosen, &closures)?;
    let nodes = nodes(context, &inventory, &deploy.way, &deploy.outside)?;
    if deploy.dry_run {
        return propose(context, &plan, deploy.preflight.then_some(&nodes));
    }
    begin(context, &plan, nodes, deploy.yes)
}

/// `rollback`
pub(super) fn rollback(context: &Context, rollback: &Rollback) -> Done {
    let mut inventory = context.load()?;
    rollback.pace.set(&mut inventory);
    let node = context.node(&inventory, &rollback.node)?;
    if !node.is_active() {
        return Err(Failure::new(Kind::Refused, format!("{} is not active in the inventory", rollback.node)));
    }
    open(context)?.refuse_if_unfinished()?;
    let nodes = nodes(context, &inventory, &rollback.way, &rollback.outside)?;
    let previous = block_on(unless_interrupted(nodes.previous(&rollback.node)))?;
    let previous = previous.map_err(|why| Failure::new(Kind::Refused, format!("{} cannot go back", rollback.node)).why(why))?;
    context
        .say(format_args!("{} goes back to {previous}, as a rollout to one node: with a backup, a timer and the checks.", rollback.node));
    let closures = BTreeMap::from([(rollback.node.clone(), previous)]);
    let plan = plan(&inventory, &rollback.way, rollback.version.clone(), std::slice::from_ref(&rollback.node), &closures)?;
    begin(context, &plan, nodes, rollback.yes)
}

fn begin(context: &Context, plan: &Plan, nodes: Nodes, yes: bool) -> Done {
    if !context.json() {
        context.say(plan_words(plan).trim_end());
    }
    confirm(context, yes)?;
    let open = open(context)?;
    open.refuse_if_unfinished()?;
    let run = Run { journal: open.begin(plan)?, state: crate::rollout::State::new(plan.clone()), first: Input::Approved };
    drive(context, run, nodes)
}

fn resume(context: &Context, deploy: &Deploy, inventory: &Inventory) -> Done {
    let open = open(context)?;
    let run = open.go_on(Input::Resumed)?;
    if deploy.version.as_ref().is_some_and(|version| version != run.state.plan().version()) {
        let failure = Failure::new(Kind::Refused, format!("the rollout that stopped is of version {}", run.state.plan().version()));
        return Err(failure.next("clavitor-fleet deploy --resume without --version, or clavitor-fleet rollout abort"));
    }
    state_of(context, &run.state);
    confirm(context, deploy.yes)?;
    let nodes = nodes(context, inventory, &deploy.way, &deploy.outside)?;
    drive(context, run, nodes)
}

/// The operator reads and says yes; a program says --yes.
pub(super) fn confirm(context: &Context, yes: bool) -> Done {
    if yes {
        return Ok(());
    }
    let not = Failure::new(Kind::NotConfirmed, "nothing was done").next("the same with --yes, or answer yes on a terminal");
    if !io::stdin().is_terminal() {
        return Err(not.why("nobody is there to ask"));
    }
    context.say("Go on? Type yes:");
    let (tell, told) = tokio::sync::oneshot::channel();
    // A thread of its own: nothing ends the reading of a terminal, and Ctrl-C must end the verb.
    std::thread::spawn(move || {
        let mut answer = String::new();
        let read = io::Read::take(io::stdin().lock(), ANSWER_BYTES_MAX).read_line(&mut answer);
        // Nobody listens once Ctrl-C was pressed.
        let _ = tell.send(read.is_ok() && answer.trim() == "yes");
    });
    if block_on(unless_interrupted(told))? == Ok(true) { Ok(()) } else { Err(not) }
}

fn chosen(context: &Context, inventory: &Inventory, deploy: &Deploy) -> Result<Vec<NodeName>, Failure> {
    for name in deploy.only.iter().chain(deploy.closure.iter().map(|(name, _)| name)) {
        if !context.node(inventory, name)?.is_active() {
            return Err(
                Failure::new(Kind::Refused, format!("{name} is not active in the inventory")).next(format!("clavitor-fleet show {name}"))
            );
        }
    }
    if inventory.active().next().is_none() {
        return Err(none_active());
    }
    let wanted = |name: &NodeName| match (deploy.only.is_empty(), deploy.flake.is_some()) {
        (true, true) => true,
        (true, false) => deploy.closure.iter().any(|(node, _)| node == name),
        (false, _) => deploy.only.contains(name),
    };
    Ok(inventory.active().map(|(name, _)| name.clone()).filter(|name| wanted(name)).collect())
}

fn plan(
    inventory: &Inventory,
    way: &Way,
    version: String,
    chosen: &[NodeName],
    closures: &BTreeMap<NodeName, String>,
) -> Result<Plan, Failure> {
    let of = &inventory.rollout;
    let limits = Limits::default();
    let confirm_ms = u64::from(of.confirm_s) * 1000;
    let missing = chosen.iter().find(|name| !closures.contains_key(*name));
    if let Some(name) = missing {
        return Err(Failure::new(Kind::NotFound, format!("no system is given for {name}"))
            .next(format!("--closure {name}=/nix/store/…, or --flake DIR")));
    }
    let candidate = |name: &NodeName| Candidate {
        node: name.clone(),
        closure: closures.get(name).cloned().unwrap_or_default(),
        is_hub: inventory.hub_of(name).next().is_some() || inventory.node(name).is_some_and(crate::inventory::Node::is_hub),
    };
    let pair = |(name, node): (&NodeName, &crate::inventory::Node)| Some((name.clone(), node.backup.clone()?));
    // To the millisecond: two rollouts may begin within a second.
    let now_ms = Clock::start(0).now_ms();
    let moment = Moment::of_unix_s(now_ms / 1000).to_string().replace(['-', ':', 'Z'], "");
    let wish = Wish {
        id: format!("{moment}.{:03}Z-{version}", now_ms % 1000),
        version,
        candidates: chosen.iter().map(candidate).collect(),
        pairs: inventory.active().filter_map(pair).collect(),
        bystanders: inventory.active().map(|(name, _)| name.clone()).filter(|name| !chosen.contains(name)).collect(),
        hub_in_use: Some(inventory.networks.get(way.first()).hub.clone()),
        sizes: of.waves.iter().map(|size| usize::from(*size)).collect(),
        limits: Limits {
            confirm_ms,
            check_ms_max: limits.check_ms_max.min(confirm_ms / 2),
            soak_ms: u64::from(of.soak_s) * 1000,
            again_ms: limits.again_ms.min(confirm_ms / 20),
            grace_ms: limits.grace_ms.min(confirm_ms),
            ..limits
        },
    };
    Plan::new(wish).map_err(|error| {
        let kind = if matches!(error, PlanError::Empty) { Kind::NotFound } else { Kind::Usage };
        Failure::new(kind, error.to_string())
    })
}

/// What is needed to do what a rollout asks.
pub(super) fn nodes(context: &Context, inventory: &Inventory, way: &Way, outside: &Outside) -> Result<Nodes, Failure> {
    let front = |(name, node): (&NodeName, &crate::inventory::Node)| {
        (name.clone(), Front { address: outside.at(node.address), name: inventory.host_name(name) })
    };
    let needs = Needs { free_kb_min: u64::from(inventory.rollout.disk_free_mb_min) << 10, ..Needs::default() };
    let fronts = inventory.active().map(front).collect();
    let state = StateFolder::at(context.state_folder());
    Ok(Nodes { ssh: way.open(context, inventory)?, prober: outside.prober()?, fronts, needs, state, data: way.data.clone() })
}

/// A plan without systems: nothing is built for a look at the waves.
fn unbuilt(chosen: &[NodeName]) -> BTreeMap<NodeName, String> {
    let path = |name: &NodeName| format!("/nix/store/{}-nixos-system-{name}-not-built", "0".repeat(32));
    chosen.iter().map(|name| (name.clone(), path(name))).collect()
}

/// What `nix build --json` says of one system. Older versions have no other way to tell where it lies.
#[derive(Debug, Deserialize)]
struct Built {
    outputs: BTreeMap<String, String>,
}

fn build(context: &Context, folder: &Path, chosen: &[NodeName]) -> Result<BTreeMap<NodeName, String>, Failure> {
    let folder = folder.canonicalize().map_err(|error| Failure::new(Kind::NotFound, format!("{}: {error}", folder.display())))?;
    let one = |(place, name): (usize, &NodeName)| {
        context.say(format_args!("building {name} ({}/{})", place + 1, chosen.len()));
        // Named from within: whatever characters the folder's own name has, they are not nix's to read.
        let what = format!("path:.#nixosConfigurations.{name}.config.system.build.toplevel");
        let argv = ["nix", "--extra-experimental-features", "nix-command flakes", "build", "--no-link", "--json", what.as_str()];
        let not = || Failure::general(format!("{name} was not built"));
        let said = block_on(unless_interrupted(run(&argv, &[], &folder, BUILD)))?.map_err(|error| not().why(error))?;
        if !said.is_success() {
            return Err(not().why(plain(&said.err)));
        }
        let built: Vec<Built> = serde_json::from_str(&said.out).map_err(|error| not().why(format!("nix said something else: {error}")))?;
        let path = built.into_iter().find_map(|mut built| built.outputs.remove("out"));
        Ok((name.clone(), path.ok_or_else(|| not().why("nix names no output of it"))?))
    };
    chosen.iter().enumerate().map(one).collect()
}

/// Before a rollout has begun, Ctrl-C ends what was started on this machine, and the verb. Programs that were started are out of the terminal's reach.
async fn unless_interrupted<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    tokio::select! {
        done = work => Ok(done),
        _ = tokio::signal::ctrl_c() => Err(Failure::new(Kind::Interrupted, "interrupted; no rollout was begun and no node was changed")),
    }
}

/// The answer of `--dry-run`.
#[derive(Debug, Serialize)]
struct Proposal<'a> {
    schema: &'static str,
    #[serde(flatten)]
    plan: &'a Plan,
    #[serde(skip_serializing_if = "Option::is_none")]
    preflight: Option<Vec<Asked<'a>>>,
}

/// What a node said to the preflight.
#[derive(Debug, Serialize)]
struct Asked<'a> {
    node: &'a NodeName,
    report: Report,
}

/// Shows the plan; asks every node of it whether it could, if there is a way to them. Changes nothing.
fn propose(context: &Context, plan: &Plan, nodes: Option<&Nodes>) -> Done {
    let ask = |nodes: &Nodes| {
        let one = |node| {
            let report = block_on(unless_interrupted(nodes.ask(plan, node, Command::Preflight)))?;
            let asked = Asked { node, report };
            tell(context, &asked);
            Ok(asked)
        };
        plan.nodes().map(one).collect::<Result<Vec<_>, Failure>>()
    };
    let proposal = Proposal { schema: "clavitor.fleet-rollout-plan/1", plan, preflight: nodes.map(ask).transpose()? };
    context.answer(&proposal, || plan_words(plan))?;
    let refused = proposal.preflight.iter().flatten().filter(|asked| !matches!(asked.report, Report::Done | Report::Already)).count();
    match refused {
        0 => Ok(()),
        count => Err(Failure::new(Kind::Refused, format!("{count} of {} nodes could not take the new version now", plan.nodes().count()))),
    }
}

fn tell(context: &Context, asked: &Asked<'_>) {
    let Asked { node, report } = asked;
    match report {
        Report::Failed(why) | Report::Lost(why) => context.say(format_args!("  {node}: {why}")),
        Report::Already => context.say(format_args!("  {node}: runs it already")),
        Report::Unsettled => context.say(format_args!("  {node}: a step of this rollout is still under way there")),
        Report::Done | Report::Seen(_) => context.say(format_args!("  {node}: can")),
    }
}
