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
};

/// Runs one verb. What it prints never holds a value that was not asked for with `--reveal`.
pub async fn run(command: AgentCommand) -> ExitCode {
    let say = Say::new(command.options.json);
    let place = command.options.place();
    let done = match command.verb {
        Verb::Run(run) => return work::run(&say, place, run).await,
        Verb::Mcp => crate::mcp::serve(place).await,
        Verb::Enroll(enroll) => enroll::enroll(&say, place, enroll).await,
        Verb::Status => show::status(&say, place).await,
        Verb::List => show::list(&say, place).await,
        Verb::Describe { reference } => show::describe(&say, place, &reference).await,
        Verb::Get(get) => work::get(&say, place, get).await,
        Verb::Totp { reference, reason } => work::totp(&say, place, &reference, &reason).await,
        Verb::Set { reference, raw } => work::set(&say, place, &reference, raw).await,
        Verb::Inject(inject) => inject::inject(&say, place, inject).await,
        Verb::Alarm { clear } => show::alarm(&say, place, clear),
        Verb::Context => show::context(&say),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => say.failure(&failure),
    }
}

fn desk(place: Place) -> Result<Desk, Failure> {
    Desk::new(place)
}
