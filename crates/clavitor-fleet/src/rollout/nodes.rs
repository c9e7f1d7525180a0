//! The state machine's commands, done for real: scripts over ssh, `nix copy`, TLS from outside. What an answer means is judged here; what follows from it is not.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use clavitor_api::{NodeInfo, Readiness};
use clavitor_outbound::{Probe, Probed, Prober};

use crate::{
    inventory::NodeName,
    monitor::open_incidents,
    remote::{Bounds, RemoteError, Said, Ssh, plain},
    state_folder::StateFolder,
};

use super::{
    command::{Check, Command, Report, System},
    facts::{Facts, Needs, own_word, previous},
    plan::{ANY_VERSION, Plan},
};

const PLACE: &str = include_str!("scripts/place.sh");
const BACK: &str = include_str!("scripts/back.sh");

const PROBE: Duration = Duration::from_secs(15);
const PROBE_BYTES_MAX: usize = 64 << 10;
const STEP: Bounds = Bounds::seconds(60);
/// A large vault is copied, sealed and read back.
const BACKUP: Bounds = Bounds::seconds(900);
/// A whole system over a slow line.
const COPY: Bounds = Bounds::seconds(3_600);
/// Longer than the timer: past it, looking says more than waiting.
const SWITCH: Bounds = Bounds::seconds(150);

/// How a node is seen from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Front {
    /// Its public address and port.
    pub address: SocketAddr,
    /// Its public name.
    pub name: String,
}

/// Everything that is needed to do what a rollout asks.
pub struct Nodes {
    /// The way to nodes through the tunnel.
    pub ssh: Ssh,
    /// Who looks at them from outside.
    pub prober: Prober,
    /// Where they are seen from outside.
    pub fronts: BTreeMap<NodeName, Front>,
    /// What a node must have before it is touched.
    pub needs: Needs,
    /// Where the monitor keeps its incidents; a node with an open one is not touched.
    pub state: StateFolder,
    /// Where nodes keep their vault.
    pub data: String,
}

impl Nodes {
    /// Does what is asked of a node. Takes as long as the command's own bounds allow; whoever drops it leaves the node to finish.
    pub async fn ask(&self, plan: &Plan, node: &NodeName, command: Command) -> Report {
        let closure = plan.closure(node).unwrap_or_default();
        match command {
            Command::Serving => self.serving(node).await,
            Command::Preflight => self.preflight(plan.id(), node, closure).await,
            Command::Backup => self.step(node, include_str!("scripts/backup.sh"), &[plan.id(), &self.data], BACKUP).await,
            Command::Copy => self.copy(node, closure).await,
            Command::Arm => self.arm(plan, node, closure).await,
            Command::Switch => self.switch(node, closure).await,
            Command::Check(Check::Outside) => self.outside(node, plan.version()).await,
            Command::Check(Check::Tunnel) => self.through_tunnel(node, closure).await,
            Command::Check(Check::Heartbeat) => self.heartbeat(node, closure, plan.version()).await,
            Command::Confirm => self.step(node, include_str!("scripts/confirm.sh"), &[closure], STEP).await,
            Command::Rollback => self.back(node, closure).await,
            Command::Look => self.look(node, closure).await,
        }
    }

    async fn arm(&self, plan: &Plan, node: &NodeName, closure: &str) -> Report {
        let seconds = (plan.limits().confirm_ms / 1000).to_string();
        let timer = format!("{PLACE}\n{BACK}\n{}", include_str!("scripts/timer.sh"));
        self.step(node, include_str!("scripts/arm.sh"), &[closure, &seconds, plan.id(), &timer], STEP).await
    }

    async fn switch(&self, node: &NodeName, closure: &str) -> Report {
        let unit = format!("{PLACE}\n{}", include_str!("scripts/activate.sh"));
        self.step(node, include_str!("scripts/switch.sh"), &[closure, &unit], SWITCH).await
    }

    async fn back(&self, node: &NodeName, closure: &str) -> Report {
        self.step(node, &format!("{BACK}\n{}", include_str!("scripts/rollback.sh")), &[closure], SWITCH).await
    }

    /// A script that does something: done only if it says so at its end.
    async fn step(&self, node: &NodeName, script: &str, arguments: &[&str], bounds: Bounds) -> Report {
        match self.script(node, script, arguments, bounds).await {
            Ok(said) if said.is_success() && Facts::read(&said.out).is_some() => Report::Done,
            Ok(said) => Report::Failed(words(&said)),
            Err(report) => report,
        }
    }

    async fn script(&self, node: &NodeName, script: &str, arguments: &[&str], bounds: Bounds) -> Result<Said, Report> {
        self.ssh.script(node, &format!("{PLACE}\n{script}"), arguments, bounds).await.map_err(|error| missed(&error))
    }

    /// The system of the generation before the one that boots.
    ///
    /// # Errors
    /// In words: no connection, or no such generation.
    pub async fn previous(&self, node: &NodeName) -> Result<String, String> {
        match self.script(node, include_str!("scripts/previous.sh"), &[], STEP).await {
            Ok(said) => previous(&said.out).ok_or_else(|| words(&said)),
            Err(Report::Failed(why) | Report::Lost(why)) => Err(why),
            Err(_) => Err("no answer".to_owned()),
        }
    }

    async fn copy(&self, node: &NodeName, closure: &str) -> Report {
        // It may be there already: from an earlier attempt, or because it is an older one that comes back.
        if self.step(node, include_str!("scripts/has.sh"), &[closure], STEP).await == Report::Done {
            return Report::Done;
        }
        match self.ssh.copy(node, closure, COPY).await {
            Ok(said) if said.is_success() => Report::Done,
            Ok(said) => Report::Failed(words(&said)),
            Err(error) => missed(&error),
        }
    }

    async fn preflight(&self, rollout: &str, node: &NodeName, closure: &str) -> Report {
        if let Err(why) = self.no_incident(node) {
            return Report::Failed(why);
        }
        let before_s = now_s();
        let said = match self.script(node, include_str!("scripts/preflight.sh"), &[&self.data], STEP).await {
            Ok(said) => said,
            Err(report) => return report,
        };
        let Some(facts) = Facts::read(&said.out).filter(|_| said.is_success()) else { return Report::Failed(words(&said)) };
        let report = facts.judge(rollout, closure, &self.needs, before_s, now_s());
        if report == Report::Done { self.certificate(node).await } else { report }
    }

    /// Read each time: an incident may come up while waves before this node's are under way.
    fn no_incident(&self, node: &NodeName) -> Result<(), String> {
        let open = open_incidents(&self.state).map_err(|error| format!("the monitor's incidents: {error}"))?;
        match open.get(node.as_str()).and_then(|incidents| incidents.first()) {
            Some(incident) => Err(format!("it has an open incident: {}", incident.words)),
            None => Ok(()),
        }
    }

    /// From outside it must serve, with a certificate that will outlive the rollout. What fails there fails for people, too.
    async fn certificate(&self, node: &NodeName) -> Report {
        let probed = match self.probe(node, &["/readyz"]).await {
            Ok(probed) => probed,
            Err(why) => return Report::Failed(format!("from outside: {why}")),
        };
        let left = probed.life_left(i64::try_from(now_s()).unwrap_or(i64::MAX));
        if left <= self.needs.life_left_min {
            return Report::Failed(format!(
                "its certificate has {:.0} % of its life left: see docs/OPERATIONS.md, \"Certificates\"",
                left * 100.0
            ));
        }
        readiness(&probed)
    }

    async fn serving(&self, node: &NodeName) -> Report {
        match self.probe(node, &["/readyz"]).await {
            Ok(probed) => readiness(&probed),
            Err(why) => Report::Failed(why),
        }
    }

    async fn outside(&self, node: &NodeName, version: &str) -> Report {
        let probed = match self.probe(node, &["/readyz", "/v1/node"]).await {
            Ok(probed) => probed,
            Err(why) => return Report::Failed(why),
        };
        let info = probed.answers.get(1).and_then(|answer| serde_json::from_slice::<NodeInfo>(&answer.body).ok());
        match info {
            Some(info) if info.version == version || version == ANY_VERSION => readiness(&probed),
            Some(info) => Report::Failed(format!("it serves version {}, and should serve {version}", plain(&info.version))),
            None => Report::Failed("it does not say which version it serves".to_owned()),
        }
    }

    async fn probe(&self, node: &NodeName, paths: &[&str]) -> Result<Probed, String> {
        let front = self.fronts.get(node).ok_or_else(|| "the inventory has no address of it".to_owned())?;
        let probe = Probe { address: front.address, name: &front.name, paths, deadline: PROBE, answer_bytes_max: PROBE_BYTES_MAX };
        self.prober.look(&probe).await.map_err(|error| format!("https://{} at {}: {error}", front.name, front.address))
    }

    async fn through_tunnel(&self, node: &NodeName, closure: &str) -> Report {
        match self.look(node, closure).await {
            Report::Seen(sight) if sight.runs == System::New => Report::Done,
            Report::Seen(_) => Report::Failed("it does not run the new system".to_owned()),
            other => other,
        }
    }

    async fn heartbeat(&self, node: &NodeName, closure: &str, version: &str) -> Report {
        match self.script(node, include_str!("scripts/word.sh"), &[&self.data], STEP).await {
            Ok(said) => own_word(&said.out, closure, version),
            Err(report) => report,
        }
    }

    async fn look(&self, node: &NodeName, closure: &str) -> Report {
        match self.script(node, include_str!("scripts/look.sh"), &[], STEP).await {
            Ok(said) => {
                Facts::read(&said.out).and_then(|facts| facts.sight(closure)).map_or_else(|| Report::Failed(words(&said)), Report::Seen)
            }
            Err(report) => report,
        }
    }
}

/// Ready, or which checks fail.
fn readiness(probed: &Probed) -> Report {
    let Some(answer) = probed.answers.first() else { return Report::Failed("it did not answer".to_owned()) };
    if answer.status == 200 {
        return Report::Done;
    }
    let failing = serde_json::from_slice::<Readiness>(&answer.body).map(|readiness| readiness.checks).unwrap_or_default();
    let names: Vec<&str> = failing.iter().map(|check| check.check.as_str()).collect();
    let names = if names.is_empty() { "it does not say why".to_owned() } else { plain(&names.join(", ")) };
    Report::Failed(format!("it is not ready ({}): {names}", answer.status))
}

/// Whether the command may have run decides between a refusal and a doubt.
fn missed(error: &RemoteError) -> Report {
    match error {
        RemoteError::Lost(..) | RemoteError::Unreachable(..) => Report::Lost(error.to_string()),
        _ => Report::Failed(error.to_string()),
    }
}

fn words(said: &Said) -> String {
    let text = plain(if said.err.trim().is_empty() { &said.out } else { &said.err });
    match said.code {
        _ if !text.is_empty() => text,
        Some(code) => format!("it ended with {code} and said nothing"),
        None => "it was ended by a signal".to_owned(),
    }
}

fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
