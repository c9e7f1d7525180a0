//! What a read costs: the bare loop, the node's read without its event, and the audited read; by processor time with few callers, by rate with many.
//!
//! Both sides run at the same time and are measured in turn, round after round, and a figure is the median of the rounds' ratios: whatever else the
//! machine does meets both.

use std::path::Path;

use anyhow::{Context as _, Result};
use tokio::runtime::Runtime;

use crate::{
    bare,
    figure::{Figure, Goal, median},
    load::{Callers, Make},
    process::Server,
    product::{self, Told},
    tls,
};

const ENTRIES: &str = "1000";
/// Callers at once when the cost of one request is measured.
const FEW: usize = 8;
/// Callers at once when the rate is measured.
const MANY: usize = 64;
const ROUNDS: usize = 7;
/// Requests of all callers in one round.
const REQUESTS: u64 = 3_200;

/// One kind of request to one server.
pub(crate) struct Side<'s> {
    server: &'s Server,
    make: Make,
    callers: Callers,
    pub(crate) cpu_us: Vec<f64>,
    rate: Vec<f64>,
}

impl<'s> Side<'s> {
    pub(crate) fn new(runtime: &Runtime, server: &'s Server, callers: usize, make: Make) -> Result<Self> {
        let tls = tls::client(&server.notes)?;
        let callers = runtime.block_on(Callers::connect(server.address, &tls, callers))?;
        let mut side = Self { server, make, callers, cpu_us: Vec::new(), rate: Vec::new() };
        // Whatever is done once is over before the first round.
        side.run(runtime, REQUESTS)?;
        Ok(side)
    }

    pub(crate) fn round(&mut self, runtime: &Runtime) -> Result<()> {
        let before = self.server.cpu_s()?;
        let elapsed_s = self.run(runtime, REQUESTS)?;
        self.cpu_us.push((self.server.cpu_s()? - before) * 1e6 / REQUESTS as f64);
        self.rate.push(REQUESTS as f64 / elapsed_s);
        Ok(())
    }

    fn run(&mut self, runtime: &Runtime, requests: u64) -> Result<f64> {
        // Proofs are single-use: every run counts on from where another could have stopped.
        let first = u64::from(crate::next_run()) << 20;
        runtime.block_on(self.callers.run(requests / self.callers.count() as u64, first, &self.make))
    }
}

/// The median of what each round's `a` is to its `b`.
fn ratio(a: &[f64], b: &[f64]) -> f64 {
    median(a.iter().zip(b).map(|(a, b)| a / b).collect())
}

/// All of them.
pub(crate) fn figures(folder: &Path) -> Result<Vec<Figure>> {
    let folder = folder.to_str().context("path")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let node = Server::start("node", &[folder, ENTRIES])?;
    let told = Told::read(Path::new(folder))?;
    let loads = Loads::new(&told)?;
    let (value_bytes, fields_bytes) = runtime.block_on(loads.answer_bytes(&node))?;
    let floor = Server::start("bare", &[folder, &value_bytes.to_string(), &fields_bytes.to_string()])?;
    let mut figures = few(&runtime, &floor, &node, &loads)?;
    figures.extend(many(&runtime, &node, &loads)?);
    Ok(figures)
}

/// The requests to the node.
struct Loads {
    value: Make,
    value_unlogged: Make,
    fields: Make,
    fields_unlogged: Make,
    entry: Make,
}

impl Loads {
    fn new(told: &Told) -> Result<Self> {
        Ok(Self {
            value: product::hosted_value(told, product::AUDITED),
            value_unlogged: product::hosted_value(told, product::UNLOGGED),
            fields: product::release(told, product::AUDITED)?,
            fields_unlogged: product::release(told, product::UNLOGGED)?,
            entry: product::entry(told),
        })
    }

    /// Bytes of a value's answer and of a release's.
    async fn answer_bytes(&self, node: &Server) -> Result<(usize, usize)> {
        let mut callers = Callers::connect(node.address, &tls::client(&node.notes)?, 1).await?;
        let first = u64::from(crate::next_run()) << 20;
        Ok((callers.ask(first, &self.value).await?, callers.ask(first, &self.fields).await?))
    }
}

fn few(runtime: &Runtime, floor: &Server, node: &Server, loads: &Loads) -> Result<Vec<Figure>> {
    let side = |server, make: &Make| Side::new(runtime, server, FEW, make.clone());
    let mut bare = side(floor, &bare::value())?;
    let mut signed = side(floor, &bare::signed()?)?;
    let (mut value_unlogged, mut value) = (side(node, &loads.value_unlogged)?, side(node, &loads.value)?);
    let (mut fields_unlogged, mut fields) = (side(node, &loads.fields_unlogged)?, side(node, &loads.fields)?);
    let mut entry = side(node, &loads.entry)?;
    for _ in 0..ROUNDS {
        for side in [&mut bare, &mut value_unlogged, &mut value, &mut entry, &mut signed, &mut fields_unlogged, &mut fields] {
            side.round(runtime)?;
        }
    }
    let cost =
        |name: &str, a: &Side<'_>, b: &Side<'_>, goal| Figure::new(format!("processor time: {name}"), ratio(&a.cpu_us, &b.cpu_us), goal);
    Ok(vec![
        Figure::new("processor time of one request to the bare loop, microseconds", median(bare.cpu_us.clone()), Goal::None),
        cost("tier-1 read without audit / bare loop", &value_unlogged, &bare, Goal::AtMost(1.6)),
        cost("tier-2 fetch without audit / bare loop that checks a signature", &fields_unlogged, &signed, Goal::AtMost(1.6)),
        cost("tier-2 fetch without audit / bare loop", &fields_unlogged, &bare, Goal::None),
        cost("audited tier-1 read / bare loop", &value, &bare, Goal::None),
        cost("audited tier-2 fetch / bare loop that checks a signature", &fields, &signed, Goal::None),
        cost("owner's entry read / bare loop", &entry, &bare, Goal::None),
    ])
}

fn many(runtime: &Runtime, node: &Server, loads: &Loads) -> Result<Vec<Figure>> {
    let side = |make: &Make| Side::new(runtime, node, MANY, make.clone());
    let (mut value_unlogged, mut value) = (side(&loads.value_unlogged)?, side(&loads.value)?);
    let (mut fields_unlogged, mut fields) = (side(&loads.fields_unlogged)?, side(&loads.fields)?);
    for _ in 0..ROUNDS {
        for side in [&mut value_unlogged, &mut value, &mut fields_unlogged, &mut fields] {
            side.round(runtime)?;
        }
    }
    let rate =
        |name: &str, a: &Side<'_>, b: &Side<'_>| Figure::new(format!("64 callers: {name}"), ratio(&a.rate, &b.rate), Goal::AtLeast(0.7));
    Ok(vec![
        rate("tier-1 reads, audited / without audit", &value, &value_unlogged),
        rate("tier-2 fetches, audited / without audit", &fields, &fields_unlogged),
    ])
}
