//! What a read costs: the bare loop, the same rows without an event, and the audited release; by processor time, and by rate with many callers.

use std::path::Path;

use anyhow::{Context as _, Result};
use tokio::runtime::Runtime;

use crate::{
    bare,
    figure::{Figure, Goal},
    load,
    process::Server,
    product::{self, Told},
    tls,
};

const ENTRIES: &str = "1000";
/// Callers at once when the cost of one request is measured.
const FEW: usize = 8;
/// Callers at once when the rate is measured.
const MANY: usize = 64;
const WARM_UP: u64 = 50;
const REQUESTS: u64 = 1_500;

/// What one request costs and how many there are a second.
struct Measured {
    cpu_us: f64,
    rate: f64,
}

/// All of them.
pub(crate) fn figures(folder: &Path) -> Result<Vec<Figure>> {
    let folder = folder.to_str().context("path")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let floor = Server::start("bare", &[folder])?;
    let bare = measure(&runtime, &floor, FEW, bare::make())?;
    drop(floor);

    let node = Server::start("node", &[folder, ENTRIES])?;
    let told = Told::read(Path::new(folder))?;
    let (hosted, release, entry) = (product::hosted_value(&told), product::release(&told)?, product::entry(&told));
    let unaudited = measure(&runtime, &node, FEW, entry.clone())?;
    let (hosted_few, release_few) = (measure(&runtime, &node, FEW, hosted.clone())?, measure(&runtime, &node, FEW, release.clone())?);
    let many = measure(&runtime, &node, MANY, entry)?;
    let (hosted_many, release_many) = (measure(&runtime, &node, MANY, hosted)?, measure(&runtime, &node, MANY, release)?);
    Ok(vec![
        Figure::new("processor time: entry read without audit / bare loop", unaudited.cpu_us / bare.cpu_us, Goal::AtMost(1.6)),
        Figure::new("processor time: audited tier-1 read / bare loop", hosted_few.cpu_us / bare.cpu_us, Goal::None),
        Figure::new("processor time: audited tier-2 release / bare loop", release_few.cpu_us / bare.cpu_us, Goal::None),
        Figure::new("64 callers: audited tier-1 reads / entry reads without audit", hosted_many.rate / many.rate, Goal::AtLeast(0.7)),
        Figure::new("64 callers: audited tier-2 releases / entry reads without audit", release_many.rate / many.rate, Goal::AtLeast(0.7)),
    ])
}

fn measure(runtime: &Runtime, server: &Server, callers: usize, make: load::Make) -> Result<Measured> {
    let tls = tls::client(&server.notes)?;
    let run = |requests: u64, first: u64| {
        let make = make.clone();
        let numbered: load::Make = std::sync::Arc::new(move |connection, number| make(connection, first + number));
        runtime.block_on(load::run(server.address, &tls, callers, requests, numbered))
    };
    // Proofs are single-use: every run counts on from where another could have stopped.
    let first = u64::from(crate::next_run()) << 32;
    run(WARM_UP, first)?;
    let before = server.cpu_s()?;
    let outcome = run(REQUESTS, first + WARM_UP)?;
    Ok(Measured { cpu_us: (server.cpu_s()? - before) * 1e6 / outcome.requests as f64, rate: outcome.rate() })
}
