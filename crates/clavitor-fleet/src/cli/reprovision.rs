//! `reprovision`: how a machine is made anew, as a list in words. It does nothing by itself: half of it happens at the provider.

use clap::Args;
use serde::Serialize;

use super::{Context, Done, Failure, Kind};
use crate::inventory::{Inventory, NodeName};

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
        steps.push(Step { what, next: vec!["clavitor-fleet status --network b      # a, if this is hub B".to_owned()] });
    }
    steps.extend(machine(name));
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

fn machine(name: &NodeName) -> Vec<Step> {
    vec![
        Step {
            what: "Write the machine anew from the rendered image, at the provider or from its rescue system. The address stays the inventory's.",
            next: vec!["clavitor-fleet render --out rendered".to_owned()],
        },
        Step {
            what: "Its keys are new, made on it at the first boot. Compare the fingerprints on its console with what it is enrolled with.",
            next: vec![format!("clavitor-fleet node enrol {name}")],
        },
        Step {
            what: "Give the others its new tunnel key, and it the credentials that are in no image (clavitor.kuma-url and others).",
            next: vec![
                "clavitor-fleet render --out rendered".to_owned(),
                "clavitor-fleet deploy --help".to_owned(),
                "clavitor-fleet kuma sync --help".to_owned(),
            ],
        },
    ]
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
