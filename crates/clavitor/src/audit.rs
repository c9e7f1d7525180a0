//! `audit`: exporting a vault's log, and checking an export offline.

use std::{fs, io};

use anyhow::{Context as _, bail};
use clavitor_server::control::{Order, Reply};
use clavitor_vault::audit::{self, Verdict};
use data_encoding::BASE64;

use crate::{
    arguments::{AuditVerb, Node},
    operator, print,
};

/// Runs a verb; the code of `verify` says what is wrong.
pub(crate) fn run(verb: AuditVerb) -> anyhow::Result<u8> {
    match verb {
        AuditVerb::Export { node, vault, file, head } => {
            let vault = match vault {
                Some(vault) => vault,
                None => only_vault(&node)?,
            };
            let order = Order::AuditExport { vault, file: operator::absolute(&file)?, head: operator::absolute(&head)? };
            let Reply::Exported { events, log_key } = operator::order(&node, order)? else { bail!("the node answered something else") };
            print::words(&format!("{events} events written. Check them with the log's key:"));
            print::data(&log_key)?;
            Ok(0)
        }
        AuditVerb::Verify { file, head, key, pin } => {
            let lines = fs::File::open(&file).with_context(|| format!("{} cannot be read", file.display()))?;
            let read = |path: &std::path::Path| fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()));
            let (head, pin) = (read(&head)?, pin.as_deref().map(read).transpose()?);
            let key = BASE64.decode(key.as_bytes()).ok().and_then(|key| key.try_into().ok()).context("--key is not 32 bytes of base64")?;
            let verdict = audit::verify(&mut io::BufReader::new(lines), &head, &key, pin.as_deref());
            print::data(&words(&verdict))?;
            Ok(verdict.exit_code())
        }
    }
}

fn only_vault(node: &Node) -> anyhow::Result<String> {
    let Reply::Vaults(vaults) = operator::order(node, Order::Vaults)? else { bail!("the node answered something else") };
    match vaults.as_slice() {
        [] => bail!("there is no vault yet"),
        [one] => Ok(one.clone()),
        several => bail!("there are several vaults; say --vault with one of {}", several.join(", ")),
    }
}

fn words(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Ok { events } => format!("ok: {events} events, in order, under the signed head"),
        Verdict::Inconsistent(why) => format!("inconsistent: {why}"),
        Verdict::BadSignature => "bad signature: a head is not signed by the log's key".to_owned(),
        Verdict::Rollback => "rollback: the log does not contain what the kept head stands for".to_owned(),
    }
}
