//! Durable writes: one client against what the disk needs to promise anything at all, and many clients against a perfect sharing of that.

use std::{
    fs::{File, OpenOptions},
    io::Write as _,
    path::Path,
    sync::mpsc,
    time::Instant,
};

use anyhow::{Context as _, Result};
use clavitor_vault::{Credential, change};

use crate::{
    figure::{Figure, Goal, median},
    world::{World, apply, draft, now_ms},
};

const SINGLE: usize = 300;
const CLIENTS: usize = 64;
const ROUNDS: usize = 20;
const WARM_UP: u64 = 50;

/// Both figures.
pub(crate) fn figures(world: &mut World, folder: &Path) -> Result<Vec<Figure>> {
    let mut disk = Disk::new(&folder.join("raw"), logged_bytes(world)?)?;
    let (mut ours_s, mut disk_s) = (Vec::new(), Vec::new());
    for number in 0..SINGLE {
        let (_, changes) = world.person.add_entry(draft(number).0, now_ms())?;
        let began = Instant::now();
        apply(&world.vault, &world.session, changes)?;
        ours_s.push(began.elapsed().as_secs_f64());
        disk_s.push(disk.sync()?);
    }
    let (ours_s, disk_s) = (median(ours_s), median(disk_s));
    // Ideal: 64 writes pay one sync together; what the processor does for each of them is not shared.
    let clients = CLIENTS as f64;
    let ideal = clients / (disk_s + clients * (ours_s - disk_s).max(0.0));
    Ok(vec![
        Figure::new("one client's write, median / write and fdatasync of as many bytes, median", ours_s / disk_s, Goal::AtMost(1.15)),
        Figure::new(
            "64 clients' writes a second / the rate if they shared each sync perfectly",
            shared(world)? / ideal,
            Goal::AtLeast(0.6),
        ),
    ])
}

/// Bytes that storing one entry hands to the disk.
fn logged_bytes(world: &mut World) -> Result<usize> {
    let before = written_bytes()?;
    for number in 0..WARM_UP {
        let (_, changes) = world.person.add_entry(draft(number as usize).0, now_ms())?;
        apply(&world.vault, &world.session, changes)?;
    }
    Ok(usize::try_from((written_bytes()? - before) / WARM_UP)?)
}

/// Bytes this process has handed to write calls.
fn written_bytes() -> Result<u64> {
    let io = std::fs::read_to_string("/proc/self/io")?;
    Ok(io.lines().find_map(|line| line.strip_prefix("wchar: ")).context("wchar")?.parse()?)
}

/// Writes a second when 64 clients each wait for one at a time.
fn shared(world: &mut World) -> Result<f64> {
    let credential = Credential::session(&world.session)?;
    let mut waiting = Vec::with_capacity(CLIENTS * ROUNDS);
    for number in 0..CLIENTS * ROUNDS {
        let (_, changes) = world.person.add_entry(draft(number).0, now_ms())?;
        waiting.push(crate::world::stored(changes)?);
    }
    let (done, landed) = mpsc::channel();
    let send = |change: change::Change| {
        let (credential, done) = (credential.clone(), done.clone());
        world.vault.write(now_ms(), move |w| change::apply(w, &credential, &change), move |result| drop(done.send(result.map(drop))));
    };
    let began = Instant::now();
    let mut waiting = waiting.into_iter();
    waiting.by_ref().take(CLIENTS).for_each(&send);
    for _ in 0..CLIENTS * ROUNDS {
        landed.recv().context("writer")??;
        waiting.next().into_iter().for_each(&send);
    }
    Ok((CLIENTS * ROUNDS) as f64 / began.elapsed().as_secs_f64())
}

/// A file that grows and is synced, as the log of a database is.
struct Disk {
    file: File,
    bytes: Vec<u8>,
}

impl Disk {
    fn new(path: &Path, bytes: usize) -> Result<Self> {
        Ok(Self { file: OpenOptions::new().create(true).append(true).open(path)?, bytes: vec![0x5a; bytes] })
    }

    fn sync(&mut self) -> Result<f64> {
        let began = Instant::now();
        self.file.write_all(&self.bytes)?;
        self.file.sync_data()?;
        Ok(began.elapsed().as_secs_f64())
    }
}
