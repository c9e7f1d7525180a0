//! The Commercial binary.

use std::{process::ExitCode, sync::Arc};

use clavitor_commercial::Commercial;

/// Wipes what is given back, as the Community binary does.
#[global_allocator]
static MEMORY: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

fn main() -> ExitCode {
    clavitor::run(Arc::new(Commercial::from_environment()))
}
