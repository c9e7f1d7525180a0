//! The tasks, done for real: looks and scripts over ssh, and the drill on the operator's own machine.

use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::plan::{Outcome, Task};
use crate::{
    inventory::NodeName,
    monitor::{Rules, Severity, judge},
    remote::{Bounds, RemoteError, Ssh, plain},
    status::{Row, Seen, Sight, State},
};

const PREFIX: &str = "clavitor: ";
/// What the node runs by itself, too.
const GENERATIONS: &str = include_str!("../../nixos/modules/scripts/generations.sh");
const KEPT_GENERATIONS: &str = "2";
const DAY_S: u64 = 86_400;
const SYSTEM_DAYS_MAX: u64 = 7;
const FULL_CHECK_DAYS_MAX: u64 = 9;
/// A larger vault is practised on its own machine, by hand.
const DRILL_BYTES_MAX: usize = 96 << 20;
const GARBAGE: Bounds = Bounds::seconds(900);
const COPY: Bounds = Bounds::seconds(900);

/// Where the operator keeps the nodes' backup codes: one file for each, named as the node. Only their paths are held.
#[derive(Debug, Clone)]
pub struct Codes(pub PathBuf);

/// What tasks need.
pub struct Work<'a> {
    /// The way to nodes.
    pub ssh: &'a Ssh,
    /// Where nodes keep their vault.
    pub data: &'a str,
    /// How bad is what.
    pub rules: &'a Rules,
    /// For the drill; none: it is not practised.
    pub codes: Option<&'a Codes>,
    /// The program on this machine, for the drill.
    pub clavitor: &'a Path,
    /// The age of each node's keys.
    pub key_days: &'a BTreeMap<String, u32>,
    /// Unix seconds.
    pub clock: fn() -> u64,
}

impl Work<'_> {
    /// Does one task. What was seen of the node in this run is kept in `sight`.
    pub async fn carry_out(&self, node: &NodeName, task: Task, sight: &mut Option<Sight>) -> Outcome {
        if sight.is_none() || task == Task::Look {
            match Sight::of(self.ssh, node, self.data, self.clock).await {
                Ok(seen) => *sight = Some(seen),
                Err(error) => return Outcome::Failed(error.to_string()),
            }
        }
        let Some(seen) = sight else { return Outcome::Failed("it was not seen".to_owned()) };
        match task {
            Task::Look => self.look(node, seen),
            Task::Certificate => self.judged(seen, 1, |seen| {
                let left = seen.report.as_ref().and_then(|report| report.cert_days_remaining);
                left.map_or("it has none of its own".to_owned(), |days| format!("{days} days left"))
            }),
            Task::BackupAge => backup_age(self.judged(seen, 4, |_| "the newest backup is young".to_owned()), seen),
            Task::Updates => updates(seen, (self.clock)()),
            Task::Keys => keys(node, self.key_days.get(node.as_str()).copied(), self.rules.key_days_max),
            Task::Integrity => self.integrity(node, seen).await,
            Task::Drill => self.drill(node).await,
            Task::Garbage => self.garbage(node).await,
        }
    }

    fn look(&self, node: &NodeName, sight: &Sight) -> Outcome {
        let row = Row::of(node.as_str(), &Seen::Now(Box::new(sight.clone())), Vec::new(), None, self.rules, sight.seen_s);
        let words = row.reasons.join("; ");
        match row.state {
            _ if sight.report.is_none() => Outcome::Failed(words),
            State::Ok => Outcome::Well("it runs and is well".to_owned()),
            State::Warn => Outcome::Warned(words),
            // It is reached and runs, so the rest of the routine goes on.
            State::Red | State::Unknown => Outcome::Warned(format!("RED: {words}")),
        }
    }

    fn judged(&self, sight: &Sight, place: usize, well: impl Fn(&Sight) -> String) -> Outcome {
        let Some(report) = &sight.report else { return Outcome::Skipped("it made no report".to_owned()) };
        let verdict = &judge(report, self.rules)[place.min(4)];
        match verdict.severity {
            None => Outcome::Well(well(sight)),
            Some(Severity::Notice) => Outcome::Warned(verdict.words.clone()),
            Some(Severity::Sev2 | Severity::Sev1) => Outcome::Failed(verdict.words.clone()),
        }
    }

    async fn integrity(&self, node: &NodeName, sight: &Sight) -> Outcome {
        let damaged = sight.report.as_ref().and_then(|report| report.db_integrity.as_deref()).is_some_and(|word| word != "ok");
        if damaged {
            return Outcome::Failed("the database is damaged: restore the newest verified backup".to_owned());
        }
        match self.script(node, include_str!("copy.sh"), &[self.data, "check"], COPY).await {
            Ok(lines) => {
                let age_s = sight.report.as_ref().and_then(|report| report.db_full_check_age_s);
                let size = lines.iter().find_map(|line| line.strip_prefix("bytes ")).unwrap_or("?").to_owned();
                match age_s.map(|age_s| age_s / DAY_S) {
                    Some(days) if days > FULL_CHECK_DAYS_MAX => {
                        Outcome::Warned(format!("a copy of {size} bytes is whole; the node's own full check is {days} days old"))
                    }
                    _ => Outcome::Well(format!("a copy of {size} bytes was read back and is whole")),
                }
            }
            Err(why) => Outcome::Failed(why),
        }
    }

    async fn garbage(&self, node: &NodeName) -> Outcome {
        match self.script(node, GENERATIONS, &[KEPT_GENERATIONS], GARBAGE).await {
            Ok(lines) => {
                let number = |key: &str| lines.iter().find_map(|line| line.strip_prefix(key)?.trim().parse::<i64>().ok()).unwrap_or(0);
                Outcome::Well(format!("{} generations are kept, {} MB were freed", number("generations"), number("freed_kb").max(0) >> 10))
            }
            Err(why) => Outcome::Failed(why),
        }
    }

    async fn drill(&self, node: &NodeName) -> Outcome {
        let Some(code) = self.codes.map(|codes| codes.0.join(node.as_str())) else {
            return Outcome::Skipped(
                "no backup codes were given (--codes FOLDER): nobody knows whether this backup can be restored".to_owned(),
            );
        };
        let bounds = Bounds { output_bytes_max: DRILL_BYTES_MAX, ..COPY };
        let lines = match self.script(node, include_str!("copy.sh"), &[self.data, "print"], bounds).await {
            Ok(lines) => lines,
            Err(why) => return Outcome::Failed(why),
        };
        let pieces: String = lines.iter().filter_map(|line| line.strip_prefix("piece ")).collect();
        let restored = STANDARD
            .decode(pieces)
            .map_err(|error| format!("the backup did not arrive whole: {error}"))
            .and_then(|backup| practise(self.clavitor, &backup, &code));
        restored.map_or_else(Outcome::Failed, Outcome::Well)
    }

    async fn script(&self, node: &NodeName, script: &str, arguments: &[&str], bounds: Bounds) -> Result<Vec<String>, String> {
        let said = self.ssh.script(node, script, arguments, bounds).await.map_err(|error: RemoteError| error.to_string())?;
        let lines: Vec<String> =
            said.out.lines().filter_map(|line| line.strip_prefix(PREFIX)).map(|line| line.trim_end().to_owned()).collect();
        match lines.last() {
            Some(last) if said.is_success() && last == "end" => Ok(lines),
            _ => {
                let words = plain(&said.err);
                let tail: Vec<&str> = words.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
                Err(tail[tail.len().saturating_sub(2)..].join("; "))
            }
        }
    }
}

fn backup_age(outcome: Outcome, sight: &Sight) -> Outcome {
    match sight.report.as_ref().map(|report| report.backup_age_s) {
        Some(Some(_)) => outcome,
        _ => Outcome::Warned("the node says nothing of a backup on a schedule".to_owned()),
    }
}

fn updates(sight: &Sight, now_s: u64) -> Outcome {
    let Some(system_s) = sight.system_s else { return Outcome::Skipped("it does not say how old its system is".to_owned()) };
    match now_s.saturating_sub(system_s) / DAY_S {
        days if days > SYSTEM_DAYS_MAX => Outcome::Warned(format!(
            "its system is {days} days old. Next: nix flake update in the rendered folder, then clavitor-fleet deploy"
        )),
        days => Outcome::Well(format!("its system is {days} days old")),
    }
}

fn keys(node: &NodeName, days: Option<u32>, days_max: u32) -> Outcome {
    match days {
        None => Outcome::Warned("the inventory has no keys of it".to_owned()),
        Some(days) if days > days_max => {
            Outcome::Warned(format!("its tunnel key is {days} days old, more than {days_max}. Next: clavitor-fleet node rotate {node}"))
        }
        Some(days) => Outcome::Well(format!("its tunnel key is {days} days old")),
    }
}

/// Opens a backup with its code and restores it into a folder that goes away. The code goes through standard input.
fn practise(clavitor: &Path, backup: &[u8], code: &Path) -> Result<String, String> {
    let code = fs::read(code).map(zeroize::Zeroizing::new).map_err(|error| format!("the backup code {}: {error}", code.display()))?;
    let folder = Folder::new().map_err(|error| format!("no folder for the drill: {error}"))?;
    let (file, data) = (folder.0.join("drill.clv"), folder.0.join("data"));
    fs::write(&file, backup).map_err(|error| format!("{}: {error}", file.display()))?;
    run(clavitor, &["backup".as_ref(), "verify".as_ref(), file.as_os_str()], &code)?;
    run(clavitor, &["restore".as_ref(), "--data".as_ref(), data.as_os_str(), file.as_os_str()], &code)?;
    if !data.join("clavitor.db").exists() {
        return Err("the restore left no database".to_owned());
    }
    Ok(format!("a backup of {} bytes opened with its code and was restored", backup.len()))
}

fn run(program: &Path, arguments: &[&std::ffi::OsStr], input: &[u8]) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}; name the program with --clavitor", program.display());
    let mut child =
        Command::new(program).args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that ends without reading says why itself.
        let _ = stdin.write_all(input);
    }
    let output = child.wait_with_output().map_err(failed)?;
    let words = plain(&String::from_utf8_lossy(&output.stderr));
    if output.status.success() { Ok(()) } else { Err(words.lines().last().unwrap_or("it does not say why").to_owned()) }
}

/// A folder of this process that only its user can read, removed when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> std::io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt as _;
        let path = std::env::temp_dir().join(format!("clavitor-drill-{}", std::process::id()));
        fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays is unreadable to others, and named in the error of the next drill.
        let _ = fs::remove_dir_all(&self.0);
    }
}
