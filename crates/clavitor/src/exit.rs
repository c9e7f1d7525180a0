//! Exit codes, and how a failure is said.

use std::process::ExitCode;

use crate::print;

/// sysexits' EX_USAGE: 2 is taken by `audit verify`.
const USAGE: u8 = 64;

/// Help and version are no errors.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    // Nobody is left to be told when the terminal is gone.
    let _ = error.print();
    if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS }
}

/// 0, or 1 with what happened and why.
pub(crate) fn code(done: anyhow::Result<()>) -> ExitCode {
    code_of(done.map(|()| 0))
}

/// The code itself, or 1 with what happened and why.
pub(crate) fn code_of(done: anyhow::Result<u8>) -> ExitCode {
    match done {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            print::words(&format!("clavitor: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
