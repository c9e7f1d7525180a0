//! Full reports to a collector: `POST {host}/v1/telemetry`, a bearer token, one report a request (docs/OPERATIONS.md has its members).

use std::time::Duration;

use bytes::Bytes;
use clavitor_outbound::{Ask, Client, Uri};
use zeroize::Zeroizing;

use super::{
    drive::{self, Lost},
    pusher::Pace,
    settings::{SettingsError, address, is_safe},
};
use crate::{Node, vitals::Payload};

const PATH: &str = "/v1/telemetry";
/// Reports that are kept through an outage.
const KEPT_MAX: usize = 20;
const ANSWER_BYTES_MAX: usize = 4 << 10;

/// Seconds between reports, if nothing else is set.
pub const FREQ_S: u64 = 300;

/// A collector of full reports.
#[derive(Clone)]
pub struct Telemetry {
    address: Uri,
    token: Zeroizing<String>,
    node: Option<String>,
    interval_ms: u64,
    deadline_ms: u64,
}

impl Telemetry {
    /// The collector at `host`, which may be an address with a path before `/v1/telemetry`.
    ///
    /// # Errors
    /// [`SettingsError::Address`]; [`SettingsError::Plain`] if the token would go over the wire in the clear.
    pub fn new(host: &str, token: Zeroizing<String>, freq_s: u64) -> Result<Self, SettingsError> {
        let whole = address(host, "the telemetry host")?.to_string();
        let address = format!("{}{PATH}", whole.trim_end_matches('/')).parse().map_err(|_| SettingsError::Address("the telemetry host"))?;
        if !is_safe(&address) {
            return Err(SettingsError::Plain("the telemetry host"));
        }
        Ok(Self { address, token, node: None, interval_ms: freq_s.max(1) * 1000, deadline_ms: drive::DEADLINE_MS })
    }

    /// The same collector, for which the node has this name.
    #[must_use]
    pub fn named(self, node: &str) -> Self {
        Self { node: Some(node.to_owned()), ..self }
    }

    /// The same collector with another pace: milliseconds between reports, and for one of them.
    #[must_use]
    pub fn paced(self, interval_ms: u64, deadline_ms: u64) -> Self {
        Self { interval_ms, deadline_ms, ..self }
    }
}

pub(super) struct Target {
    telemetry: Telemetry,
    client: Client,
}

impl Target {
    pub(super) fn new(telemetry: Telemetry, client: Client) -> Self {
        Self { telemetry, client }
    }
}

impl drive::Target for Target {
    type Sample = Bytes;

    fn pace(&self) -> Pace {
        Pace { interval_ms: self.telemetry.interval_ms, kept_max: KEPT_MAX }
    }

    fn sample(&self, node: &Node) -> Bytes {
        let mut payload = Payload::new(node.vitals(), node.keeper().next_sequence());
        if let Some(name) = &self.telemetry.node {
            payload.node.clone_from(name);
        }
        // Numbers and words can always be written.
        serde_json::to_vec(&payload).unwrap_or_default().into()
    }

    async fn send(&mut self, report: Bytes) -> Result<(), Lost> {
        let Telemetry { address, token, deadline_ms, .. } = &self.telemetry;
        let deadline = Duration::from_millis(*deadline_ms);
        let ask = Ask { to: address, bearer: Some(token), deadline, answer_bytes_max: ANSWER_BYTES_MAX };
        let answer = clavitor_outbound::post(&self.client, &ask, report).await?;
        if (200..300).contains(&answer.status) { Ok(()) } else { Err(Lost::status(answer.status)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_follows_the_host_and_plain_http_is_for_ones_own_network() {
        let made = |host: &str| Telemetry::new(host, Zeroizing::new("0123456789abcdef".to_owned()), FREQ_S);
        assert_eq!(made("https://hq.example/").ok().unwrap().address, "https://hq.example/v1/telemetry");
        assert_eq!(made("http://10.84.0.1:8080/fleet").ok().unwrap().address, "http://10.84.0.1:8080/fleet/v1/telemetry");
        let refused = made("http://hq.example").err().unwrap().to_string();
        assert!(refused.contains("use https") && !refused.contains("0123"), "{refused}");
    }
}
