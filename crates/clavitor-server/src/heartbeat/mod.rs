//! The node tells whoever watches it how it is doing: a beat to a push monitor of Uptime Kuma, a full report to a collector. Only if its operator asked for it.
//!
//! Nothing here is on the path of a request. What fails is counted, logged once per change of state, and shown in `/metrics` and `/readyz`.

mod drive;
mod kuma;
mod pusher;
mod settings;
mod telemetry;

use std::path::PathBuf;

pub use kuma::Kuma;
pub use settings::{SettingsError, secret_of};
pub use telemetry::{FREQ_S, Telemetry};

use crate::{Node, Shutdown, vitals::Watcher};
use drive::drive;

/// To whom reports go. Empty: nothing leaves the machine.
#[derive(Clone, Default)]
pub struct Settings {
    /// A push monitor.
    pub kuma: Option<Kuma>,
    /// A collector of full reports.
    pub telemetry: Option<Telemetry>,
    /// More certificate authorities, in PEM.
    pub ca_file: Option<PathBuf>,
}

/// Starts what is set, on the current runtime; all of it ends when `shutdown` says so.
///
/// # Errors
/// If the file with certificate authorities is not one.
pub fn start(node: &Node, settings: &Settings, shutdown: &Shutdown) -> Result<(), clavitor_outbound::ClientError> {
    let ca_file = settings.ca_file.as_deref();
    if let Some(kuma) = settings.kuma.clone() {
        let to = kuma::Target::new(kuma, clavitor_outbound::client(ca_file)?);
        drive(node, to, Watcher::Kuma, shutdown);
    }
    if let Some(telemetry) = settings.telemetry.clone() {
        let to = telemetry::Target::new(telemetry, clavitor_outbound::client(ca_file)?);
        drive(node, to, Watcher::Telemetry, shutdown);
    }
    Ok(())
}
