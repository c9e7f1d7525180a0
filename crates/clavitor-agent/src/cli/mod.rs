//! The agent's verbs on the command line. Data goes to standard output, words to standard error; with `--json` there is exactly one JSON document.

mod arguments;
mod enroll;
mod inject;
mod say;
mod show;
mod work;

use std::process::ExitCode;

pub use arguments::AgentCommand;
use arguments::Verb;
use say::Say;
pub(crate) use work::one_time_code;

use crate::{
    desk::{Desk, Place},
    failure::Failure,
    reference::{Reference, ReferenceError},
};

/// Runs one verb. What it prints never holds a value that was not asked for with `--reveal`.
pub async fn run(command: AgentCommand) -> ExitCode {
    let say = Say::new(command.options.json);
    let place = command.options.place();
    let done = match dispatch(&say, place, command.verb).await {
        Ok(code) => return code,
        Err(failure) => failure,
    };
    say.failure(&done)
}

async fn dispatch(say: &Say, place: Place, verb: Verb) -> Result<ExitCode, Failure> {
    match verb {
        Verb::Run(run) => return Ok(work::run(say, place, run).await),
        Verb::Mcp => crate::mcp::serve(place).await,
        Verb::Enroll(enroll) => enroll::enroll(say, place, enroll).await,
        Verb::Status => show::status(say, place).await,
        Verb::List => show::list(say, place).await,
        Verb::Describe { reference } => show::describe(say, place, &self::reference(&reference)?).await,
        Verb::Get(get) => work::get(say, place, get).await,
        Verb::Totp { reference, reason } => work::totp(say, place, &self::reference(&reference)?, &reason).await,
        Verb::Set { reference, raw } => work::set(say, place, &self::reference(&reference)?, raw).await,
        Verb::Inject(inject) => inject::inject(say, place, inject).await,
        Verb::Alarm { clear } => show::alarm(say, place, clear),
        Verb::Context => show::context(say),
    }
    .map(|()| ExitCode::SUCCESS)
}

/// A reference from the command line. What was written is not repeated: it could be a secret in the wrong place.
fn reference(text: &str) -> Result<Reference, Failure> {
    text.parse().map_err(|error: ReferenceError| Failure::general(error.to_string()))
}

/// Says what is wrong with the arguments, in clap's words. The exit code is none of the table: 64, as sysexits has it; help is no failure.
pub fn usage(error: &clap::Error) -> ExitCode {
    // Nobody is left to tell if the terminal is gone.
    let _ = error.print();
    if error.use_stderr() { ExitCode::from(64) } else { ExitCode::SUCCESS }
}

/// Runs one verb on a runtime of its own, for a binary that has none. The network client needs little: one thread does the work of one verb.
pub fn run_alone(command: AgentCommand) -> ExitCode {
    // Keys must not end up in a core dump. Where the system does not know the wish, there is nothing to do about it; programs that are run are not affected.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => {
            let code = runtime.block_on(run(command));
            // A read of standard input cannot be cancelled and must not keep the process alive.
            runtime.shutdown_background();
            code
        }
        Err(error) => Say::new(false).failure(&Failure::general(format!("cannot start: {error}"))),
    }
}

fn desk(place: Place) -> Result<Desk, Failure> {
    Desk::new(place)
}
