//! The Community binary.

use std::{process::ExitCode, sync::Arc};

use clavitor_server::edition::Community;

/// Wipes what is given back. A hosted agent's token and value also pass through buffers of the HTTP and JSON libraries, which know nothing of secrets.
#[global_allocator]
static MEMORY: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

fn main() -> ExitCode {
    clavitor::run(Arc::new(Community))
}
