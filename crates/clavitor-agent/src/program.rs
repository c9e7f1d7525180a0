//! Running a program with credentials in its environment: directly, without a shell; grants are fetched just before, and every value is disclosed to the child.

use std::{
    ffi::{OsStr, OsString},
    io,
    os::unix::{ffi::OsStrExt as _, process::ExitStatusExt as _},
    path::Path,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use clavitor_api::UseMode;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    process::{Child, Command},
    signal::unix::{SignalKind, signal},
};

use crate::{
    desk::{Desk, OpenVault},
    envfile::{Assignment, Setting},
    failure::Failure,
    identity::Profile,
    label,
    mask::{Masker, Patterns},
    reference::Reference,
    vault::{Item, ItemField, Opened},
    view::DisclosedView,
};

/// What to run.
pub(crate) struct Program {
    /// The program and its arguments.
    pub command: Vec<OsString>,
    /// Variables besides the ones inherited.
    pub assignments: Vec<Assignment>,
    /// Why, in the agent's words.
    pub reason: String,
}

/// A program with the values it gets, not started yet.
pub(crate) struct Ready {
    command: Command,
    shown: String,
    patterns: Patterns,
    /// What the child gets to know.
    pub disclosed: Vec<DisclosedView>,
}

/// The exit code of a program that cannot be started, as shells have it.
const NOT_FOUND: u8 = 127;
const NOT_EXECUTABLE: u8 = 126;

impl Program {
    /// Checks that every reference may be used, and asks the node for nothing.
    ///
    /// # Errors
    /// A reference is unknown or may not be used this way.
    pub(crate) async fn plan(&self, desk: &mut Desk) -> Result<Vec<DisclosedView>, Failure> {
        let mut planned = Vec::new();
        for assignment in &self.assignments {
            let Setting::Reference(reference) = &assignment.setting else { continue };
            let vault = desk.vault(&reference.vault).await?;
            let (item, field) = vault.field(reference)?;
            crate::vault::Wanted { item, field }.permitted(UseMode::Use)?;
            planned.push(DisclosedView { name: assignment.name.clone(), reference: reference.to_string() });
        }
        Ok(planned)
    }

    /// Fetches and opens every value. All references are checked before the first is fetched, so a refusal costs no budget.
    ///
    /// # Errors
    /// See [`crate::vault::Session::release`].
    pub(crate) async fn ready(self, desk: &mut Desk) -> Result<Ready, Failure> {
        let disclosed = self.plan(desk).await?;
        let (program, arguments) =
            self.command.split_first().ok_or_else(|| Failure::general("there is no command to run; put it after --"))?;
        let shown = label::label(&Path::new(program).file_name().unwrap_or(program).to_string_lossy());
        let reason = format!("discloses to the child process {shown}. {}", self.reason);
        let mut command = Command::new(program);
        command.args(arguments);
        let mut patterns = Patterns::default();
        let mut fetched: Vec<Fetched> = Vec::new();
        let wanted = self.wanted(desk)?;
        for assignment in &self.assignments {
            match &assignment.setting {
                Setting::Plain(text) => {
                    command.env(&assignment.name, text);
                }
                Setting::Reference(reference) => {
                    let vault = desk.vault(&reference.vault).await?;
                    let profile = vault.session.profile().name();
                    let (item, field) = vault.field(reference)?;
                    let value = match fetched.iter().position(|known| known.is(profile, item, field)) {
                        Some(at) => &fetched[at],
                        None => {
                            let fields = fields_of(&wanted, vault, item)?;
                            let values = vault.session.release(item, &fields, UseMode::Use, &reason).await?;
                            fetched.extend(fields.iter().zip(values).map(|(field, value)| Fetched {
                                profile: profile.to_owned(),
                                item: item.id(),
                                field: field.id,
                                value,
                            }));
                            fetched
                                .iter()
                                .find(|known| known.is(profile, item, field))
                                .ok_or_else(|| Failure::general("the node left a field out"))?
                        }
                    };
                    set(&mut command, &mut patterns, assignment, &value.value)?;
                }
            }
        }
        Ok(Ready { command, shown, patterns, disclosed })
    }

    /// Every reference with the profile that its vault segment means.
    fn wanted(&self, desk: &Desk) -> Result<Vec<(Profile, &Reference)>, Failure> {
        let references = self.assignments.iter().filter_map(|assignment| match &assignment.setting {
            Setting::Reference(reference) => Some(reference),
            Setting::Plain(_) => None,
        });
        references.map(|reference| Ok((desk.profile(&reference.vault)?, reference))).collect()
    }
}

/// Every field of one item that the program gets: one request, one unit of the budget. References into other vaults have a turn of their own, also where an
/// item there has the same name or id.
fn fields_of<'v>(wanted: &[(Profile, &Reference)], vault: &'v OpenVault, item: &Item) -> Result<Vec<&'v ItemField>, Failure> {
    let mut fields: Vec<&ItemField> = Vec::new();
    for (_, reference) in wanted.iter().filter(|(profile, _)| profile.name() == vault.session.profile().name()) {
        let (other, field) = vault.field(reference)?;
        if other.id() == item.id() && !fields.iter().any(|known| known.id == field.id) {
            fields.push(field);
        }
    }
    Ok(fields)
}

struct Fetched {
    profile: String,
    item: clavitor_crypto::EntryId,
    field: clavitor_crypto::FieldId,
    value: Opened,
}

impl Fetched {
    fn is(&self, profile: &str, item: &Item, field: &ItemField) -> bool {
        self.profile == profile && self.item == item.id() && self.field == field.id
    }
}

fn set(command: &mut Command, patterns: &mut Patterns, assignment: &Assignment, value: &Opened) -> Result<(), Failure> {
    if value.bytes().contains(&0) {
        return Err(Failure::general(format!("the value for {} holds a zero byte, which no environment variable can", assignment.name))
            .remedy("write it to a file instead: clavitor agent inject"));
    }
    command.env(&assignment.name, OsStr::from_bytes(value.bytes()));
    patterns.add(&assignment.name, value.bytes());
    Ok(())
}

/// Why there is no exit code of the program's own.
#[derive(Debug)]
pub(crate) struct NotRun {
    /// What happened.
    pub failure: Failure,
    /// The exit code in place of the child's: 127 for a program that was not found, 126 for one that is not executable, as shells have it.
    pub code: u8,
}

impl From<Failure> for NotRun {
    fn from(failure: Failure) -> Self {
        Self { code: failure.kind.exit_code(), failure }
    }
}

/// A finished program.
pub(crate) struct Finished {
    /// Its exit code, or 128 and the signal's number.
    pub code: u8,
    /// What it printed, where that was captured.
    pub captured: Option<Captured>,
}

/// Captured output, masked.
pub(crate) struct Captured {
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// Some of it was dropped.
    pub truncated: bool,
}

impl Ready {
    /// Runs in the foreground: the terminal's input and output are the child's, signals reach it, and its output is masked on the way unless `masked` is
    /// false.
    ///
    /// # Errors
    /// The system refuses in a way that is not the program's fault.
    pub(crate) async fn foreground(mut self, masked: bool) -> Result<Finished, NotRun> {
        if masked && !self.patterns.is_empty() {
            self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        }
        let mut child = match self.command.spawn() {
            Ok(child) => child,
            Err(error) => return Err(self.not_started(&error)),
        };
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let patterns = &self.patterns;
        let copies = async { tokio::join!(copy(stdout, tokio::io::stdout(), patterns), copy(stderr, tokio::io::stderr(), patterns)) };
        let (status, _) = tokio::join!(wait_forwarding_signals(&mut child), copies);
        Ok(Finished { code: exit_code(status?), captured: None })
    }

    /// Runs with no input and captured, masked output, for at most `timeout_s` seconds.
    ///
    /// # Errors
    /// It cannot be started, or did not end in time and was stopped.
    pub(crate) async fn captured(mut self, timeout_s: u64, stream_bytes_max: usize) -> Result<Finished, NotRun> {
        self.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = match self.command.spawn() {
            Ok(child) => child,
            Err(error) => return Err(self.not_started(&error)),
        };
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let patterns = &self.patterns;
        let run =
            async { tokio::join!(child.wait(), capture(stdout, patterns, stream_bytes_max), capture(stderr, patterns, stream_bytes_max)) };
        match tokio::time::timeout(Duration::from_secs(timeout_s), run).await {
            Ok((status, (stdout, cut_out), (stderr, cut_err))) => {
                let status = status.map_err(|error| Failure::general(format!("waiting for {} failed: {error}", self.shown)))?;
                let captured = Captured { stdout, stderr, truncated: cut_out || cut_err };
                Ok(Finished { code: exit_code(status), captured: Some(captured) })
            }
            Err(_) => Err(Failure::general(format!("{} did not end within {timeout_s} s and was stopped", self.shown)).into()),
        }
    }

    fn not_started(&self, error: &io::Error) -> NotRun {
        let (why, code) = match error.kind() {
            io::ErrorKind::NotFound => ("it was not found".to_owned(), NOT_FOUND),
            io::ErrorKind::PermissionDenied => ("it is not executable".to_owned(), NOT_EXECUTABLE),
            _ => (error.to_string(), NOT_EXECUTABLE),
        };
        let failure = Failure::general(format!("cannot run {}: {why}", self.shown))
            .remedy("the command is run directly, without a shell; for shell syntax write: -- sh -c '…'");
        NotRun { failure, code }
    }
}

fn exit_code(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| status.signal().map(|number| 128 + number)).unwrap_or(1);
    u8::try_from(code).unwrap_or(1)
}

/// Waits for the child and passes on the signals a supervisor sends. On a terminal, Ctrl-C reaches the child by itself.
async fn wait_forwarding_signals(child: &mut Child) -> Result<ExitStatus, Failure> {
    use rustix::process::{Pid, Signal, kill_process};
    let refuse = |error: io::Error| Failure::general(format!("signals cannot be forwarded: {error}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(refuse)?;
    let mut hangup = signal(SignalKind::hangup()).map_err(refuse)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(refuse)?;
    let mut quit = signal(SignalKind::quit()).map_err(refuse)?;
    let mut user1 = signal(SignalKind::user_defined1()).map_err(refuse)?;
    let mut user2 = signal(SignalKind::user_defined2()).map_err(refuse)?;
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    let on_terminal = std::io::IsTerminal::is_terminal(&std::io::stdin());
    loop {
        let received = tokio::select! {
            status = child.wait() => return status.map_err(|error| Failure::general(format!("waiting for the program failed: {error}"))),
            _ = terminate.recv() => Signal::TERM,
            _ = hangup.recv() => Signal::HUP,
            _ = interrupt.recv() => Signal::INT,
            _ = quit.recv() => Signal::QUIT,
            _ = user1.recv() => Signal::USR1,
            _ = user2.recv() => Signal::USR2,
        };
        let from_keyboard = on_terminal && matches!(received, Signal::INT | Signal::QUIT);
        if let Some(pid) = pid.filter(|_| !from_keyboard) {
            // The child may have ended in between; then there is nobody to tell.
            let _ = kill_process(pid, received);
        }
    }
}

const CHUNK_BYTES: usize = 16 * 1024;

async fn copy(from: Option<impl AsyncRead + Unpin>, mut to: impl AsyncWrite + Unpin, patterns: &Patterns) {
    let Some(mut from) = from else { return };
    let mut masker = Masker::new(patterns);
    let mut chunk = zeroize::Zeroizing::new(vec![0; CHUNK_BYTES]);
    while let Ok(length @ 1..) = from.read(&mut chunk).await {
        // A closed terminal must not stop the child by filling its pipe, so reading goes on.
        let _ = to.write_all(&masker.push(&chunk[..length])).await;
        let _ = to.flush().await;
    }
    let _ = to.write_all(&masker.finish()).await;
    let _ = to.flush().await;
}

async fn capture(from: Option<impl AsyncRead + Unpin>, patterns: &Patterns, bytes_max: usize) -> (String, bool) {
    let Some(mut from) = from else { return (String::new(), false) };
    let mut masker = Masker::new(patterns);
    let mut chunk = zeroize::Zeroizing::new(vec![0; CHUNK_BYTES]);
    let mut kept = Vec::new();
    let mut dropped = false;
    let mut keep = |bytes: &[u8]| {
        let room = bytes_max.saturating_sub(kept.len());
        dropped |= bytes.len() > room;
        kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
    };
    while let Ok(length @ 1..) = from.read(&mut chunk).await {
        keep(&masker.push(&chunk[..length]));
    }
    keep(&masker.finish());
    (String::from_utf8_lossy(&kept).into_owned(), dropped)
}
