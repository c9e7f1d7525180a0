//! The vital signs as Prometheus reads them (OpenMetrics text, https://prometheus.io/docs/specs/om/open_metrics_spec/). What is not known is left out.

use std::{fmt, sync::atomic::AtomicU64};

use prometheus_client::{
    encoding::text::encode,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

use crate::{
    edition,
    vitals::{PushState, Vitals},
};

/// The media type of the answer.
pub(crate) const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Labels = [(&'static str, &'static str); 1];

/// The page, with the figures of the edition.
///
/// # Errors
/// If it cannot be written, which a string never refuses.
pub(crate) fn page(vitals: &Vitals, gauges: &[edition::Gauge]) -> Result<String, fmt::Error> {
    let mut page = Page(Registry::with_prefix("clavitor"));
    about(&mut page, vitals);
    machine(&mut page, vitals);
    store(&mut page, vitals);
    requests(&mut page, vitals);
    connections(&mut page, vitals);
    pushes(&mut page, vitals);
    for gauge in gauges {
        page.gauge(gauge.name, gauge.help, Some(gauge.value as f64));
    }
    let mut text = String::new();
    encode(&mut text, &page.0)?;
    Ok(text)
}

struct Page(Registry);

impl Page {
    fn gauge(&mut self, name: &str, help: &str, value: Option<f64>) {
        let Some(value) = value else { return };
        let gauge = Gauge::<f64, AtomicU64>::default();
        gauge.set(value);
        self.0.register(name, help.trim_end_matches('.'), gauge);
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.0.register(name, help, counter(value));
    }
}

fn counter(value: u64) -> Counter {
    let counter: Counter = Counter::default();
    counter.inc_by(value);
    counter
}

fn about(page: &mut Page, vitals: &Vitals) {
    let build = Family::<[(&'static str, &'static str); 2], Gauge>::default();
    build.get_or_create(&[("version", vitals.version), ("edition", vitals.edition)]).set(1);
    page.0.register("build", "Which program this is", build);
    let ready = crate::health::readiness(vitals).ready;
    page.gauge("ready", "Whether /readyz answers 200", Some(f64::from(u8::from(ready))));
    page.gauge("uptime_seconds", "Time since the process started", Some(vitals.uptime_s as f64));
    page.gauge("clock_jump_seconds", "How far the clock jumped, if it did within the last hour", vitals.clock_jump_s.map(|by| by as f64));
    page.gauge("nix_generation", "Generation of the system's profile", vitals.nix_generation.map(|generation| generation as f64));
    if let Some(certificate) = vitals.certificate {
        page.gauge("certificate_days_left", "Days until the certificate ends", Some(certificate.days_left as f64));
        page.gauge("certificate_life_left_ratio", "What is left of the certificate's life", Some(certificate.life_left));
        let failing = f64::from(u8::from(certificate.renewal_failing));
        page.gauge("certificate_renewal_failing", "Whether the last attempt to renew the certificate failed", Some(failing));
    }
}

fn machine(page: &mut Page, vitals: &Vitals) {
    let number = |value: Option<u64>| value.map(|value| value as f64);
    page.gauge("resident_memory_bytes", "Memory of the process in RAM", number(vitals.resident_bytes));
    page.gauge("machine_memory_bytes", "RAM of the machine", Some(vitals.memory_bytes as f64));
    page.gauge("machine_load_1m", "Load of the machine over one minute", Some(vitals.load_1m));
    page.gauge("cpu_percent", "What the process used of all processors over the last half minute", vitals.cpu_percent);
    page.gauge("open_files", "Open files and connections of the process", number(vitals.open_files));
}

fn store(page: &mut Page, vitals: &Vitals) {
    let number = |value: Option<u64>| value.map(|value| value as f64);
    let age = |at: Option<u64>| at.map(|ms| vitals.age_s(ms) as f64);
    page.gauge("database_bytes", "The database file", number(vitals.space.database_bytes));
    page.gauge("database_log_bytes", "The write-ahead log", number(vitals.space.log_bytes));
    page.gauge("disk_used_bytes", "Used on the file system with the data folder", number(vitals.space.disk_used_bytes));
    page.gauge("disk_free_bytes", "Free on the file system with the data folder", number(vitals.space.disk_free_bytes));
    page.gauge("store_stopped", "Whether the store stopped after an error", Some(f64::from(u8::from(vitals.store_stopped))));
    page.gauge("integrity_check_age_seconds", "Time since a check of the database last passed", number(vitals.integrity_age_s()));
    page.gauge("full_check_age_seconds", "Time since a full check of the database last passed", age(vitals.full_checked_ms));
    page.gauge("backup_age_seconds", "Age of the newest verified backup", age(vitals.backup_ms));
    page.gauge("sessions", "Sessions of people that are open", number(vitals.active_sessions));
}

fn requests(page: &mut Page, vitals: &Vitals) {
    let counted = vitals.counted;
    for (name, help, value) in [
        ("requests", "Requests answered", counted.requests),
        ("errors", "Requests refused or failed", counted.errors),
        ("faults", "Requests that failed on our side", counted.faults),
        ("failed_sign_ins", "Refused attempts of people to sign in", counted.failed_sign_ins),
        ("failed_proofs", "Refused proofs and tokens of agents", counted.failed_proofs),
        ("locked_agent_requests", "Requests of agents that are locked", counted.locked_agents),
        ("denials", "Requests that policy refused", counted.denials),
    ] {
        page.counter(name, help, value);
    }
    page.gauge("requests_last_hour", "Requests of the last hour", Some(counted.requests_1h as f64));
    page.gauge("errors_last_hour", "Requests of the last hour that were refused or failed", Some(counted.errors_1h as f64));
}

fn connections(page: &mut Page, vitals: &Vitals) {
    let door = vitals.door;
    page.gauge("connections_open", "Connections that are open", Some(door.open as f64));
    page.counter("connections_refused", "Connections that were not served, because of a limit", door.turned_away);
    page.counter("connections_evicted", "Connections of strangers that had to leave because all places were taken", door.evicted);
}

fn pushes(page: &mut Page, vitals: &Vitals) {
    if vitals.pushes.is_empty() {
        return;
    }
    let (sent, failed) = (Family::<Labels, Counter>::default(), Family::<Labels, Counter>::default());
    let (kept, arrives) = (Family::<Labels, Gauge>::default(), Family::<Labels, Gauge>::default());
    for push in &vitals.pushes {
        let to = [("to", push.to.name())];
        sent.get_or_create(&to).inc_by(push.sent);
        failed.get_or_create(&to).inc_by(push.failed);
        kept.get_or_create(&to).set(i64::try_from(push.kept).unwrap_or(i64::MAX));
        arrives.get_or_create(&to).set(i64::from(push.state == PushState::Arrives));
    }
    page.0.register("pushes_sent", "Pushes that arrived", sent);
    page.0.register("pushes_failed", "Pushes that did not arrive", failed);
    page.0.register("push_samples_kept", "Samples that wait to be sent again", kept);
    page.0.register("push_arrives", "Whether the last push arrived", arrives);
}
