//! Beats to a push monitor of Uptime Kuma, in the form that it reads: it looks at the query's `status`, `msg` and `ping` and at nothing else, takes every word but
//! `up` for down, and answers `{"ok":true}`.

use std::time::{Duration, Instant};

use clavitor_outbound::{Ask, Client, Uri};

use super::{
    drive::{self, Lost},
    pusher::Pace,
    settings::{SettingsError, address, is_safe},
};
use crate::{Node, health, vitals::Fault};

/// Between beats. A monitor with an interval of 65 s sees two missing.
const INTERVAL_MS: u64 = 30_000;
/// Kuma keeps any length; a person reads one line.
const MSG_CHARS_MAX: usize = 200;
const ANSWER_BYTES_MAX: usize = 4 << 10;

/// Monitors that get the same beat: Kuma has no severities, so a quiet one and one that wakes somebody differ in their patience.
const MONITORS_MAX: usize = 4;

/// One or more push monitors. An address holds its token, so it is shown nowhere.
#[derive(Clone)]
pub struct Kuma {
    addresses: Vec<Uri>,
    interval_ms: u64,
    deadline_ms: u64,
}

impl Kuma {
    /// The monitor of an address as Kuma shows it, or of up to four with commas between them; their queries are replaced.
    ///
    /// # Errors
    /// [`SettingsError::Address`]; [`SettingsError::Plain`] if the token in it would go over the wire in the clear.
    pub fn parse(text: &str) -> Result<Self, SettingsError> {
        let addresses = text.split(',').map(|one| address(one, "the Kuma monitor")).collect::<Result<Vec<_>, _>>()?;
        if addresses.len() > MONITORS_MAX {
            return Err(SettingsError::Address("the Kuma monitor"));
        }
        if !addresses.iter().all(is_safe) {
            return Err(SettingsError::Plain("the Kuma monitor"));
        }
        Ok(Self { addresses, interval_ms: INTERVAL_MS, deadline_ms: drive::DEADLINE_MS })
    }

    /// The same monitor with another pace: milliseconds between beats, and for one of them.
    #[must_use]
    pub fn paced(self, interval_ms: u64, deadline_ms: u64) -> Self {
        Self { interval_ms, deadline_ms, ..self }
    }
}

/// One beat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Beat {
    up: bool,
    msg: String,
}

pub(super) struct Target {
    kuma: Kuma,
    client: Client,
    ping_ms: Option<u128>,
}

impl Target {
    pub(super) fn new(kuma: Kuma, client: Client) -> Self {
        Self { kuma, client, ping_ms: None }
    }

    fn uri(&self, address: &Uri, beat: &Beat) -> Option<Uri> {
        let status = if beat.up { "up" } else { "down" };
        let ping = self.ping_ms.map_or_else(String::new, |ms| ms.to_string());
        format!("{address}?status={status}&msg={}&ping={ping}", escaped(&beat.msg)).parse().ok()
    }

    async fn send_one(&self, address: &Uri, beat: &Beat) -> Result<(), Lost> {
        let to = self.uri(address, beat).ok_or_else(Lost::unfit)?;
        let deadline = Duration::from_millis(self.kuma.deadline_ms);
        let ask = Ask { to: &to, bearer: None, deadline, answer_bytes_max: ANSWER_BYTES_MAX };
        let answer = clavitor_outbound::get(&self.client, &ask).await?;
        match answer.status {
            200..300 if is_ok(&answer.body) => Ok(()),
            200..300 => Err(Lost { fault: Fault::Answer, why: "the answer is not {\"ok\":true}".to_owned() }),
            status => Err(Lost::status(status)),
        }
    }
}

impl drive::Target for Target {
    type Sample = Beat;

    /// A monitor stamps a beat when it receives it; an old one would only say something wrong about now.
    fn pace(&self) -> Pace {
        Pace { interval_ms: self.kuma.interval_ms, kept_max: 1 }
    }

    fn sample(&self, node: &Node) -> Beat {
        let readiness = health::readiness(&node.vitals());
        let msg = health::complaint(&readiness).unwrap_or_else(|| "OK".to_owned());
        Beat { up: readiness.ready, msg: msg.chars().take(MSG_CHARS_MAX).collect() }
    }

    /// It has arrived when every monitor has it; one that is gone does not keep it from the others.
    async fn send(&mut self, beat: Beat) -> Result<(), Lost> {
        let mut sent = Ok(());
        for address in &self.kuma.addresses {
            let began = Instant::now();
            match self.send_one(address, &beat).await {
                Ok(()) => self.ping_ms = Some(began.elapsed().as_millis()),
                lost => sent = sent.and(lost),
            }
        }
        sent
    }
}

fn is_ok(body: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Value>(body).is_ok_and(|answer| answer["ok"] == true)
}

/// Percent-encoding of everything but unreserved characters (RFC 3986 section 2.3).
fn escaped(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> Target {
        Target::new(
            Kuma::parse("https://kuma.example/api/push/abc?status=up&msg=OK&ping=").unwrap(),
            clavitor_outbound::client(None).unwrap(),
        )
    }

    #[test]
    fn a_beat_stands_in_the_query_and_nowhere_else() {
        let mut target = target();
        let up = Beat { up: true, msg: "OK".to_owned() };
        let address = target.kuma.addresses[0].clone();
        assert_eq!(target.uri(&address, &up).unwrap(), "https://kuma.example/api/push/abc?status=up&msg=OK&ping=");
        target.ping_ms = Some(12);
        let down = Beat { up: false, msg: "disk: full & 100 %; é".to_owned() };
        assert_eq!(
            target.uri(&address, &down).unwrap(),
            "https://kuma.example/api/push/abc?status=down&msg=disk%3A%20full%20%26%20100%20%25%3B%20%C3%A9&ping=12"
        );
    }

    #[test]
    fn its_token_goes_over_plain_http_in_ones_own_network_only() {
        for own in ["http://10.84.0.1:3001/api/push/abc", "http://localhost:3001/api/push/abc", "https://kuma.example/api/push/abc"] {
            assert!(Kuma::parse(own).is_ok(), "{own}");
        }
        for open in ["http://kuma.example/api/push/needle", "http://192.0.2.1/api/push/needle"] {
            let refused = Kuma::parse(open).err().unwrap().to_string();
            assert!(refused.contains("use https") && !refused.contains("needle"), "{refused}");
        }
    }

    #[test]
    fn a_few_monitors_get_the_same_beat() {
        let count = |text: &str| Kuma::parse(text).map(|kuma| kuma.addresses.len()).ok();
        assert_eq!(count("https://kuma.example/api/push/abc,https://kuma.example/api/push/def"), Some(2));
        assert_eq!(count("https://kuma.example/api/push/abc,http://kuma.example/api/push/def"), None, "each has to be safe");
        assert_eq!(count("https://kuma.example/api/push/abc,"), None);
        assert_eq!(count(&["https://kuma.example/api/push/abc"; 5].join(",")), None);
    }

    #[test]
    fn only_its_own_word_is_taken_for_yes() {
        assert!(is_ok(b"{\"ok\":true}"));
        for no in [&b"{\"ok\":false,\"msg\":\"x\"}"[..], b"", b"<html>", b"true", b"{}"] {
            assert!(!is_ok(no));
        }
    }
}
