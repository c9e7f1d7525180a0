//! What the operator hears of certificates, each thing once: that renewing fails, that the end comes nearer, that the clock is wrong, and that all is well again.

use std::sync::Arc;

use super::{Level, Span, policy::ClockFault};
use crate::{
    alert::{Alert, CertificateFault},
    edition::Edition,
    tls::{Life, Slot},
};

/// Without a certificate the operator is told at once; with one that is good for a while, after so many failures.
pub(super) const FAILURES_TOLD: u32 = 3;

/// Remembers what was told.
pub(super) struct Teller {
    slot: Slot,
    edition: Arc<dyn Edition>,
    failing: bool,
    level: Option<Level>,
    clock: bool,
    failures: u32,
}

impl Teller {
    pub(super) fn new(slot: Slot, edition: Arc<dyn Edition>) -> Self {
        Self { slot, edition, failing: false, level: None, clock: false, failures: 0 }
    }

    /// An order failed.
    pub(super) fn failed(&mut self, failures: u32, cause: CertificateFault, now_ms: u64) {
        self.failures = failures;
        let missing = self.slot.life().is_none();
        if !self.failing && (missing || failures >= FAILURES_TOLD) {
            self.failing = true;
            self.alert_failing(cause, now_ms);
        }
    }

    /// A new certificate serves.
    pub(super) fn renewed(&mut self, life: &Life, now_ms: u64) {
        let bad = self.failing || self.level.is_some();
        (self.failing, self.level, self.failures) = (false, None, 0);
        if bad {
            self.edition.alert(&Alert::CertificateRenewed { days_left: life.days_left(now_ms / 1000) });
        }
    }

    /// The clock is as given. Something, when that has changed or is still wrong: what the last error is now.
    pub(super) fn clock(&mut self, fault: Option<ClockFault>, now_ms: u64) -> Option<Option<String>> {
        let before = std::mem::replace(&mut self.clock, fault.is_some());
        match fault {
            None if before => {
                tracing::info!("the clock makes sense again; certificates are renewed as usual");
                Some(None)
            }
            None => None,
            Some(fault) => {
                let words = clock_words(fault);
                if !before {
                    tracing::error!("{words}");
                    self.alert_failing(CertificateFault::Clock, now_ms);
                }
                Some(Some(words.to_owned()))
            }
        }
    }

    /// Each step towards the end is told once.
    pub(super) fn level(&mut self, now_ms: u64) {
        let Some(life) = self.slot.life() else { return };
        let now = level(Some(&life), now_ms);
        if now > Level::Good && self.level.is_none_or(|told| now > told) {
            self.level = Some(now);
            let (days_left, life_percent) = figures(&life, now_ms);
            self.edition.alert(&Alert::CertificateExpiring { days_left, life_percent });
        }
    }

    fn alert_failing(&self, cause: CertificateFault, now_ms: u64) {
        let (days_left, life_percent) = self.slot.life().map_or((0, 0), |life| figures(&life, now_ms));
        self.edition.alert(&Alert::CertificateFailing { failures: self.failures.into(), days_left, life_percent, cause });
    }
}

pub(super) fn span(life: &Life) -> Span {
    Span { not_before_ms: life.not_before_s.saturating_mul(1000), not_after_ms: life.not_after_s.saturating_mul(1000) }
}

pub(super) fn level(life: Option<&Life>, now_ms: u64) -> Level {
    life.map_or(Level::Missing, |life| span(life).level(now_ms))
}

/// Days and percent of the life that are left.
fn figures(life: &Life, now_ms: u64) -> (i64, u8) {
    let span = span(life);
    let percent = span.left_ms(now_ms).saturating_mul(100) / span.life_ms();
    (life.days_left(now_ms / 1000), u8::try_from(percent).unwrap_or(100))
}

fn clock_words(fault: ClockFault) -> &'static str {
    match fault {
        ClockFault::BeforeBuild => {
            "this machine's clock shows a time before this program was built. No certificate is ordered until the clock is set, for instance with `timedatectl set-ntp true`"
        }
        ClockFault::FarAhead => {
            "this machine's clock is decades ahead. No certificate is ordered until the clock is set, for instance with `timedatectl set-ntp true`"
        }
        ClockFault::BeforeCertificate => {
            "this machine's clock shows a time before its own certificate was issued. No certificate is ordered until the clock is set, for instance with `timedatectl set-ntp true`"
        }
    }
}
