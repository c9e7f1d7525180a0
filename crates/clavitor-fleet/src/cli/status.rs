//! `status` and `diagnose`: where the fleet stands, and what to do about one node.

use std::sync::Arc;

use clap::Args;
use serde::Serialize;
use tokio::task::JoinSet;

use super::way::{Way, block_on, chosen, missed};
use super::{Context, Done, Failure, Kind, kuma::kept};
use crate::inventory::{Day, Inventory, NodeName};
use crate::monitor::{Rules, open_incidents};
use crate::remote::Ssh;
use crate::state_folder::StateFolder;
use crate::status::{Advice, History, Row, Seen, Sight, State, advise, key_age_days};

const STATUS_EXAMPLES: &str = "\
Examples:
  clavitor-fleet status
  clavitor-fleet status --only tokyo --only seoul --json
  clavitor-fleet status --last                      what was seen last, without asking anybody

Exit code 10 when a node needs somebody or was not seen; what was not seen now is never called healthy.";

/// `status`
#[derive(Debug, Args)]
#[command(after_help = STATUS_EXAMPLES)]
pub(super) struct Status {
    /// Only this node; can be repeated
    #[arg(long, value_name = "NODE")]
    only: Vec<NodeName>,
    /// Ask nobody; show what was last seen, as old as it is
    #[arg(long)]
    last: bool,
    #[command(flatten)]
    way: Way,
}

const DIAGNOSE_EXAMPLES: &str = "\
Examples:
  clavitor-fleet diagnose tokyo
  clavitor-fleet diagnose tokyo --network b

Exit code 10 when something needs somebody now.";

/// `diagnose`
#[derive(Debug, Args)]
#[command(after_help = DIAGNOSE_EXAMPLES)]
pub(super) struct Diagnose {
    /// The node
    node: NodeName,
    #[command(flatten)]
    way: Way,
}

#[derive(Serialize)]
struct Table<'a> {
    schema: &'static str,
    at_unix_s: u64,
    state: State,
    nodes: &'a [Row],
    fleet_incidents: Vec<String>,
}

#[derive(Serialize)]
struct Diagnosis<'a> {
    schema: &'static str,
    node: &'a Row,
    advice: &'a [Advice],
}

/// `status`
pub(super) fn status(context: &Context, asked: &Status) -> Done {
    let inventory = context.load()?;
    let nodes: Vec<NodeName> = chosen(context, &inventory, &asked.only)?.into_iter().map(|(name, _)| name.clone()).collect();
    let state = StateFolder::at(context.state_folder());
    let mut history: History = state.read_json(History::FILE).map_err(kept)?.unwrap_or_default();
    let seen = if asked.last {
        nodes.iter().map(|node| (node.clone(), Err("nobody was asked (--last)".to_owned()))).collect()
    } else {
        context.say(format_args!("asking {} node(s)", nodes.len()));
        block_on(look_at(context, asked.way.open(context, &inventory)?, &nodes, &asked.way.data))?
    };
    let rows = rows(context, &inventory, seen, &mut history, &state)?;
    if !asked.last {
        state.write_json(History::FILE, &history).map_err(kept)?;
    }
    let worst = rows.iter().map(|row| row.state).max().unwrap_or(State::Unknown);
    let fleet_incidents = incidents(&state, crate::monitor::FLEET)?;
    let table = Table { schema: "clavitor.fleet-status/1", at_unix_s: context.now_unix_s(), state: worst, nodes: &rows, fleet_incidents };
    context.answer(&table, || words(&table))?;
    if worst >= State::Unknown { Err(Failure::said(Kind::Unhealthy)) } else { Ok(()) }
}

/// `diagnose`
pub(super) fn diagnose(context: &Context, asked: &Diagnose) -> Done {
    let inventory = context.load()?;
    chosen(context, &inventory, std::slice::from_ref(&asked.node))?;
    let state = StateFolder::at(context.state_folder());
    let mut history: History = state.read_json(History::FILE).map_err(kept)?.unwrap_or_default();
    context.say(format_args!("asking {}", asked.node));
    let ssh = asked.way.open(context, &inventory)?;
    let sight = block_on(async { Sight::of(&ssh, &asked.node, &asked.way.data, now_s).await.map_err(|error| missed(&error)) });
    let sight = sight.map_err(|failure| unreachable(&inventory, &asked.node, failure))?;
    let seen = vec![(asked.node.clone(), Ok(sight.clone()))];
    let rows = rows(context, &inventory, seen, &mut history, &state)?;
    state.write_json(History::FILE, &history).map_err(kept)?;
    let Some(row) = rows.first() else { return Ok(()) };
    let advice = advise(&inventory, &asked.node, &sight, row, &history);
    let worst = advice.iter().map(|one| one.state).max().unwrap_or(State::Ok).max(row.state);
    let diagnosis = Diagnosis { schema: "clavitor.fleet-diagnosis/1", node: row, advice: &advice };
    context.answer(&diagnosis, || advice_words(row, &advice))?;
    if worst == State::Red { Err(Failure::said(Kind::Unhealthy)) } else { Ok(()) }
}

/// The next steps for a node that does not answer: is it the tunnel, the machine, or the provider?
fn unreachable(inventory: &Inventory, node: &NodeName, failure: Failure) -> Failure {
    let host = inventory.host_name(node);
    failure.next(format!(
        "curl -sS -o /dev/null -w '%{{http_code}}\\n' https://{host}/livez   (200: it serves, and only the way in is gone: try --network b; nothing: look at the provider's console, then `clavitor-fleet reprovision {node}`)"
    ))
}

type Looks = Vec<(NodeName, Result<Sight, String>)>;

/// Looks at all of them at once; the slowest decides how long it takes. Ctrl-C leaves the nodes as they are: looking changes nothing.
pub(super) async fn look_at(context: &Context, ssh: Ssh, nodes: &[NodeName], data: &str) -> Result<Looks, Failure> {
    let (ssh, mut looks, mut seen) = (Arc::new(ssh), JoinSet::new(), Vec::new());
    for node in nodes {
        let (ssh, node, data) = (Arc::clone(&ssh), node.clone(), data.to_owned());
        looks.spawn(async move {
            let sight = Sight::of(&ssh, &node, &data, now_s).await.map_err(|error| error.to_string());
            (node, sight)
        });
    }
    loop {
        tokio::select! {
            look = looks.join_next() => match look {
                Some(Ok(look)) => seen.push(look),
                Some(Err(error)) => return Err(Failure::general("a look at a node ended").why(error)),
                None => break,
            },
            _ = tokio::signal::ctrl_c() => return Err(Failure::new(Kind::Interrupted, "interrupted; nothing was changed")),
        }
        if seen.len() < nodes.len() && seen.len() % 4 == 0 {
            context.say(format_args!("{} of {}", seen.len(), nodes.len()));
        }
    }
    seen.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(seen)
}

fn rows(context: &Context, inventory: &Inventory, looks: Looks, history: &mut History, state: &StateFolder) -> Result<Vec<Row>, Failure> {
    let (rules, now_s) = (Rules::of(inventory), context.now_unix_s());
    let today = Day::of_unix_s(now_s);
    let mut rows = Vec::new();
    for (name, look) in looks {
        let seen = match look {
            Ok(sight) => {
                history.saw(name.as_str(), &sight);
                Seen::Now(Box::new(sight))
            }
            Err(why) => Seen::Not(why, history.last(name.as_str()).cloned().map(Box::new)),
        };
        let key_days = inventory.node(&name).and_then(|node| key_age_days(node, today));
        rows.push(Row::of(name.as_str(), &seen, incidents(state, name.as_str())?, key_days, &rules, now_s));
    }
    Ok(rows)
}

fn incidents(state: &StateFolder, node: &str) -> Result<Vec<String>, Failure> {
    let open = open_incidents(state).map_err(kept)?;
    let of = open.get(node).into_iter().flatten();
    Ok(of
        .map(|incident| format!("{} {} {}: {}", incident.id, incident.severity.word(), incident.key.check.word(), incident.words))
        .collect())
}

pub(super) fn now_s() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn words(table: &Table<'_>) -> String {
    let head = ["NODE", "STATE", "VERSION", "GEN", "CERT", "DISK", "MEM", "WAL", "BACKUP", "KEYS", "INC", "SEEN"].map(str::to_owned);
    let mut lines = vec![head];
    lines.extend(table.nodes.iter().map(cells));
    let mut widths = [0; 12];
    for line in &lines {
        widths.iter_mut().zip(line).for_each(|(width, cell)| *width = (*width).max(cell.chars().count()));
    }
    let padded =
        |line: &[String; 12]| line.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect::<Vec<_>>().join("  ");
    let mut text: Vec<String> = lines.iter().map(|line| padded(line).trim_end().to_owned()).collect();
    for row in table.nodes {
        text.extend(row.reasons.iter().map(|why| format!("{}: {why}", row.node)));
        text.extend(row.incidents.iter().map(|incident| format!("{}: incident {incident}", row.node)));
    }
    text.extend(table.fleet_incidents.iter().map(|incident| format!("the fleet: incident {incident}")));
    let count = |state| table.nodes.iter().filter(|row| row.state == state).count();
    text.push(format!(
        "{} nodes: {} ok, {} warn, {} red, {} not seen",
        table.nodes.len(),
        count(State::Ok),
        count(State::Warn),
        count(State::Red),
        count(State::Unknown)
    ));
    text.join("\n")
}

fn cells(row: &Row) -> [String; 12] {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let percent = |value: Option<f64>| or_dash(value.map(|value| format!("{value:.0} %")));
    let certificate = row.certificate_days.map(|days| match row.certificate_left_pct {
        Some(left) => format!("{days} d {left:.0} %"),
        None => format!("{days} d"),
    });
    let now = row.state != State::Unknown;
    let seen = match row.age_s {
        Some(_) if now => "now".to_owned(),
        Some(age_s) => format!("{} ago", span(age_s)),
        None => "never".to_owned(),
    };
    [
        row.node.clone(),
        row.state.word().to_owned(),
        or_dash(row.version.clone()),
        or_dash(row.generation.map(|generation| generation.to_string())),
        or_dash(certificate),
        percent(row.disk_pct),
        percent(row.memory_pct),
        or_dash(row.wal_mb.map(|wal_mb| format!("{wal_mb} MB"))),
        or_dash(row.backup_h.map(|hours| format!("{hours} h"))),
        or_dash(row.key_days.map(|days| format!("{days} d"))),
        row.incidents.len().to_string(),
        seen,
    ]
}

fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

fn advice_words(row: &Row, advice: &[Advice]) -> String {
    let mut lines = vec![format!("{}: {}", row.node, row.state.word())];
    lines.extend(row.incidents.iter().map(|incident| format!("      incident {incident}")));
    for one in advice {
        lines.push(format!("{:<7} {}", one.state.word(), one.what));
        lines.extend(one.next.iter().map(|next| format!("        -> {next}")));
    }
    lines.join("\n")
}
