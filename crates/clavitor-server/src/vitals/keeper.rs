//! What the node remembers between two looks at its vital signs, and what other parts of it report here.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

use aws_lc_rs::rand;
use data_encoding::HEXLOWER;

use super::{
    Counters, Push, Vitals, Watcher,
    clock::ClockWatch,
    machine::{self, Processor},
    pushes::PushRecord,
};
use crate::tls::Life;

/// The life of the certificate that is served.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Certificate {
    /// Days until it ends, rounded down; negative once it has.
    pub days_left: i64,
    /// What is left of its life, from 1 to 0.
    pub life_left: f64,
    /// It is not valid yet: the clock of this machine is behind.
    pub not_yet: bool,
    /// The last attempt to renew it failed.
    pub renewal_failing: bool,
}

impl Certificate {
    /// What a certificate's life means now, Unix seconds.
    pub fn of(life: &Life, renewal_failing: bool, now_s: u64) -> Self {
        Self { days_left: life.days_left(now_s), life_left: life.fraction_left(now_s), not_yet: now_s < life.not_before_s, renewal_failing }
    }
}

type CertificateSource = Box<dyn Fn(u64) -> Option<Certificate> + Send + Sync>;

/// The memory of the vital signs. One for each node.
pub struct Keeper {
    /// Counters of requests.
    pub counters: Counters,
    pub(super) boot_id: String,
    pub(super) started: Instant,
    meters: Mutex<Meters>,
    certificate: OnceLock<CertificateSource>,
    full_check_missed: AtomicBool,
    pushes: Mutex<Vec<Arc<PushRecord>>>,
    sequence: AtomicU64,
    /// What was read last for somebody who may ask often.
    pub(super) last: Mutex<Option<Vitals>>,
}

struct Meters {
    processor: Processor,
    cpu_percent: Option<f64>,
    clock: Option<ClockWatch>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Default for Keeper {
    fn default() -> Self {
        let mut boot_id = [0_u8; 8];
        // Two starts with the same id would only look like one.
        let _ = rand::fill(&mut boot_id);
        let processor = Processor::new(machine::processor_ns(), machine::steady_ns());
        Self {
            counters: Counters::default(),
            boot_id: HEXLOWER.encode(&boot_id),
            started: Instant::now(),
            meters: Mutex::new(Meters { processor, cpu_percent: None, clock: None }),
            certificate: OnceLock::new(),
            full_check_missed: AtomicBool::new(false),
            pushes: Mutex::default(),
            sequence: AtomicU64::new(0),
            last: Mutex::new(None),
        }
    }
}

impl Keeper {
    /// Says where the certificate's life can be read, given Unix seconds; from then on, not having one is a fault. The first source stays.
    pub fn certificate_from(&self, source: impl Fn(u64) -> Option<Certificate> + Send + Sync + 'static) {
        let _ = self.certificate.set(Box::new(source));
    }

    pub(crate) fn certificate(&self, now_s: u64) -> Option<Certificate> {
        self.certificate.get().and_then(|source| source(now_s))
    }

    /// Whether there has to be a certificate.
    pub(super) fn needs_certificate(&self) -> bool {
        self.certificate.get().is_some()
    }

    pub(super) fn missed_full_check(&self, missed: bool) {
        self.full_check_missed.store(missed, Relaxed);
    }

    pub(super) fn full_check_missed(&self) -> bool {
        self.full_check_missed.load(Relaxed)
    }

    pub(super) fn cpu_percent(&self) -> Option<f64> {
        lock(&self.meters).cpu_percent
    }

    pub(super) fn clock_jump_s(&self) -> Option<i64> {
        lock(&self.meters).clock.and_then(|clock| clock.shown())
    }

    /// The next number of a report.
    pub(crate) fn next_sequence(&self) -> u64 {
        self.sequence.fetch_add(1, Relaxed) + 1
    }

    /// A record of pushes to one more watcher.
    pub(crate) fn push_record(&self, to: Watcher, every_ms: u64, now_ms: u64) -> Arc<PushRecord> {
        let record = PushRecord::new(to, every_ms, now_ms);
        lock(&self.pushes).push(record.clone());
        record
    }

    pub(crate) fn pushes(&self) -> Vec<Push> {
        lock(&self.pushes).iter().map(|record| record.read()).collect()
    }

    /// Reads processor and clocks; by how many seconds the wall clock jumped since the last time, if it did.
    pub(super) fn measure(&self, wall_ms: u64) -> Option<i64> {
        let mut meters = lock(&self.meters);
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let used = meters.processor.step(machine::processor_ns(), machine::steady_ns(), processors);
        // The first reading would be of the start.
        meters.cpu_percent = used.filter(|_| meters.clock.is_some());
        let steady_s = machine::steady_ns() / 1_000_000_000;
        match &mut meters.clock {
            Some(clock) => clock.step(wall_ms, steady_s),
            none => {
                *none = Some(ClockWatch::new(wall_ms, steady_s));
                None
            }
        }
    }
}
