//! The Community binary under the version that would come next, for rehearsals of a rollout: the same program, told apart by what is compiled into it.

use std::{process::ExitCode, sync::Arc};

use clavitor_server::edition::Edition;

struct Next;

impl Edition for Next {
    fn name(&self) -> &'static str {
        "community"
    }

    fn version(&self) -> &'static str {
        concat!(env!("CARGO_PKG_VERSION"), "+next")
    }
}

fn main() -> ExitCode {
    clavitor::run(Arc::new(Next))
}
