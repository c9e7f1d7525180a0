//! One alert as it is queued and sent.

use aws_lc_rs::rand;
use clavitor_server::alert::{Alert, Detail};
use data_encoding::HEXLOWER;
use serde_json::{Map, Value, json};

use crate::calendar;

/// Found in the binary of this edition and in no other.
pub(crate) const SENTINEL: &str = "clavitor-commercial module alerts/event";

/// An alert with its id, which the receiver uses to know one that came twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Thirty-two hexadecimal digits.
    pub id: String,
    /// What it is about.
    pub kind: String,
    /// The body of the request, JSON on one line.
    pub body: String,
}

/// Whose alert it is.
#[derive(Debug, Clone, Default)]
pub struct Sender {
    /// This machine's name.
    pub hostname: String,
    /// Which point of presence it is.
    pub region: String,
}

impl Event {
    /// An alert that was raised at `unix_s`.
    pub fn new(alert: &Alert, sender: &Sender, unix_s: u64) -> Self {
        let details: Map<String, Value> = alert.details().into_iter().map(|(name, detail)| (name.to_owned(), value(detail))).collect();
        let id = id();
        let body = json!({
            "edition": crate::EDITION,
            "type": alert.kind(),
            "message": alert.message(),
            "details": details,
            "hostname": sender.hostname,
            "pop_region": sender.region,
            "timestamp": calendar::rfc3339(unix_s),
            "event_id": id,
        });
        Self { kind: alert.kind().to_owned(), body: body.to_string(), id }
    }
}

fn value(detail: Detail) -> Value {
    match detail {
        Detail::Number(number) => number.into(),
        Detail::Word(word) => word.into(),
    }
}

fn id() -> String {
    let mut id = [0_u8; 16];
    // Without randomness two alerts could look like one; the kernel has always some.
    let _ = rand::fill(&mut id);
    HEXLOWER.encode(&id)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    const MEMBERS: [&str; 8] = ["details", "edition", "event_id", "hostname", "message", "pop_region", "timestamp", "type"];

    fn sender() -> Sender {
        Sender { hostname: "pop-us-east-1-03".to_owned(), region: "us-east-1".to_owned() }
    }

    #[test]
    fn the_body_has_exactly_its_members() {
        let alert = Alert::ClockJumped { by_s: -90 };
        let event = Event::new(&alert, &sender(), 1_775_088_705);
        let body: Value = serde_json::from_str(&event.body).unwrap();
        let members: BTreeSet<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, BTreeSet::from(MEMBERS));
        let expected = json!({
            "edition": "commercial", "type": "clock_jumped", "message": alert.message(), "details": {"by_s": -90}, "hostname": "pop-us-east-1-03",
            "pop_region": "us-east-1", "timestamp": "2026-04-02T00:11:45Z", "event_id": event.id,
        });
        assert_eq!(body, expected);
        assert!(!event.body.contains('\n'));
        assert_ne!(event.id, Event::new(&alert, &sender(), 1_775_088_705).id);
    }

    /// What could be somebody's: a title, a password, a token.
    fn planted() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(any::<u8>(), 12..40)
    }

    proptest! {
        /// Figures can be taken from anything, even from a secret: they arrive as numbers of 64 bits and nothing else does.
        #[test]
        fn no_text_of_anybodys_travels_in_the_details(planted in planted(), title in "[A-Za-z]{3,12} (bank|mail|server) [A-Za-z0-9!?-]{8,20}") {
            let count = u64::from_le_bytes(planted[..8].try_into().unwrap());
            let signed = i64::from_le_bytes(planted[4..12].try_into().unwrap());
            let closed = include_str!("../../../../crates/clavitor-server/src/alert.rs");
            for alert in Alert::every(count, signed, planted[0]) {
                let event = Event::new(&alert, &sender(), count >> 32);
                let body: Value = serde_json::from_str(&event.body).unwrap();
                for (name, value) in body["details"].as_object().unwrap() {
                    let closed_word = |word: &str| closed.contains(&format!("= \"{word}\""));
                    let allowed = value.is_i64() || value.is_u64() || value.as_str().is_some_and(closed_word);
                    let known = closed.contains(&format!("\"{name}\""));
                    prop_assert!(known && allowed, "{}: {}", name, value);
                }
                prop_assert!(!event.body.contains(&title));
                prop_assert!(!event.body.contains(&*String::from_utf8_lossy(&planted)));
                prop_assert!(!event.body.contains(&HEXLOWER.encode(&planted)));
            }
        }
    }
}
