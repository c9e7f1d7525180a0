//! The Commercial edition: what a managed fleet adds to a node.

pub mod alerts;
mod calendar;
mod settings;
pub mod tarpit;

use std::{path::Path, sync::Arc, time::Duration};

use clavitor_server::{
    Node, Shutdown,
    alert::Alert,
    edition::{Edition, Ending, Gauge, Response, Unmatched},
    heartbeat::{self, Telemetry},
    system_clock,
};

use alerts::Alerts;
pub use settings::{Settings, Unset};
use tarpit::Tarpit;

/// Found in the binary of this edition and in no other.
const SENTINEL: &str = "clavitor-commercial module lib";

/// How often the tarpit's spending is written down, if there was any.
const KEPT_EVERY: Duration = Duration::from_secs(60);

/// What this edition calls itself.
pub(crate) const EDITION: &str = "commercial";

/// Every module of this folder, for `clavitor-commercial version`.
const MODULES: &[&str] = &[
    SENTINEL,
    alerts::SENTINEL,
    alerts::delivery::SENTINEL,
    alerts::event::SENTINEL,
    alerts::post::SENTINEL,
    alerts::queue::SENTINEL,
    calendar::SENTINEL,
    settings::SENTINEL,
    tarpit::SENTINEL,
    tarpit::budget::SENTINEL,
    tarpit::exempt::SENTINEL,
    tarpit::ledger::SENTINEL,
    tarpit::wheel::SENTINEL,
];

/// The Commercial edition. Cheap to clone.
#[derive(Clone)]
pub struct Commercial {
    alerts: Result<Arc<Alerts>, Unset>,
    reports: Option<Telemetry>,
    tarpit: Arc<Tarpit>,
}

impl Commercial {
    /// With the settings of the environment, which may be none.
    pub fn from_environment() -> Self {
        Self::new(Settings::from_environment(), tarpit::Limits::default())
    }

    /// With these settings, or none, and a tarpit of this size.
    pub fn new(settings: Result<Settings, Unset>, limits: tarpit::Limits) -> Self {
        let reports = settings.as_ref().ok().and_then(reports);
        Self { alerts: settings.map(|settings| Arc::new(Alerts::new(settings))), reports, tarpit: Tarpit::new(limits, system_clock()) }
    }
}

/// Where full reports go, under the name of the region.
fn reports(settings: &Settings) -> Option<Telemetry> {
    let reports = Telemetry::new(&settings.host, settings.token.clone(), settings.frequency_s);
    let reports = reports.inspect_err(|why| tracing::warn!("no reports are sent: {why}")).ok()?;
    Some(if settings.region.is_empty() { reports } else { reports.named(&settings.region) })
}

impl Edition for Commercial {
    fn name(&self) -> &'static str {
        EDITION
    }

    fn modules(&self) -> &'static [&'static str] {
        MODULES
    }

    fn telemetry_enabled(&self) -> bool {
        self.alerts.is_ok()
    }

    fn prepare(&self, folder: &Path) {
        self.tarpit.open(folder);
        match &self.alerts {
            Ok(alerts) => alerts.open(folder),
            Err(why) => tracing::warn!("{why}"),
        }
    }

    fn start(&self, node: &Node, shutdown: &Shutdown) {
        let (tarpit, door, ending) = (self.tarpit.clone(), node.clone(), shutdown.clone());
        tokio::spawn(async move { tarpit.turn(move || door.is_nearly_full(), ending).await });
        tokio::spawn(self.tarpit.clone().keep_every(KEPT_EVERY, shutdown.clone()));
        if let Ok(alerts) = &self.alerts {
            let (alerts, shutdown) = (alerts.clone(), shutdown.clone());
            tokio::spawn(async move { alerts.deliver(shutdown).await });
        }
        let settings = heartbeat::Settings { telemetry: self.reports.clone(), ..heartbeat::Settings::default() };
        if let Err(why) = heartbeat::start(node, &settings, shutdown) {
            tracing::error!("no reports are sent: {why}");
        }
    }

    fn alert(&self, alert: &Alert) {
        alert.log();
        if let Ok(alerts) = &self.alerts {
            alerts.raise(alert, system_clock()() / 1000);
        }
    }

    fn unmatched(&self, request: &Unmatched<'_>) -> Response {
        self.tarpit.answer(request)
    }

    fn gauges(&self) -> Vec<Gauge> {
        let (waiting, (dropped, given_up)) = self.alerts.as_ref().map_or((0, (0, 0)), |alerts| (alerts.waiting(), alerts.lost()));
        let mut gauges = self.tarpit.gauges().to_vec();
        gauges.extend([
            Gauge { name: "alerts_queued", help: "Alerts that wait to be sent.", value: waiting },
            Gauge { name: "alerts_dropped", help: "Alerts that were dropped because the queue was full.", value: dropped },
            Gauge { name: "alerts_given_up", help: "Alerts that the receiver refused for good.", value: given_up },
        ]);
        gauges
    }

    fn finish(&self) -> Ending<'_> {
        Box::pin(async move {
            self.tarpit.keep();
            if let Ok(alerts) = &self.alerts {
                alerts.finish().await;
            }
        })
    }
}
