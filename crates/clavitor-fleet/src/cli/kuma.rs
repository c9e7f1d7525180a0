//! `kuma sync`: two push monitors for each active node in a stock Uptime Kuma, and the address for each node to push to.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde::Serialize;
use zeroize::Zeroizing;

use super::way::none_active;
use super::{Context, Done, Failure, Kind, plural};
use crate::inventory::Inventory;
use crate::kuma::{Change, Credentials, KumaError, Level, Mark, Monitor, Plan, Session, Tag, Wanted, plan};
use crate::state_folder::{StateError, StateFolder};

const PASSWORD: &str = "clavitor-fleet.kuma-password";
const SECRET_BYTES_MAX: u64 = 1 << 10;
/// The length that Kuma's own page gives a push token.
const TOKEN_CHARS: usize = 32;
/// Colours of the labels.
const QUIET: &str = "#D97706";
const LOUD: &str = "#DC2626";

/// `kuma`
#[derive(Debug, Args)]
pub(super) struct Kuma {
    #[command(subcommand)]
    verb: KumaVerb,
}

#[derive(Debug, Subcommand)]
enum KumaVerb {
    /// Make two push monitors for each active node: down after 65 s (SEV2), and after 300 s (SEV1). Twice changes nothing
    #[command(after_help = SYNC_EXAMPLES)]
    Sync(Sync),
}

const SYNC_EXAMPLES: &str = "\
Examples:
  clavitor-fleet kuma sync --url http://10.84.0.1:3001 --user fleet --password-file kuma.password --dry-run
  clavitor-fleet kuma sync --url https://kuma.example.com --user fleet --sev1-notify pager --sev2-notify channel

The password comes from --password-file, from the credential clavitor-fleet.kuma-password ($CREDENTIALS_DIRECTORY), or from CLAVITOR_KUMA_PASSWORD; a one-time
code, if this user has a second factor, from CLAVITOR_KUMA_CODE. The addresses for the nodes are written to .fleet/secrets/kuma-NODE.";

#[derive(Debug, Args)]
struct Sync {
    /// Where Kuma is, as you open it in a browser
    #[arg(long, value_name = "URL", env = "CLAVITOR_KUMA")]
    url: String,
    /// The user of Kuma
    #[arg(long, value_name = "NAME", env = "CLAVITOR_KUMA_USER")]
    user: String,
    /// A file with the password, readable by you only
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// More certificate authorities, in PEM
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Where nodes reach Kuma, if that is elsewhere
    #[arg(long, value_name = "URL")]
    push_url: Option<String>,
    /// A notification of Kuma, by its name, for SEV2. Can be repeated; without it those that are set stay
    #[arg(long, value_name = "NAME")]
    sev2_notify: Vec<String>,
    /// The same for SEV1: whoever is woken
    #[arg(long, value_name = "NAME")]
    sev1_notify: Vec<String>,
    /// Show what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Remove monitors that this verb made for nodes that are not active any more, with their history
    #[arg(long)]
    prune: bool,
}

#[derive(Serialize)]
struct Answer {
    schema: &'static str,
    changes: Vec<String>,
    done: bool,
    surplus: Vec<String>,
    paused: Vec<String>,
    secrets: Vec<String>,
}

/// `kuma`
pub(super) fn kuma(context: &Context, asked: &Kuma) -> Done {
    let KumaVerb::Sync(asked) = &asked.verb;
    let inventory = context.load()?;
    let who = Credentials {
        user: asked.user.clone(),
        password: password(asked.password_file.as_deref())?,
        code: env_secret("CLAVITOR_KUMA_CODE"),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::general("no runtime").why(error))?;
    runtime.block_on(sync(context, &inventory, asked, &who))
}

async fn sync(context: &Context, inventory: &Inventory, asked: &Sync, who: &Credentials) -> Done {
    let state = StateFolder::at(context.state_folder());
    let _held = state.lock("kuma").map_err(kept)?;
    context.say(format_args!("signing in to Kuma as {}", who.user));
    let mut session = Session::sign_in(&asked.url, asked.ca_file.as_deref(), who).await.map_err(failed)?;
    let notifications = session.notifications().await.map_err(failed)?;
    let there = session.monitors().await.map_err(failed)?;
    let wanted = wanted(inventory, asked, &notifications)?;
    let labels = session.tags().await.map_err(failed)?;
    let plan = plan(&inventory.fleet.name, &wanted, &there, &labels, asked.prune);
    let lines: Vec<String> = plan.changes.iter().map(Change::words).collect();
    let mut secrets = Vec::new();
    if !asked.dry_run {
        carry_out(context, &mut session, &plan).await?;
        let there = session.monitors().await.map_err(failed)?;
        let base = asked.push_url.as_deref().unwrap_or(&asked.url);
        secrets = write_secrets(&state, &wanted, &there, base)?;
    }
    let answer = Answer {
        schema: "clavitor.fleet-kuma-sync/1",
        changes: lines,
        done: !asked.dry_run,
        surplus: plan.surplus,
        paused: plan.paused,
        secrets,
    };
    context.answer(&answer, || words(&answer))
}

fn wanted(inventory: &Inventory, asked: &Sync, notifications: &[Tag]) -> Result<Vec<Wanted>, Failure> {
    let (quiet, loud) = (numbers(&asked.sev2_notify, notifications)?, numbers(&asked.sev1_notify, notifications)?);
    let of = |node: &str, level| {
        let mark = Mark { fleet: inventory.fleet.name.clone(), node: node.to_owned(), level };
        let (interval_s, notifications) = match level {
            Level::Sev2 => (inventory.severity.sev2_silent_s, quiet.clone()),
            Level::Sev1 => (inventory.severity.sev1_silent_s, loud.clone()),
        };
        Wanted { mark, interval_s: interval_s.into(), notifications }
    };
    let wanted: Vec<_> = inventory.active().flat_map(|(name, _)| Level::ALL.map(|level| of(name.as_str(), level))).collect();
    if wanted.is_empty() {
        let why = "a node that is planned pushes nothing, and its monitors would be down from the start";
        return Err(none_active().why(why));
    }
    Ok(wanted)
}

fn numbers(names: &[String], there: &[Tag]) -> Result<Option<BTreeSet<u64>>, Failure> {
    let number = |name: &String| {
        there.iter().find(|one| one.name == *name).map(|one| one.id).ok_or_else(|| {
            let known: Vec<&str> = there.iter().map(|one| one.name.as_str()).collect();
            let why = if known.is_empty() { "it has none".to_owned() } else { format!("it has {}", known.join(", ")) };
            Failure::new(Kind::NotFound, format!("Kuma has no notification {name:?}"))
                .why(why)
                .next("make it on Kuma's page, under Settings, Notifications")
        })
    };
    if names.is_empty() { Ok(None) } else { names.iter().map(number).collect::<Result<_, _>>().map(Some) }
}

async fn carry_out(context: &Context, session: &mut Session, plan: &Plan) -> Done {
    for change in &plan.changes {
        context.say(change.words());
        match change {
            Change::Add(wanted) => {
                let id = session.add(wanted, &push_token()?).await.map_err(failed)?;
                label(session, id, &wanted.mark).await?;
            }
            Change::Edit(monitor, wanted, _) => session.edit(monitor, wanted, &push_token()?).await.map_err(failed)?,
            Change::Label(monitor, mark) => label(session, monitor.id, mark).await?,
            Change::Remove(monitor) => session.remove(monitor.id).await.map_err(failed)?,
        }
    }
    Ok(())
}

async fn label(session: &mut Session, monitor: u64, mark: &Mark) -> Done {
    let (word, colour) = (mark.level.word(), if mark.level == Level::Sev1 { LOUD } else { QUIET });
    session.tag(monitor, word, colour, &mark.node).await.map_err(failed)
}

/// One line for each node: both addresses, as the node's credential takes them.
fn write_secrets(state: &StateFolder, wanted: &[Wanted], there: &[Monitor], base: &str) -> Result<Vec<String>, Failure> {
    let nodes: BTreeSet<&str> = wanted.iter().map(|one| one.mark.node.as_str()).collect();
    let mut written = Vec::new();
    for node in nodes {
        let of = |one: &&Wanted| one.mark.node == node;
        let token = |one: &Wanted| there.iter().find(|monitor| monitor.mark.as_ref() == Some(&one.mark)).and_then(Monitor::push_token);
        let tokens: Option<Vec<&str>> = wanted.iter().filter(of).map(token).collect();
        let missing = || {
            Failure::general(format!("Kuma does not tell the push address of {node}"))
                .next("look at its monitors on Kuma's page, then sync again")
        };
        let addresses: Vec<String> =
            tokens.ok_or_else(missing)?.iter().map(|token| format!("{}/api/push/{token}", base.trim_end_matches('/'))).collect();
        let name = format!("secrets/kuma-{node}");
        let line = Zeroizing::new(format!("{}\n", addresses.join(",")));
        state.write(&name, &line).map_err(kept)?;
        written.push(state.path(&name).display().to_string());
    }
    Ok(written)
}

fn words(answer: &Answer) -> String {
    let mut lines = answer.changes.clone();
    if lines.is_empty() {
        lines.push("nothing to change".to_owned());
    } else if !answer.done {
        lines.push(format!("{} change{}; nothing was changed (--dry-run)", lines.len(), plural(lines.len())));
    }
    lines.extend(answer.surplus.iter().map(|name| format!("surplus {name}: of no active node; --prune removes it and its history")));
    lines.extend(answer.paused.iter().map(|name| format!("paused  {name}: it takes no beat until you resume it on Kuma's page")));
    if !answer.secrets.is_empty() {
        lines.push(format!("addresses for the nodes (credential clavitor.kuma-url): {}", answer.secrets.join(" ")));
    }
    lines.join("\n")
}

fn push_token() -> Result<String, Failure> {
    use std::io::Read as _;
    let mut bytes = [0; TOKEN_CHARS];
    let read = std::fs::File::open("/dev/urandom").and_then(|mut random| random.read_exact(&mut bytes));
    read.map_err(|error| Failure::general("no random bytes").why(error))?;
    // 64 letters, so that every byte counts alike.
    let letters: Vec<char> = ('a'..='z').chain('A'..='Z').chain('0'..='9').chain(['-', '_']).collect();
    Ok(bytes.iter().filter_map(|byte| letters.get(usize::from(byte & 63))).collect())
}

fn password(file: Option<&Path>) -> Result<Zeroizing<String>, Failure> {
    let given = std::env::var_os("CREDENTIALS_DIRECTORY").map(|folder| PathBuf::from(folder).join(PASSWORD)).filter(|path| path.exists());
    match file.map(Path::to_owned).or(given) {
        Some(path) => secret_file(&path),
        None => env_secret("CLAVITOR_KUMA_PASSWORD")
            .ok_or_else(|| Failure::new(Kind::Usage, "there is no password for Kuma").next("--password-file FILE (chmod 600)")),
    }
}

fn env_secret(name: &str) -> Option<Zeroizing<String>> {
    std::env::var(name).ok().filter(|secret| !secret.is_empty()).map(Zeroizing::new)
}

fn secret_file(path: &Path) -> Result<Zeroizing<String>, Failure> {
    use std::os::unix::fs::PermissionsExt as _;
    let shown = path.display();
    let unread = |error: std::io::Error| Failure::new(Kind::NotFound, format!("{shown} cannot be read")).why(error);
    let found = std::fs::metadata(path).map_err(unread)?;
    if found.permissions().mode() & 0o077 != 0 {
        return Err(
            Failure::new(Kind::Refused, format!("{shown} holds a password and others can read it")).next(format!("chmod 600 {shown}"))
        );
    }
    if found.len() > SECRET_BYTES_MAX {
        return Err(Failure::new(Kind::Refused, format!("{shown} is too long for a password")));
    }
    let whole = Zeroizing::new(std::fs::read_to_string(path).map_err(unread)?);
    Ok(Zeroizing::new(whole.trim_end_matches(['\n', '\r']).to_owned()))
}

fn failed(error: KumaError) -> Failure {
    match &error {
        KumaError::Unreachable(_) | KumaError::Silent(_) => {
            Failure::new(Kind::Unreachable, error.to_string()).next("the same again: what was done is kept")
        }
        KumaError::SecondFactor => {
            Failure::new(Kind::Refused, error.to_string()).next("CLAVITOR_KUMA_CODE=123456 clavitor-fleet kuma sync ...")
        }
        KumaError::Address(_) => Failure::new(Kind::Usage, error.to_string()),
        KumaError::Refused(..) | KumaError::NotKuma(_) => {
            Failure::new(Kind::Refused, error.to_string()).next("what was done is kept: mend that, then the same again")
        }
    }
}

pub(super) fn kept(error: StateError) -> Failure {
    let kind = if matches!(error, StateError::Busy(..)) { Kind::Busy } else { Kind::General };
    Failure::new(kind, error.to_string())
}
