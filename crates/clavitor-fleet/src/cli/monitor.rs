//! `monitor`: severities and incidents while it runs, from the nodes' own reports through the tunnel or from lines of JSON. `incident`: what people do with them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, Read as _, Write as _};
use std::net::SocketAddr;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::{Args, Subcommand};
use clavitor_outbound::Probe;
use serde_json::{Value, json};
use tokio::runtime::Handle;

use super::way::{Way, chosen};
use super::{Context, Done, Failure, Kind, kuma::kept, outside::Outside};
use crate::inventory::{Inventory, Node, NodeName};
use crate::monitor::{self, Input, Monitor, Output, Report};
use crate::remote::Ssh;
use crate::state_folder::StateFolder;
use crate::status::Sight;

/// Between two looks at each node.
const LOOK_S: u64 = 30;
const TICK: Duration = Duration::from_secs(1);
const PROBE: Duration = Duration::from_secs(10);
const PROBE_BYTES_MAX: usize = 4 << 10;
/// A report is a few kilobytes.
const LINE_BYTES_MAX: u64 = 64 << 10;
/// Inputs that wait for the machine.
const WAITING_MAX: usize = 1_024;

const EXAMPLES: &str = "\
Examples:
  clavitor-fleet monitor                              looks at every active node each 30 s, through the tunnel
  collector | clavitor-fleet monitor --stdin          one report of a node a line, as nodes push them to a collector
  clavitor-fleet monitor | while read -r notice; do ...; done

One line of JSON for each notice: {\"notify\":{\"number\":...,\"page\":true,\"severity\":\"sev1\",...}}. It goes on until Ctrl-C; what it knows is in .fleet/monitor.json and
survives a restart, and notices that were not printed are printed then. With --no-probe a line may also be {\"input\":{\"probed\":{\"node\":\"tokyo\",\"serving\":true}}}.";

/// `monitor`
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct MonitorArguments {
    /// Read reports as lines of JSON from standard input instead of looking at nodes; end with the input
    #[arg(long)]
    stdin: bool,
    /// With --stdin: do not ask silent nodes from outside; print {"probe":"NODE"} and wait for the answer in the input
    #[arg(long, requires = "stdin")]
    no_probe: bool,
    #[command(flatten)]
    way: Way,
    #[command(flatten)]
    outside: Outside,
}

/// `incident`
#[derive(Debug, Subcommand)]
pub(super) enum IncidentVerb {
    /// Open incidents; --all shows those that are over, too
    List {
        /// Those that are over, too
        #[arg(long)]
        all: bool,
    },
    /// One incident with its timeline
    Show {
        /// Its number
        id: u64,
    },
    /// You have it: no reminders until it gets worse
    Ack(Act),
    /// It is over; refused while its condition holds
    Resolve(Act),
    /// Write something down
    Note {
        #[command(flatten)]
        act: Act,
        /// What
        text: String,
    },
    /// Open a maintenance window for a node, as a deploy does
    Maintain {
        /// The node
        node: NodeName,
        /// For so many minutes; 0 ends it
        #[arg(long, value_parser = clap::value_parser!(u64).range(..=240))]
        minutes: u64,
        /// Why
        #[arg(long, default_value = "by hand")]
        why: String,
    },
}

/// Who does something with which incident.
#[derive(Debug, Args)]
pub(super) struct Act {
    /// Its number
    id: u64,
    /// Who you are
    #[arg(long, env = "USER", default_value = "operator")]
    by: String,
}

enum Told {
    Input(Input),
    Refused(String),
    Ended,
}

/// `monitor`
pub(super) fn monitor(context: &Context, asked: &MonitorArguments) -> Done {
    let inventory = context.load()?;
    chosen(context, &inventory, &[])?;
    let state = StateFolder::at(context.state_folder());
    let _held = state.lock("monitor").map_err(kept)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(|error| Failure::general("no runtime").why(error))?;
    let (sender, told) = mpsc::sync_channel(WAITING_MAX);
    let interrupted = sender.clone();
    runtime.spawn(async move {
        let _ = tokio::signal::ctrl_c().await;
        let _ = interrupted.try_send(Told::Ended);
    });
    if asked.stdin {
        let (lines, probes_too) = (sender.clone(), asked.no_probe);
        std::thread::spawn(move || read_lines(std::io::stdin().lock(), probes_too, &lines));
    } else {
        let ssh = Arc::new(asked.way.open(context, &inventory)?);
        for (name, _) in inventory.active() {
            runtime.spawn(look_for_ever(Arc::clone(&ssh), name.clone(), asked.way.data.clone(), sender.clone()));
        }
    }
    let prober = if asked.no_probe { None } else { Some(Prober::new(&inventory, &asked.outside, runtime.handle().clone(), sender)?) };
    let watched = Watch { context, state: &state, prober }.run(Monitor::resume(&state, &inventory, now_ms()).map_err(kept)?, &told);
    runtime.shutdown_background();
    watched
}

struct Watch<'a> {
    context: &'a Context,
    state: &'a StateFolder,
    prober: Option<Prober>,
}

impl Watch<'_> {
    fn run(&self, mut machine: Monitor, told: &mpsc::Receiver<Told>) -> Done {
        let count = machine.watched().count();
        self.context.say(format_args!("watching {count} node(s); Ctrl-C ends it, and what it knows is kept"));
        let again: Vec<_> = machine.undelivered().cloned().map(Output::Notify).collect();
        self.carry_out(&mut machine, again)?;
        let mut ended = false;
        while !ended {
            let mut inputs =
                monitor::take(self.state).map_err(kept)?.into_iter().filter_map(|input| self.understood(input)).collect::<Vec<_>>();
            match told.recv_timeout(TICK) {
                Ok(Told::Input(input)) => inputs.push(input),
                Ok(Told::Refused(why)) => self.context.say(why),
                Ok(Told::Ended) | Err(mpsc::RecvTimeoutError::Disconnected) => ended = true,
                Err(mpsc::RecvTimeoutError::Timeout) => {}
            }
            inputs.push(Input::Tick);
            let before = machine.clone();
            for input in inputs {
                let outputs = machine.step(now_ms(), input);
                self.carry_out(&mut machine, outputs)?;
            }
            if machine != before || ended {
                machine.keep(self.state).map_err(kept)?;
            }
        }
        Ok(())
    }

    fn understood(&self, input: Result<Input, crate::state_folder::StateError>) -> Option<Input> {
        input.inspect_err(|error| self.context.say(error)).ok()
    }

    /// State is kept before anything is told, so that what is told is never unknown after a restart.
    fn carry_out(&self, machine: &mut Monitor, outputs: Vec<Output>) -> Done {
        if !outputs.is_empty() {
            machine.keep(self.state).map_err(kept)?;
        }
        for output in outputs {
            match &output {
                Output::Probe(node) => match &self.prober {
                    Some(prober) => prober.ask(node),
                    None => print(&output)?,
                },
                Output::Notify(notice) => {
                    print(&output)?;
                    machine.step(now_ms(), Input::Delivered(notice.number));
                }
                Output::Refused(why) => self.context.say(why),
            }
        }
        Ok(())
    }
}

/// Asks silent nodes from outside, at their own addresses: a name may lead to the node that stands in for them.
struct Prober {
    prober: clavitor_outbound::Prober,
    runtime: Handle,
    fronts: BTreeMap<String, (SocketAddr, String)>,
    sender: mpsc::SyncSender<Told>,
}

impl Prober {
    fn new(inventory: &Inventory, outside: &Outside, runtime: Handle, sender: mpsc::SyncSender<Told>) -> Result<Self, Failure> {
        let front = |(name, node): (&NodeName, &Node)| (name.to_string(), (outside.at(node.address), inventory.host_name(name)));
        Ok(Self { prober: outside.prober()?, runtime, fronts: inventory.active().map(front).collect(), sender })
    }

    fn ask(&self, node: &str) {
        let Some((address, name)) = self.fronts.get(node).cloned() else { return };
        let (prober, sender, node) = (self.prober.clone(), self.sender.clone(), node.to_owned());
        self.runtime.spawn(async move {
            let probe = Probe { address, name: &name, paths: &["/livez"], deadline: PROBE, answer_bytes_max: PROBE_BYTES_MAX };
            let serving = prober.look(&probe).await.is_ok_and(|found| found.answers.iter().all(|answer| answer.status == 200));
            // A full queue loses the answer; the machine asks again.
            let _ = sender.try_send(Told::Input(Input::Probed { node, serving }));
        });
    }
}

async fn look_for_ever(ssh: Arc<Ssh>, node: NodeName, data: String, sender: mpsc::SyncSender<Told>) {
    loop {
        let began = Instant::now();
        if let Ok(sight) = Sight::of(&ssh, &node, &data, || now_ms() / 1_000).await {
            // The report counts for the node that was asked, whatever it calls itself.
            let input = sight.report.map(|report| Told::Input(Input::Report(Box::new(Report { node: node.to_string(), ..report }))));
            let _ = input.map(|input| sender.try_send(input));
        }
        tokio::time::sleep(Duration::from_secs(LOOK_S).saturating_sub(began.elapsed())).await;
    }
}

fn read_lines(mut lines: impl BufRead, probes_too: bool, sender: &mpsc::SyncSender<Told>) {
    for number in 1_u64.. {
        let told = match read_line(&mut lines) {
            Ok(None) | Err(_) => Told::Ended,
            Ok(Some(line)) if line.trim_ascii().is_empty() => continue,
            Ok(Some(line)) => understand(&line, probes_too).map_or_else(|why| Told::Refused(format!("line {number} {why}")), Told::Input),
        };
        let ended = matches!(told, Told::Ended);
        if sender.send(told).is_err() || ended {
            return;
        }
    }
}

/// A whole line. Of one that is too long the rest is passed over, so that it is not taken for a line of its own; what is left of it is no JSON.
fn read_line(lines: &mut impl BufRead) -> std::io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let read = lines.take(LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
    if read as u64 == LINE_BYTES_MAX && !line.ends_with(b"\n") {
        lines.skip_until(b'\n')?;
        line = format!("a line of more than {LINE_BYTES_MAX} bytes").into_bytes();
    }
    Ok((read > 0).then_some(line))
}

/// A report; or the answer of a probe, where this monitor was told that others probe. Nothing else: whoever writes these lines may pass on what nodes say.
fn understand(line: &[u8], probes_too: bool) -> Result<Input, String> {
    let text = str::from_utf8(line).map_err(|_| "is no text".to_owned())?;
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(mut object)) if object.len() == 1 && object.contains_key("input") => {
            let input = object.remove("input").unwrap_or_default();
            match serde_json::from_value(input) {
                Ok(input @ Input::Probed { .. }) if probes_too => Ok(input),
                Ok(_) => Err("is no report, and only answers of probes are taken besides, with --no-probe".to_owned()),
                Err(error) => Err(format!("is no input: {error}")),
            }
        }
        _ => Report::read(text).map(|report| Input::Report(Box::new(report))),
    }
}

fn print(output: &Output) -> Done {
    let line = serde_json::to_string(output).map_err(|error| Failure::general("a notice has no JSON form").why(error))?;
    let mut stdout = std::io::stdout().lock();
    let written = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
    written.map_err(|error| {
        Failure::general("standard output cannot be written; the notice is kept and told again at the next start").why(error)
    })
}

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// `incident`
pub(super) fn incident(context: &Context, verb: &IncidentVerb) -> Done {
    let state = StateFolder::at(context.state_folder());
    match verb {
        IncidentVerb::List { all } => list(context, &state, *all),
        IncidentVerb::Show { id } => show(context, &state, *id),
        IncidentVerb::Ack(act) => leave(context, &state, act.id, Input::Acknowledge { id: act.id, by: act.by.clone() }),
        IncidentVerb::Resolve(act) => leave(context, &state, act.id, Input::Resolve { id: act.id, by: act.by.clone() }),
        IncidentVerb::Note { act, text } => {
            leave(context, &state, act.id, Input::Note { id: act.id, by: act.by.clone(), text: text.clone() })
        }
        IncidentVerb::Maintain { node, minutes, why } => {
            context.node(&context.load()?, node)?;
            let until_ms = now_ms() + minutes * 60_000;
            send(context, &state, Input::Maintain { node: node.to_string(), until_ms, why: why.clone() })
        }
    }
}

fn list(context: &Context, state: &StateFolder, all: bool) -> Done {
    let machine = monitor::kept(state).map_err(kept)?;
    let Some(machine) = machine else {
        return Err(Failure::new(Kind::NotFound, "no monitor has run in this folder").next("clavitor-fleet monitor"));
    };
    let found: Vec<_> = machine.closed().filter(|_| all).chain(machine.open()).collect();
    let ids: BTreeSet<u64> = machine.open().map(|incident| incident.id).collect();
    context.answer(&json!({"schema": "clavitor.fleet-incidents/1", "incidents": found}), || {
        let lines = found.iter().map(|incident| {
            let state = match (&incident.acknowledged_by, ids.contains(&incident.id)) {
                (_, false) => "resolved".to_owned(),
                (Some(by), _) => format!("acknowledged by {by}"),
                (None, _) => "open".to_owned(),
            };
            format!(
                "{:<5} {:<6} {:<12} {:<12} {state}: {}",
                incident.id,
                incident.severity.word(),
                incident.key.node,
                incident.key.check.word(),
                incident.words
            )
        });
        let lines: Vec<String> = lines.collect();
        if lines.is_empty() { "no open incident".to_owned() } else { lines.join("\n") }
    })
}

fn show(context: &Context, state: &StateFolder, id: u64) -> Done {
    let machine = monitor::kept(state).map_err(kept)?;
    let found = machine.iter().flat_map(|machine| machine.open().chain(machine.closed())).find(|incident| incident.id == id);
    let incident = found
        .ok_or_else(|| Failure::new(Kind::NotFound, format!("there is no incident {id}")).next("clavitor-fleet incident list --all"))?;
    context.answer(incident, || {
        let mut lines =
            vec![format!("{} {} {}: {}", incident.severity.word(), incident.key.node, incident.key.check.word(), incident.words)];
        let moment = |at_ms: u64| crate::inventory::Moment::of_unix_s(at_ms / 1_000);
        lines.extend(
            incident
                .timeline
                .iter()
                .map(|event| format!("{}  {:<6} {:?}: {}", moment(event.at_ms), event.severity.word(), event.what, event.words)),
        );
        lines.join("\n")
    })
}

fn leave(context: &Context, state: &StateFolder, id: u64, input: Input) -> Done {
    let known =
        monitor::kept(state).map_err(kept)?.is_some_and(|machine| machine.open().chain(machine.closed()).any(|incident| incident.id == id));
    if !known {
        return Err(Failure::new(Kind::NotFound, format!("there is no incident {id}")).next("clavitor-fleet incident list"));
    }
    send(context, state, input)
}

/// To the monitor that runs, or straight into what it keeps while none does.
fn send(context: &Context, state: &StateFolder, input: Input) -> Done {
    let Ok(_held) = state.lock("monitor") else {
        monitor::leave(state, now_ms(), &input).map_err(kept)?;
        context.say("the running monitor has it within a second");
        return Ok(());
    };
    let Some(mut machine) = monitor::kept(state).map_err(kept)? else {
        return monitor::leave(state, now_ms(), &input).map_err(kept);
    };
    let refused =
        machine.step(now_ms(), input).into_iter().find_map(|output| if let Output::Refused(why) = output { Some(why) } else { None });
    machine.keep(state).map_err(kept)?;
    refused.map_or(Ok(()), |why| Err(Failure::new(Kind::Refused, why)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str, probes_too: bool) -> Vec<Result<Input, String>> {
        let (sender, told) = mpsc::sync_channel(16);
        read_lines(text.as_bytes(), probes_too, &sender);
        drop(sender);
        let told = told.iter().filter_map(|told| match told {
            Told::Input(input) => Some(Ok(input)),
            Told::Refused(why) => Some(Err(why)),
            Told::Ended => None,
        });
        told.collect()
    }

    #[test]
    fn the_rest_of_a_line_that_is_too_long_is_not_a_line() {
        let hidden = r#"{"node":"seoul","ready":true}"#;
        let long = format!("{{\"node\":\"tokyo\",\"x\":\"{}{hidden}\n{{\"node\":\"osaka\"}}\n", "x".repeat(LINE_BYTES_MAX as usize - 22));
        let told = told(&long, false);
        assert!(told.len() == 2 && told[0].as_ref().is_err_and(|why| why.starts_with("line 1 is no JSON")), "{told:?}");
        assert!(matches!(&told[1], Ok(Input::Report(report)) if report.node == "osaka"), "{told:?}");
    }

    #[test]
    fn what_nodes_push_is_a_report_and_no_order() {
        let probed = r#"{"input":{"probed":{"node":"tokyo","serving":true}}}"#;
        let order = r#"{"input":{"acknowledge":{"id":1,"by":"nobody"}}}"#;
        assert!(told(probed, false)[0].is_err() && told(order, false)[0].is_err() && told(order, true)[0].is_err());
        assert!(matches!(told(probed, true)[0], Ok(Input::Probed { serving: true, .. })));
    }
}
