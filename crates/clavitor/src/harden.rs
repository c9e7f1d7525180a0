//! What the process gives up at its start: core dumps, being looked into, being swapped out where the system lets it.

use rustix::{
    mm::{MlockAllFlags, mlockall},
    process::{Resource, Rlimit, getrlimit, setrlimit},
};

/// No core dump of a process that may hold a secret, and no debugger of the same user in a released build. A refusal changes nothing else.
pub(crate) fn no_dumps() {
    // The hard limit stays: a child of the agent may have its own wishes.
    let maximum = getrlimit(Resource::Core).maximum;
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum });
    // A debug build is for the debugger.
    if !cfg!(debug_assertions) {
        let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    }
}

/// Keeps every page that is in use in memory, where the limit on locked memory is none. A limit could make an allocation fail later, so then nothing is
/// locked, and the service manager's `MemorySwapMax=0` has to do it. Returns whether pages are locked.
pub(crate) fn lock_memory() -> bool {
    getrlimit(Resource::Memlock).current.is_none()
        && mlockall(MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT).is_ok()
}
