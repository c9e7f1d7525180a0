//! Orders to a node: to the one that runs on the data folder, or to the store itself while none does.

use std::path::Path;

use anyhow::{Context as _, bail};
use clavitor_server::control::{self, Order, Reply};
use clavitor_vault::{OpenError, OpenOptions, Vault};

use crate::{arguments::Node, print, reach, serve::now_ms, settings};

/// Carries an order out.
pub(crate) fn order(node: &Node, order: Order) -> anyhow::Result<Reply> {
    let origin = reach::origin_unstarted(node);
    if !node.data.join("clavitor.db").exists() {
        bail!("there is no vault in {}; start a node there first, or say --data", node.data.display());
    }
    let options = OpenOptions { rp_id: settings::rp_id(node, &origin), ..OpenOptions::default() };
    let reply = match Vault::open(&node.data, &options, now_ms()) {
        Ok(vault) => {
            let reply = control::carry_out(&vault, &origin, now_ms(), order);
            vault.close();
            reply
        }
        Err(OpenError::InUse(_)) => control::ask(&node.data, &order)?,
        Err(error) => return Err(error.into()),
    };
    match reply {
        Reply::Refused(why) => bail!("{why}"),
        done => Ok(done),
    }
}

/// `setup-link`.
pub(crate) fn setup_link(node: &Node) -> anyhow::Result<()> {
    let Reply::Text(link) = order(node, Order::SetupLink)? else { bail!("the node answered something else") };
    print::words("Open this link once, within a day, to make one more vault. Whoever has it can make it:");
    print::data(&link)
}

/// `vitals`. A node that does not run has none, and its store is left alone.
pub(crate) fn vitals(node: &Node) -> anyhow::Result<()> {
    match control::ask(&node.data, &Order::Vitals).context("only a node that runs has a report; is --data right?")? {
        Reply::Vitals(report) => print::data(&report.to_string()),
        Reply::Refused(why) => bail!("{why}"),
        _ => bail!("the node answered something else"),
    }
}

/// A path that means the same to a node with another working folder.
pub(crate) fn absolute(path: &Path) -> anyhow::Result<std::path::PathBuf> {
    std::path::absolute(path).with_context(|| format!("{} is not a path", path.display()))
}
