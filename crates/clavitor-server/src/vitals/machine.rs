//! What the system says about the process and its machine. Needs nothing of `/proc` but the process's own folder, so that the service manager can hide the rest.

use std::fs;

use rustix::time::{ClockId, clock_gettime};

/// The profile that NixOS boots; a link to `system-<generation>-link`.
const NIX_PROFILE: &str = "/nix/var/nix/profiles/system";
/// Fixed point of the load averages that `sysinfo(2)` gives.
const LOAD_SCALE: f64 = 65_536.0;

/// What was read.
pub(super) struct Machine {
    pub(super) resident_bytes: Option<u64>,
    pub(super) memory_bytes: u64,
    pub(super) load_1m: f64,
    pub(super) open_files: Option<u64>,
}

#[allow(clippy::unnecessary_cast)] // the types of sysinfo(2) differ between machines
pub(super) fn read() -> Machine {
    let system = rustix::system::sysinfo();
    Machine {
        resident_bytes: fs::read_to_string("/proc/self/status").ok().and_then(|status| resident(&status)),
        memory_bytes: (system.totalram as u64).saturating_mul(u64::from(system.mem_unit)),
        load_1m: system.loads[0] as f64 / LOAD_SCALE,
        open_files: fs::read_dir("/proc/self/fd").ok().map(|files| files.count() as u64),
    }
}

/// `VmRSS`, which is in units of 1,024 bytes (proc(5)).
fn resident(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// Time that the processors spent on the process, in nanoseconds.
pub(super) fn processor_ns() -> u64 {
    let spent = clock_gettime(ClockId::ProcessCPUTime);
    u64::try_from(spent.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(spent.tv_nsec).unwrap_or(0)
}

/// A clock that nobody can set and that goes on while the machine sleeps, in nanoseconds.
pub(super) fn steady_ns() -> u64 {
    let now = clock_gettime(ClockId::Boottime);
    u64::try_from(now.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(now.tv_nsec).unwrap_or(0)
}

/// The generation of the system's profile, where there is one.
pub(super) fn nix_generation() -> Option<u64> {
    let link = fs::read_link(NIX_PROFILE).ok()?;
    generation(link.file_name()?.to_str()?)
}

fn generation(link: &str) -> Option<u64> {
    link.strip_prefix("system-")?.strip_suffix("-link")?.parse().ok()
}

/// Percent of all processors between two readings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Processor {
    spent_ns: u64,
    at_ns: u64,
}

impl Processor {
    pub(super) fn new(spent_ns: u64, at_ns: u64) -> Self {
        Self { spent_ns, at_ns }
    }

    /// What was used since the last reading; nothing if no time has passed.
    pub(super) fn step(&mut self, spent_ns: u64, at_ns: u64, processors: usize) -> Option<f64> {
        let (spent, passed) = (spent_ns.saturating_sub(self.spent_ns), at_ns.saturating_sub(self.at_ns));
        *self = Self { spent_ns, at_ns };
        (passed > 0).then(|| 100.0 * spent as f64 / (passed as f64 * processors.max(1) as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_somewhere_between_nothing_and_everything() {
        let machine = read();
        let resident = machine.resident_bytes.unwrap();
        assert!(resident > 1 << 20 && resident < machine.memory_bytes, "{resident} of {}", machine.memory_bytes);
        assert!(machine.open_files.unwrap() >= 3 && machine.load_1m >= 0.0);
        assert!(processor_ns() > 0);
    }

    #[test]
    fn memory_is_read_from_its_line_only() {
        assert_eq!(resident("VmHWM:\t  999 kB\nVmRSS:\t    1452 kB\nThreads: 3\n"), Some(1452 * 1024));
        assert_eq!(resident("VmRSS:\t many kB\n"), None);
        assert_eq!(resident(""), None);
    }

    #[test]
    fn processors_are_counted_by_what_was_added() {
        let mut meter = Processor::new(5_000, 0);
        assert_eq!(meter.step(5_000 + 1_000, 4_000, 1), Some(25.0));
        assert_eq!(meter.step(6_000 + 4_000, 8_000, 2), Some(50.0));
        assert_eq!(meter.step(10_000, 8_000, 2), None, "no time has passed");
    }

    #[test]
    fn a_profile_link_has_its_generation_in_its_name() {
        assert_eq!(generation("system-42-link"), Some(42));
        assert_eq!(generation("system"), None);
        assert_eq!(generation("system--link"), None);
    }
}
