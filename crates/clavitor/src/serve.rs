//! `serve`: opens the store, listens, and ends in order.

mod certificate;
mod sockets;

use std::{
    io::{self, IsTerminal as _},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use clavitor_server::{
    App, Config, Node, Shutdown, accept,
    alert::{Alert, Check, DiskState, TARGET},
    app::ERROR_ONLY,
    config::Clock,
    control,
    edition::Edition,
    heartbeat,
    plain::PlainHttp,
    tls::Tls,
    vitals,
};
use clavitor_vault::{Disk, OpenError, OpenOptions, Vault, setup};
use tokio::{
    signal::unix::{SignalKind, signal},
    task::JoinSet,
};
use tracing::Level;
use tracing_subscriber::{filter::Targets, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use self::{certificate::Filled, sockets::Sockets};

use crate::{
    arguments::{Log, LogFormat, Serve},
    harden, print,
    reach::{self, Reach},
    settings, supervise,
};

const HEALTH_INTERVAL: Duration = Duration::from_secs(1);
/// A check or a backup gives the folder back soon; a node that serves there does not.
const FOLDER_WITHIN: Duration = Duration::from_secs(10);
const FOLDER_ASKED_EVERY: Duration = Duration::from_millis(50);
/// With the drain limit of 7 s these keep the whole end below 10 s.
const LAST_ALERTS: Duration = Duration::from_secs(2);
const LEFT_OVER_WORK: Duration = Duration::from_millis(500);

/// Serves until a signal, or until the store stops.
pub(crate) fn run(serve: &Serve, edition: Arc<dyn Edition>) -> anyhow::Result<()> {
    log(&serve.log)?;
    let locked = harden::lock_memory();
    tracing::debug!(locked, "memory");
    let runtime = runtime(workers()).enable_all().build().context("no runtime")?;
    let ended = runtime.block_on(serve_until_stopped(serve, edition));
    // A backup may be in the middle of its work; what it leaves is cleared at the next start.
    runtime.shutdown_timeout(LEFT_OVER_WORK);
    ended
}

/// One thread answers; more of them only where there are processors for them.
fn workers() -> usize {
    std::thread::available_parallelism().map_or(1, |count| count.get().min(4))
}

/// On one processor, handing work from thread to thread costs more than it brings.
fn runtime(workers: usize) -> tokio::runtime::Builder {
    if workers == 1 {
        return tokio::runtime::Builder::new_current_thread();
    }
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(workers);
    builder
}

fn log(log: &Log) -> anyhow::Result<()> {
    let filter: Targets = log.log.parse().with_context(|| format!("--log {:?} is not a filter", log.log))?;
    // What needs a person is shown, whatever else is not.
    let filter = filter.with_target(TARGET, Level::ERROR).with_targets(ERROR_ONLY.map(|library| (library, Level::ERROR)));
    let lines = tracing_subscriber::fmt::layer().with_ansi(io::stderr().is_terminal()).with_writer(io::stderr);
    let subscriber = tracing_subscriber::registry().with(filter);
    match log.log_format {
        LogFormat::Text => subscriber.with(lines.with_target(false)).init(),
        LogFormat::Json => subscriber.with(lines.json()).init(),
    }
    Ok(())
}

async fn serve_until_stopped(serve: &Serve, edition: Arc<dyn Edition>) -> anyhow::Result<()> {
    let reach = reach::of(serve)?;
    let sockets = sockets::open(&reach).await?;
    let mut config = settings::of_serve(serve, &reach, sockets.address()?, edition.clone());
    settings::fit(serve, &reach, &config)?;
    config.vitals = serve.reports.vitals()?;
    if let Some(fewer) = clavitor_server::descriptors::fit(&mut config.limits) {
        tracing::warn!(
            connections = fewer,
            "fewer connections than usual: the limit of open files is low; raise it with LimitNOFILE or ulimit -n"
        );
    }
    edition.prepare(&serve.node.data);
    let ended = tokio::select! {
        ended = serve_on(serve, &reach, config, sockets) => ended,
        () = second_signal()? => anyhow::bail!("stopped at once by a second signal; what was acknowledged is on the disk"),
    };
    if tokio::time::timeout(LAST_ALERTS, edition.finish()).await.is_err() {
        tracing::warn!("what was left to tell the operator waits for the next start");
    }
    ended
}

async fn serve_on(serve: &Serve, reach: &Reach, config: Config, sockets: Sockets) -> anyhow::Result<()> {
    // A mistake in a flag is told before anything is opened.
    let heartbeat = serve.reports.heartbeat()?;
    let vault = open(serve, &config).await?;
    let node = Node::new(vault.clone(), config.clone())?;
    let orders = control::listen(&serve.node.data).context("the control socket cannot be made in the data folder")?;
    let controller = tokio::spawn(control::serve(orders, node.clone()));
    // Before anybody is told that it serves: a signal that comes next is heard.
    let (shutdown, stopped) = (Shutdown::default(), stopped(vault.clone(), config.clone())?);
    let certificate = certificate::start((&reach.certificate, &serve.acme), &serve.node.data, &config, &shutdown)?;
    if !config.names.is_empty() {
        let (slot, acme) = (certificate.slot.clone(), certificate.acme.clone());
        node.keeper().certificate_from(move |now_s| {
            let failing = acme.as_ref().is_some_and(|acme| acme.status().failing());
            slot.life().map(|life| vitals::Certificate::of(&life, failing, now_s))
        });
    }
    config.edition.start(&node, &shutdown);
    if let Some(schedule) = serve.backups.schedule() {
        clavitor_server::schedule::start(&node, schedule, &shutdown);
    }
    tokio::spawn(vitals::watch(node.clone(), shutdown.clone()));
    heartbeat::start(&node, &heartbeat, &shutdown)?;
    let listeners = answer(App::new(node.clone()), sockets, certificate, &shutdown)?;
    supervise::watch(&node, &shutdown);
    supervise::ready(&config.origin);
    drop(node);
    welcome(&vault, &config)?;
    let why = stopped.await;
    supervise::stopping();
    shutdown.cancel();
    listeners.join_all().await;
    controller.abort();
    // Nothing is asked any more; a file that stays behind would only puzzle.
    let _ = std::fs::remove_file(serve.node.data.join(control::SOCKET));
    vault.close();
    match why {
        Some(why) => anyhow::bail!("the store stopped: {why}. Start the node again; it checks itself before it serves"),
        None => Ok(()),
    }
}

/// Answers on every socket until the shutdown.
fn answer(app: App, sockets: Sockets, certificate: Filled, shutdown: &Shutdown) -> anyhow::Result<JoinSet<()>> {
    let Filled { slot, challenges, .. } = certificate;
    let (mut listeners, config) = (JoinSet::new(), app.node().config().clone());
    let until = || {
        let shutdown = shutdown.clone();
        async move { shutdown.cancelled().await }
    };
    let tls = if config.names.is_empty() { None } else { Some(Tls::new(slot.clone(), &config.origin)?) };
    for listener in sockets.main {
        match &tls {
            Some(tls) => listeners.spawn(accept::serve(app.clone(), listener, tls.clone(), until())),
            None => listeners.spawn(accept::serve(app.clone(), listener, accept::Plain, until())),
        };
    }
    let plain = PlainHttp::new(app, slot, challenges);
    for listener in sockets.http {
        listeners.spawn(accept::serve(plain.clone(), listener, accept::Plain, until()));
    }
    Ok(listeners)
}

async fn open(serve: &Serve, config: &Config) -> anyhow::Result<Vault> {
    let options = OpenOptions { rp_id: config.rp_id.clone(), ..OpenOptions::default() };
    let since = Instant::now();
    let mut told = false;
    let opened = loop {
        match Vault::open(&serve.node.data, &options, (config.clock)()) {
            Err(OpenError::InUse(folder)) if since.elapsed() < FOLDER_WITHIN => {
                if !std::mem::replace(&mut told, true) {
                    print::words(&format!("Another process is using {folder}; waiting up to {} s for it", FOLDER_WITHIN.as_secs()));
                }
                tokio::time::sleep(FOLDER_ASKED_EVERY).await;
            }
            opened => break opened,
        }
    };
    if let Err(OpenError::Damaged(_)) = opened {
        config.edition.alert(&Alert::DatabaseDamaged { check: Check::Start });
    }
    Ok(opened?)
}

/// Says where the node is; while it has no owner, the link that makes one: data on standard output, words beside it.
fn welcome(vault: &Vault, config: &Config) -> anyhow::Result<()> {
    let now_ms = (config.clock)();
    print::words(&format!("Clavitor serves {}", config.origin));
    if vault.read(now_ms, setup::needed)? {
        print::words("Open this link once, within a day, to make the first vault. Whoever has it can claim the node:");
        print::data(&control::setup_link(vault, &config.origin, now_ms)?)?;
    }
    Ok(())
}

/// Resolves when the process is told to stop for the second time.
fn second_signal() -> anyhow::Result<impl Future<Output = ()>> {
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        for _ in 0..2 {
            tokio::select! {
                _ = term.recv() => {}
                _ = int.recv() => {}
            }
        }
    })
}

/// Resolves on SIGTERM or SIGINT with nothing, or with the reason why the store stopped.
fn stopped(vault: Vault, config: Config) -> anyhow::Result<impl Future<Output = Option<String>>> {
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = term.recv() => None,
            _ = int.recv() => None,
            why = poisoned(vault, config) => Some(why),
        }
    })
}

/// Watches the store: tells the operator about the disk, and resolves when the store has stopped.
async fn poisoned(vault: Vault, config: Config) -> String {
    let mut told = Disk::Normal;
    loop {
        tokio::time::sleep(HEALTH_INTERVAL).await;
        let health = vault.health();
        if let Some(why) = health.poisoned {
            tracing::error!(why, "the store stopped");
            config.edition.alert(&Alert::StoreStopped);
            return why;
        }
        if health.disk != told {
            told = health.disk;
            config.edition.alert(&Alert::Disk { state: disk_state(told) });
        }
    }
}

fn disk_state(disk: Disk) -> DiskState {
    match disk {
        Disk::Normal => DiskState::Normal,
        Disk::Low => DiskState::Low,
        Disk::Full => DiskState::Full,
    }
}

/// The system's clock, for verbs that open the store themselves.
pub(crate) fn now_ms() -> u64 {
    let clock: Clock = clavitor_server::system_clock();
    clock()
}
