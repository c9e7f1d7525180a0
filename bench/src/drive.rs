//! One kind of request to a node that was started by hand, under whatever counts its instructions or system calls: those say on a busy machine what a clock
//! says only on a quiet one.

use std::{net::SocketAddr, path::Path};

use anyhow::{Result, bail};

use crate::{
    bare,
    load::{Callers, Make},
    product::{self, Told},
    tls,
};

const CALLERS: usize = 8;

/// Sends so many requests to `address`, which told this certificate, and ends. A node has told the rest in `folder`.
pub(crate) fn run(address: &str, told: &str, folder: &Path, kind: &str, requests: usize) -> Result<()> {
    let address: SocketAddr = address.parse()?;
    let make: Make = match kind {
        "bare" => bare::value(),
        "entry" => product::entry(&Told::read(folder)?),
        "value" => product::hosted_value(&Told::read(folder)?, product::AUDITED),
        "unlogged" => product::hosted_value(&Told::read(folder)?, product::UNLOGGED),
        other => bail!("no requests of kind {other}"),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let elapsed_s = runtime.block_on(async {
        let mut callers = Callers::connect(address, &tls::client(told)?, CALLERS).await?;
        callers.run((requests / CALLERS) as u64, 0, &make).await
    })?;
    crate::say(&format!("{requests} requests in {elapsed_s:.3} s"))
}
