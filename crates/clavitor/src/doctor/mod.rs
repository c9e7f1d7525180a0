//! `doctor`: looks at everything that can be wrong, and says what to type. It changes nothing; it asks the network only about names that were given to it.

mod certificate;
mod clock;
mod finding;
mod network;
mod node;
mod place;
mod told;

use anyhow::bail;
use clavitor_server::{
    Limits,
    control::{self, AskError, Order, Reply, State},
    edition::Edition,
};

use self::{
    finding::{Finding, exit_code},
    node::Node,
};
use crate::{arguments::Doctor, print, serve::now_ms, settings};

/// Looks, says, and returns the exit code.
pub(crate) fn run(doctor: &Doctor, edition: &dyn Edition) -> anyhow::Result<u8> {
    let findings = examine(doctor, edition)?;
    if doctor.json {
        print::data(&serde_json::to_string_pretty(&findings.iter().map(Finding::json).collect::<Vec<_>>())?)?;
    } else {
        for finding in &findings {
            print::data(&finding.text())?;
        }
    }
    Ok(exit_code(&findings))
}

fn examine(doctor: &Doctor, edition: &dyn Edition) -> anyhow::Result<Vec<Finding>> {
    let (serve, now_ms) = (&doctor.serve, now_ms());
    let data = &serve.node.data;
    let mut findings = vec![Finding::ok("program", format!("{} {}", edition.name(), edition.version())), clock::look(now_ms)];
    let (of_place, has_database) = place::look(data);
    findings.extend(of_place);
    let node = if has_database {
        let (node, of_node) = node::look(data, || ask(data), now_ms);
        findings.extend(of_node);
        node
    } else {
        Node::Unknown
    };
    findings.extend(node::backups(data, &node, serve.backups.schedule().as_ref(), now_ms));
    match &node {
        Node::Running(state) => {
            findings.push(node::port(state.listen, true));
            findings.extend(told::look(state));
        }
        Node::Stopped(_) => findings.extend([node::port(serve.node.bind, false), node::limits(Limits::default().connections_max as u64)]),
        Node::Unknown => {}
    }
    if !matches!(node, Node::Running(_)) {
        findings.extend(node::swap());
    }
    findings.extend(certificate::look(serve, now_ms));
    findings.extend(names(doctor)?);
    Ok(findings)
}

fn ask(data: &std::path::Path) -> Result<State, AskError> {
    match control::ask(data, &Order::State)? {
        Reply::State(state) => Ok(*state),
        _ => Err(AskError::Answer),
    }
}

/// The only requests that the doctor makes: the addresses of the names that the operator gave.
fn names(doctor: &Doctor) -> anyhow::Result<Vec<Finding>> {
    let names = settings::public_names(&doctor.serve);
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { bail!("no runtime") };
    let own = network::own_addresses();
    Ok(names
        .iter()
        .map(|name| {
            let found = runtime.block_on(clavitor_server::names::addresses(name)).map_err(|error| error.to_string());
            network::points_here(name, found.as_deref().map_err(String::as_str), &own)
        })
        .collect())
}
