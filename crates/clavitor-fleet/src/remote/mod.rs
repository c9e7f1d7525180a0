//! How the operator's machine speaks to nodes: the system's ssh, known host keys only, bounded output, deadlines. Used by every verb that looks at a node or changes one.

mod known;
mod plain;
mod process;
mod quote;
mod ssh;

pub use known::{Route, Target};
pub use plain::plain;
pub use process::{Bounds, ProcessError, Said, run};
pub use quote::quote;
pub use ssh::{Pipe, RemoteError, Settings, Ssh};
