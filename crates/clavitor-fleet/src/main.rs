//! The fleet's tool.

use std::process::ExitCode;

fn main() -> ExitCode {
    clavitor_fleet::run()
}
