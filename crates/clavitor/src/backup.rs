//! `backup` and `restore`.

use std::io::{self, Read as _};

use anyhow::{Context as _, bail};
use clavitor_server::control::{Backup, Order, Reply};
use clavitor_vault::backup;

use crate::{
    arguments::{BackupVerb, Restore},
    operator, print,
    serve::now_ms,
};

const CODE_BYTES_MAX: u64 = 256;

/// Runs a verb.
pub(crate) fn run(verb: BackupVerb) -> anyhow::Result<()> {
    match verb {
        BackupVerb::Code(node) => {
            let Reply::Text(code) = operator::order(&node, Order::BackupCode)? else { bail!("the node answered something else") };
            print::words("Keep this code away from the backups. It is shown once, and nothing opens a backup without it:");
            print::data(&code)
        }
        BackupVerb::Create { node, file } => {
            let order = Order::Backup { file: operator::absolute(&file)? };
            let Reply::Backup(info) = operator::order(&node, order)? else { bail!("the node answered something else") };
            say("Written and verified", info)
        }
        BackupVerb::Verify { file } => say("Opens, and the database in it is whole", backup::verify(&file, &code()?)?.into()),
    }
}

/// Brings a backup back.
pub(crate) fn restore(restore: &Restore) -> anyhow::Result<()> {
    let info = backup::restore(&restore.file, &code()?, &restore.data, now_ms())?;
    say("Restored", info.into())
}

/// The backup code, from standard input: arguments are seen by every process of the machine.
fn code() -> anyhow::Result<String> {
    print::words("Backup code:");
    let mut code = String::new();
    io::stdin().lock().take(CODE_BYTES_MAX).read_to_string(&mut code).context("the backup code cannot be read")?;
    Ok(code.trim().to_owned())
}

fn say(what: &str, info: Backup) -> anyhow::Result<()> {
    print::words(&format!("{what}: {} vaults, {} entries.", info.vaults, info.entries));
    print::data(&serde_json::to_string(&info)?)
}
