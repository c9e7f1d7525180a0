//! Socket.IO 5 over Engine.IO 4 over HTTP long polling (https://socket.io/docs/v4/engine-io-protocol/, https://socket.io/docs/v4/socket-io-protocol/): text
//! events with acknowledgements, which is all that is needed. One request at a time; a server's ping is answered when it is read.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use bytes::Bytes;
use clavitor_outbound::{Answer, Ask, AskError, Client, Uri};
use serde_json::Value;

/// A list of monitors of a large Kuma.
const ANSWER_BYTES_MAX: usize = 16 << 20;
/// A server holds a poll open until its next ping, 25 s by default.
const POLL_S_MAX: u64 = 60;
/// For the answer to one event.
const ANSWER_S_MAX: u64 = 30;
/// Events that nobody asked for and that are kept for who does.
const EVENTS_MAX: usize = 256;
/// Between packets in one answer.
const SEPARATOR: char = '\u{1e}';

/// What went wrong with Kuma. No message holds a token, a password or the path of an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KumaError {
    /// The address cannot be used.
    #[error("the address of Kuma {0}")]
    Address(&'static str),
    /// No answer.
    #[error("Kuma cannot be reached: {0}")]
    Unreachable(String),
    /// Somebody answers who is no Kuma.
    #[error("what answers there does not speak as Kuma does: {0}")]
    NotKuma(String),
    /// It did not answer an event.
    #[error("Kuma did not answer \"{0}\" in time")]
    Silent(String),
    /// It says no.
    #[error("Kuma refuses \"{0}\": {1}")]
    Refused(String, String),
    /// A second factor is wanted.
    #[error("this user of Kuma has a second factor")]
    SecondFactor,
}

impl From<AskError> for KumaError {
    fn from(error: AskError) -> Self {
        Self::Unreachable(error.to_string())
    }
}

/// What a packet says.
#[derive(Debug, Clone, PartialEq)]
enum Packet {
    Ping,
    Connected,
    Closed(String),
    Event(String, Vec<Value>),
    Answer(u64, Vec<Value>),
    Other,
}

impl Packet {
    fn read(text: &str) -> Self {
        let of_message = |rest: &str| match rest.split_at_checked(1) {
            Some(("0", _)) => Self::Connected,
            Some(("1", _)) => Self::Closed("it closed the session".to_owned()),
            Some(("4", why)) => Self::Closed(why.to_owned()),
            Some(("2", body)) => Self::event(body),
            Some(("3", body)) => Self::answer(body),
            _ => Self::Other,
        };
        match text.split_at_checked(1) {
            Some(("1", _)) => Self::Closed("it closed the connection".to_owned()),
            Some(("2", _)) => Self::Ping,
            Some(("4", rest)) => of_message(rest),
            _ => Self::Other,
        }
    }

    fn event(body: &str) -> Self {
        let list = body.trim_start_matches(|one: char| one.is_ascii_digit());
        let Ok(mut values) = serde_json::from_str::<Vec<Value>>(list) else { return Self::Other };
        match values.first().and_then(Value::as_str).map(ToOwned::to_owned) {
            Some(name) => Self::Event(name, values.split_off(1)),
            None => Self::Other,
        }
    }

    fn answer(body: &str) -> Self {
        let digits = body.len() - body.trim_start_matches(|one: char| one.is_ascii_digit()).len();
        let (number, list) = body.split_at(digits);
        match (number.parse(), serde_json::from_str(list)) {
            (Ok(number), Ok(values)) => Self::Answer(number, values),
            _ => Self::Other,
        }
    }
}

/// An open connection.
pub(super) struct Wire {
    client: Client,
    base: String,
    session: String,
    packets: VecDeque<Packet>,
    events: VecDeque<(String, Vec<Value>)>,
    asked: u64,
}

impl Wire {
    /// Connects to the address as people open it in a browser.
    pub(super) async fn open(client: Client, base: &str) -> Result<Self, KumaError> {
        let base = format!("{}/socket.io/?EIO=4&transport=polling", base.trim_end_matches('/'));
        let mut wire = Self { client, base, session: String::new(), packets: VecDeque::new(), events: VecDeque::new(), asked: 0 };
        let greeting = wire.get().await?;
        let open: Value = greeting.strip_prefix('0').and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
        let session = open["sid"].as_str().filter(|sid| sid.bytes().all(|one| one.is_ascii_alphanumeric() || b"-_".contains(&one)));
        let stranger = || KumaError::NotKuma("no Socket.IO session; is it the address that you open in a browser?".to_owned());
        session.ok_or_else(stranger)?.clone_into(&mut wire.session);
        wire.post("40").await?;
        wire.until("connect", |packet| matches!(packet, Packet::Connected).then_some(())).await?;
        Ok(wire)
    }

    /// Sends an event and waits for its answer.
    pub(super) async fn ask(&mut self, event: &str, arguments: &[Value]) -> Result<Vec<Value>, KumaError> {
        let number = self.asked;
        self.asked += 1;
        let mut list = vec![Value::from(event)];
        list.extend_from_slice(arguments);
        self.post(&format!("42{number}{}", Value::from(list))).await?;
        self.until(event, |packet| match packet {
            Packet::Answer(of, values) if *of == number => Some(std::mem::take(values)),
            _ => None,
        })
        .await
    }

    /// The newest event of this name that came, or the next.
    pub(super) async fn event(&mut self, name: &str) -> Result<Vec<Value>, KumaError> {
        if let Some(place) = self.events.iter().rposition(|(of, _)| of == name) {
            return Ok(self.events.remove(place).map(|(_, values)| values).unwrap_or_default());
        }
        self.until(name, |packet| match packet {
            Packet::Event(of, values) if of == name => Some(std::mem::take(values)),
            _ => None,
        })
        .await
    }

    async fn until<T>(&mut self, what: &str, wanted: impl Fn(&mut Packet) -> Option<T>) -> Result<T, KumaError> {
        let deadline = Instant::now() + Duration::from_secs(ANSWER_S_MAX);
        loop {
            while let Some(mut packet) = self.packets.pop_front() {
                if let Some(found) = wanted(&mut packet) {
                    return Ok(found);
                }
                self.keep(packet).await?;
            }
            if Instant::now() >= deadline {
                return Err(KumaError::Silent(what.to_owned()));
            }
            let text = self.get().await?;
            self.packets.extend(text.split(SEPARATOR).map(Packet::read));
        }
    }

    async fn keep(&mut self, packet: Packet) -> Result<(), KumaError> {
        match packet {
            Packet::Ping => self.post("3").await,
            Packet::Closed(why) => Err(KumaError::Unreachable(why.chars().take(200).collect())),
            Packet::Event(name, values) => {
                if self.events.len() >= EVENTS_MAX {
                    self.events.pop_front();
                }
                self.events.push_back((name, values));
                Ok(())
            }
            Packet::Connected | Packet::Answer(..) | Packet::Other => Ok(()),
        }
    }

    fn address(&self) -> Result<Uri, KumaError> {
        let session = if self.session.is_empty() { String::new() } else { format!("&sid={}", self.session) };
        format!("{}{session}", self.base).parse().map_err(|_| KumaError::Address("is not one"))
    }

    async fn get(&self) -> Result<String, KumaError> {
        let to = self.address()?;
        let ask = Ask { to: &to, bearer: None, deadline: Duration::from_secs(POLL_S_MAX), answer_bytes_max: ANSWER_BYTES_MAX };
        text_of(&clavitor_outbound::get(&self.client, &ask).await?)
    }

    async fn post(&self, packet: &str) -> Result<(), KumaError> {
        let to = self.address()?;
        let ask = Ask { to: &to, bearer: None, deadline: Duration::from_secs(ANSWER_S_MAX), answer_bytes_max: 1 << 10 };
        let answer = clavitor_outbound::post(&self.client, &ask, Bytes::from(packet.to_owned())).await?;
        text_of(&answer).map(|_| ())
    }
}

fn text_of(answer: &Answer) -> Result<String, KumaError> {
    if answer.status != 200 {
        return Err(KumaError::NotKuma(format!("it answered {}", answer.status)));
    }
    String::from_utf8(answer.body.to_vec()).map_err(|_| KumaError::NotKuma("the answer is no text".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets() {
        assert_eq!(Packet::read("2"), Packet::Ping);
        assert_eq!(Packet::read("40{\"sid\":\"x\"}"), Packet::Connected);
        assert_eq!(Packet::read("42[\"info\",{\"a\":1}]"), Packet::Event("info".to_owned(), vec![serde_json::json!({"a": 1})]));
        assert_eq!(Packet::read("4317[{\"ok\":true}]"), Packet::Answer(17, vec![serde_json::json!({"ok": true})]));
        assert!(matches!(Packet::read("44{\"message\":\"no\"}"), Packet::Closed(_)));
        for odd in ["", "é", "4", "4é", "43x", "42{}", "42[1]", "6", "43[1]"] {
            assert_eq!(Packet::read(odd), Packet::Other, "{odd:?}");
        }
    }
}
