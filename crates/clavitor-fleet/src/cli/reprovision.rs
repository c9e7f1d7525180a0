//! `reprovision`: how a machine is made anew, as a list in words. It does nothing by itself: half of it happens at the provider.

use std::collections::BTreeMap;

use clap::Args;
use serde::Serialize;

use super::{Context, Done, Failure, Kind};
use crate::bootstrap::Method;
use crate::inventory::{Inventory, NetworkName, Node, NodeName, State};
use crate::tunnel::{Plan, Topology};

/// `reprovision`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  clavitor-fleet reprovision tokyo          the plan in words; it does nothing by itself")]
pub(super) struct Reprovision {
    /// The node
    node: NodeName,
}

#[derive(Serialize)]
struct Step {
    what: &'static str,
    next: Vec<String>,
}

/// `reprovision`
pub(super) fn reprovision(context: &Context, asked: &Reprovision) -> Done {
    let inventory = context.load()?;
    let (name, node) = (&asked.node, context.node(&inventory, &asked.node)?);
    if !node.is_wanted() {
        let refused = Failure::new(Kind::Refused, format!("{name} is retired; its name and number are not given again"));
        return Err(refused.next("clavitor-fleet node add"));
    }
    let mut steps = before(name);
    if inventory.hub_of(name).next().is_some() {
        let what = "It is a hub: until it is back you reach nodes through the other one. Try that before you go on.";
        steps.push(Step { what, next: vec![format!("clavitor-fleet status --network {}", other_way(&inventory, name).word())] });
    }
    steps.extend(machine(&inventory, name, node));
    steps.extend(tunnels(&inventory, name, node)?);
    steps.extend(after(&inventory, name));
    context.answer(&serde_json::json!({"schema": "clavitor.fleet-reprovision/1", "node": name, "steps": steps}), || {
        let lines = steps.iter().enumerate().map(|(number, step)| {
            let next: String = step.next.iter().map(|line| format!("\n     -> {line}")).collect();
            format!("{}. {}{next}", number + 1, step.what)
        });
        lines.collect::<Vec<_>>().join("\n")
    })
}

fn ssh(name: &NodeName) -> String {
    format!("(cd .fleet && ssh -F ssh_config {name}.a")
}

fn before(name: &NodeName) -> Vec<Step> {
    let ssh = ssh(name);
    vec![
        Step {
            what: "Open a window, so that nobody is paged for it.",
            next: vec![format!("clavitor-fleet incident maintain {name} --minutes 120 --why reprovision")],
        },
        Step {
            what: "While the old machine still answers: a verified backup, brought away from it. If it does not answer, take the newest backup you have; browsers that saw \
                   more will say so. Stop here if it does not open with the node's backup code.",
            next: vec![
                format!("{ssh} -- clavitor backup create --data /var/lib/clavitor /var/lib/clavitor/reprovision.clv)"),
                format!("(cd .fleet && scp -F ssh_config {name}.a:/var/lib/clavitor/reprovision.clv .)"),
                "clavitor backup verify .fleet/reprovision.clv".to_owned(),
            ],
        },
        Step {
            what: "Stop the old node for good, so that two never serve one vault.",
            next: vec![format!("{ssh} -- systemctl stop clavitor.socket clavitor-http.socket clavitor.service)")],
        },
    ]
}

/// The network that does not meet at this node.
fn other_way(inventory: &Inventory, name: &NodeName) -> NetworkName {
    if inventory.hub_of(name).any(|network| network == NetworkName::A) { NetworkName::B } else { NetworkName::A }
}

fn machine(inventory: &Inventory, name: &NodeName, node: &Node) -> Vec<Step> {
    let method = Method::for_ram_mb(inventory.plans.get(&node.plan).map_or(0, |plan| plan.ram_mb));
    let what = match method {
        Method::Anywhere => {
            "Write the machine anew, over whatever Linux it runs. The address stays the inventory's. --again makes a new one-time token and ends an older one."
        }
        Method::Image | Method::Settle => {
            "Write the machine anew, while it runs its provider's rescue system. The address stays the inventory's. --again makes a new one-time token and ends an older one."
        }
    };
    vec![
        Step {
            what,
            next: vec![
                "clavitor-fleet render --out rendered --binary FILE --release VERSION".to_owned(),
                format!("clavitor-fleet bootstrap {name} --nixos rendered --again >{name}.sh      # look at it"),
                format!("bash {name}.sh"),
            ],
        },
        Step {
            what: "Its keys are new, made on it at the first boot. Compare the fingerprints on its console with what it is enrolled with; this spends the token.",
            next: vec![format!("clavitor-fleet node enrol {name}")],
        },
    ]
}

/// The other ends of its tunnels learn the new key; then the machine gets its real system through them.
fn tunnels(inventory: &Inventory, name: &NodeName, node: &Node) -> Result<Vec<Step>, Failure> {
    let plan =
        Plan::of(&Topology::of(inventory)).map_err(|error| Failure::new(Kind::Inventory, "there is no plan for the tunnels").why(error))?;
    let via = other_way(inventory, name);
    let is_hub = inventory.hub_of(name).next().is_some();
    let mut steps = Vec::new();
    let forget: Vec<String> = shared(inventory, &plan, name)
        .into_iter()
        .map(|(file, ends)| {
            let ends = ends.join(" ");
            format!("for node in {ends}; do (cd .fleet && ssh -F ssh_config $node.{} -- rm -f {file}); done", via.word())
        })
        .collect();
    if !forget.is_empty() {
        let what = "Whom it shared a secret with forgets that one: the new machine does not have it, and no handshake would come about.";
        steps.push(Step { what, next: forget });
    }
    let others = inventory.active().map(|(other, _)| other).filter(|other| *other != name);
    let told: Vec<&str> = others.filter(|other| is_hub || inventory.hub_of(other).next().is_some()).map(NodeName::as_str).collect();
    let mut next = vec!["clavitor-fleet render --out rendered --binary FILE --release VERSION".to_owned()];
    if !told.is_empty() {
        let network = if is_hub { format!(" --network {}", via.word()) } else { String::new() };
        next.push(format!("clavitor-fleet deploy --version VERSION --flake rendered --only {}{network}", told.join(",")));
    }
    if is_hub {
        let with_key = inventory.operators.iter().filter(|(_, operator)| operator.wireguard.is_some());
        next.extend(with_key.map(|(operator, _)| format!("clavitor-fleet tunnel config {operator}      # a new file for their machine")));
    }
    steps.push(Step { what: "Give the other ends of its tunnels its new key.", next });
    let mut next = vec![format!("clavitor-fleet bootstrap {name} --nixos rendered --method settle | bash")];
    if node.state == State::Planned {
        next.push(format!("clavitor-fleet node activate {name}"));
    }
    steps.push(Step { what: "It still runs its first boot: give it its real system, through the tunnel. It is tried before it is made the one that boots.", next });
    steps.push(Step {
        what: "Give it the credentials that are in no image (clavitor.kuma-url and others).",
        next: vec!["clavitor-fleet kuma sync --help".to_owned()],
    });
    Ok(steps)
}

/// Files with secrets that other active nodes share with this one, and who has them.
fn shared<'a>(inventory: &Inventory, plan: &'a Plan, name: &NodeName) -> BTreeMap<&'a str, Vec<&'a str>> {
    let is_there = |other: &str| inventory.active().any(|(active, _)| active != name && active.as_str() == other);
    let mut files: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (other, node) in plan.nodes.iter().filter(|(other, _)| is_there(other)) {
        let peers = node.interfaces.iter().flat_map(|interface| &interface.peers);
        for peer in peers.filter(|peer| peer.name.to_string() == name.as_str()) {
            files.entry(&peer.preshared_key_file).or_default().push(other);
        }
    }
    files
}

fn after(inventory: &Inventory, name: &NodeName) -> Vec<Step> {
    let ssh = ssh(name);
    vec![
        Step {
            what: "Restore, with the node stopped, and start it. The backup code comes from standard input.",
            next: vec![
                format!("(cd .fleet && scp -F ssh_config reprovision.clv {name}.a:/var/lib/clavitor/)"),
                format!("{ssh} -- systemctl stop clavitor.service)"),
                format!("{ssh} -- clavitor restore --data /var/lib/clavitor /var/lib/clavitor/reprovision.clv)"),
                format!("{ssh} -- systemctl start clavitor.socket clavitor-http.socket clavitor.service)"),
            ],
        },
        Step {
            what: "See that it serves, with the version and the certificate it should have.",
            next: vec![format!("curl -sS https://{}/livez", inventory.host_name(name)), format!("clavitor-fleet diagnose {name}")],
        },
        Step {
            what: "The old machine may have been read: change the tunnel's keys once more when the new one runs. If it was taken and not merely lost, people end hosted tokens \
                   (\"A node you suspect\" in docs/OPERATIONS.md).",
            next: vec![format!("clavitor-fleet node rotate {name}")],
        },
        Step {
            what: "Close the window, and take the copy of the backup away.",
            next: vec![format!("clavitor-fleet incident maintain {name} --minutes 0"), "rm .fleet/reprovision.clv".to_owned()],
        },
    ]
}
