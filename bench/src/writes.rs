//! Durable writes: one client against what the disk needs to promise anything at all, and many clients against a perfect sharing of that.
//!
//! Perfect sharing has two floors. The literal one is 64 writes for each sync and nothing else: where a sync takes a fifth of a millisecond, that leaves
//! three microseconds for a write, less than SQLite needs for the rows alone. So there is a second one: SQLite storing the same rows, 64 writes
//! to a transaction and a sync, without a check, an event or anybody to answer.

use std::{
    fs::{File, OpenOptions},
    io::Write as _,
    path::Path,
    sync::mpsc,
    time::Instant,
};

use anyhow::{Context as _, Result, anyhow};
use clavitor_vault::{Change, Credential, change};
use rusqlite::{Connection, params};

use crate::{
    figure::{Figure, Goal, median},
    world::{World, apply, draft, now_ms},
};

const SINGLE: usize = 300;
const CLIENTS: usize = 64;
/// Writes of each client in one round.
const WRITES: usize = 15;
const ROUNDS: usize = 7;
const WARM_UP: u64 = 50;

/// All of them, in a vault made for it.
pub(crate) fn measure(folder: &Path) -> Result<Vec<Figure>> {
    let mut world = World::make(&folder.join("data"), 100)?;
    let figures = figures(&mut world, folder);
    world.vault.close();
    figures
}

fn figures(world: &mut World, folder: &Path) -> Result<Vec<Figure>> {
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
    let mut bare = Bare::new(&folder.join("bare.db"))?;
    let (mut of_bare, mut of_disk) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let changes = make(world)?;
        let bare_rate = bare.store(&changes)?;
        let rate = shared(world, changes)?;
        of_bare.push(rate / bare_rate);
        of_disk.push(rate / (CLIENTS as f64 / disk_s));
    }
    Ok(vec![
        Figure::new("one client's write, median / write and fdatasync of as many bytes, median", ours_s / disk_s, Goal::AtMost(1.15)),
        Figure::new("64 clients' writes a second / SQLite storing 64 writes' rows a sync", median(of_bare), Goal::AtLeast(0.6)),
        Figure::new("64 clients' writes a second / 64 for each fdatasync", median(of_disk), Goal::AtLeast(0.6)),
        Figure::new("write and fdatasync of one write's bytes, median, milliseconds", disk_s * 1e3, Goal::None),
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

/// What the clients of one round will send.
fn make(world: &mut World) -> Result<Vec<Change>> {
    let one = |number| crate::world::stored(world.person.add_entry(draft(number).0, now_ms())?.1);
    (0..CLIENTS * WRITES).map(one).collect()
}

/// Writes a second when 64 clients each wait for one at a time. What a request's own thread does for a write is done on two threads, as in a node
/// on two processors.
fn shared(world: &World, changes: Vec<Change>) -> Result<f64> {
    let credential = Credential::session(&world.session)?;
    let (vault, (done, landed)) = (&world.vault, mpsc::channel());
    let send = |change: Change, done: mpsc::Sender<clavitor_vault::Result<()>>| {
        let (credential, prepared) = (credential.clone(), change::prepare(vault, change));
        let job = move |w: &clavitor_vault::Write<'_>| change::apply_prepared(w, &credential, &prepared);
        vault.write(now_ms(), job, move |result| drop(done.send(result.map(drop))));
    };
    let (all, began) = (changes.len(), Instant::now());
    let mut waiting = changes.into_iter();
    std::thread::scope(|scope| {
        let threads: Vec<mpsc::Sender<Change>> = (0..2)
            .map(|_| {
                let (give, take) = mpsc::channel::<Change>();
                let (send, done) = (&send, done.clone());
                scope.spawn(move || take.into_iter().for_each(|change| send(change, done.clone())));
                give
            })
            .collect();
        let give = |(number, change): (usize, Change)| threads[number % threads.len()].send(change).map_err(|_| anyhow!("a thread ended"));
        waiting.by_ref().take(CLIENTS).enumerate().try_for_each(give)?;
        for number in 0..all {
            landed.recv().context("writer")??;
            waiting.next().map_or(Ok(()), |change| give((number, change)))?;
        }
        Ok::<_, anyhow::Error>(())
    })?;
    Ok(all as f64 / began.elapsed().as_secs_f64())
}

/// SQLite with the same rows under the same keys, and nothing around it.
struct Bare(Connection);

impl Bare {
    fn new(file: &Path) -> Result<Self> {
        let connection = Connection::open(file)?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;
             CREATE TABLE entry (vault BLOB, entry BLOB, header BLOB, PRIMARY KEY (vault, entry)) STRICT;
             CREATE TABLE record (vault BLOB, entry BLOB, field BLOB, version INTEGER, record BLOB, PRIMARY KEY (vault, entry, field, version)) STRICT;
             CREATE TABLE held (vault BLOB, entry BLOB, scope BLOB, tier INTEGER, epoch INTEGER, record BLOB, PRIMARY KEY (vault, entry, scope, tier, epoch)) STRICT;
             CREATE TABLE event (vault BLOB, seq INTEGER, bytes BLOB, PRIMARY KEY (vault, seq)) STRICT;",
        )?;
        Ok(Self(connection))
    }

    /// Stores the rows of all changes, 64 changes to a transaction; returns changes a second.
    fn store(&mut self, changes: &[Change]) -> Result<f64> {
        let began = Instant::now();
        for group in changes.chunks(CLIENTS) {
            self.0.execute_batch("BEGIN IMMEDIATE")?;
            group.iter().try_for_each(|change| self.put(change))?;
            self.0.execute_batch("COMMIT")?;
        }
        Ok(changes.len() as f64 / began.elapsed().as_secs_f64())
    }

    fn put(&self, change: &Change) -> Result<()> {
        let vault = [1_u8; 16];
        for entry in &change.entries {
            let id: [u8; 16] = clavitor_crypto::random::make();
            let run = |sql: &str, values: &[&dyn rusqlite::ToSql]| self.0.prepare_cached(sql)?.execute(values).map(drop);
            run("INSERT INTO entry VALUES ($1, $2, $3)", params![vault, id, entry.header])?;
            for record in &entry.records {
                run("INSERT INTO record VALUES ($1, $2, $3, 1, $4)", params![vault, id, record.field_id.0, record.record])?;
            }
            for grant in &entry.grants {
                run("INSERT INTO held VALUES ($1, $2, $3, $4, 1, $5)", params![vault, id, grant.scope_id.0, grant.tier, grant.record])?;
            }
            let event = "INSERT INTO event SELECT $1, coalesce(max(seq), 0) + 1, $2 FROM event WHERE vault = $1";
            run(event, params![vault, [0_u8; 120]])?;
        }
        Ok(())
    }
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
