//! The enrolment record: what a machine says about itself at its first boot, and what makes it believed.

use crate::inventory::{Day, IdentityKey, Keys, NodeName, SshKey, WireguardKey};

use super::Token;

/// A record that is older is refused; the machine makes a fresh one every ten minutes.
pub const RECORD_AGE_S_MAX: u64 = 3_600;
/// The machine's clock may be this far ahead.
const CLOCK_AHEAD_S_MAX: u64 = 300;
/// No record is longer.
pub(crate) const RECORD_BYTES_MAX: usize = 4_096;
const FIRST_LINE: &str = "clavitor-enrolment 1";

/// A record as it was read. What it says counts for nothing before [`Record::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    body: String,
    node: String,
    time_s: u64,
    wireguard: WireguardKey,
    ssh_host: SshKey,
    identity: IdentityKey,
    mac: Vec<u8>,
}

/// Why a record is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// A line is not what stands there in a record.
    #[error("line {line} is not \"{expected}\"")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What belongs there.
        expected: &'static str,
    },
    /// Too long, or more behind it.
    #[error("this is not an enrolment record: it is longer than one")]
    Length,
    /// Another machine's.
    #[error("it is the record of {found}, not of {expected}")]
    OtherNode {
        /// Whose it is.
        found: String,
        /// Who was asked for.
        expected: NodeName,
    },
    /// Not made with this token: a machine that was never given it, or a record that was changed on the way.
    #[error("it was not made with the token of {0}: somebody else answers there, or the machine was given an older token")]
    Mac(NodeName),
    /// Too old.
    #[error("it was made {age_s} s ago, and counts for {RECORD_AGE_S_MAX}: take a fresh one from the machine")]
    Old {
        /// Seconds.
        age_s: u64,
    },
    /// From the future.
    #[error("it was made {ahead_s} s from now: the machine's clock, or ours, is wrong")]
    Future {
        /// Seconds.
        ahead_s: u64,
    },
}

impl Record {
    /// Reads a record. Lines around it, as a console shows them, are not taken.
    pub fn parse(text: &str) -> Result<Self, RecordError> {
        if text.len() > RECORD_BYTES_MAX {
            return Err(RecordError::Length);
        }
        let text = text.replace("\r\n", "\n");
        let text = text.trim_end_matches('\n');
        let (body, mac) = text.rsplit_once("mac ").ok_or(RecordError::Line { line: 7, expected: "mac HEX" })?;
        let mut lines = body.lines().enumerate();
        let mut next = |word: &str, expected: &'static str| {
            let (at, line) = lines.next().unwrap_or((usize::MAX - 1, ""));
            let error = RecordError::Line { line: if at < usize::MAX - 1 { at + 1 } else { 7 }, expected };
            line.strip_prefix(word).map(|rest| (rest.to_owned(), error.clone())).ok_or(error)
        };
        let (rest, error) = next(FIRST_LINE, FIRST_LINE)?;
        if !rest.is_empty() {
            return Err(error);
        }
        let (node, _) = next("node ", "node NAME")?;
        let (time, error) = next("time ", "time SECONDS")?;
        let time_s = time.parse().map_err(|_| error)?;
        let (key, error) = next("wireguard ", "wireguard KEY")?;
        let wireguard = key.parse().map_err(|_| error)?;
        let (key, error) = next("ssh_host ", "ssh_host KEY")?;
        let ssh_host: SshKey = key.parse().map_err(|_| error)?;
        let (key, error) = next("identity ", "identity KEY")?;
        let identity = key.parse().map_err(|_| error)?;
        if lines.next().is_some() {
            return Err(RecordError::Length);
        }
        let mac = data_encoding::HEXLOWER.decode(mac.as_bytes()).map_err(|_| RecordError::Line { line: 7, expected: "mac HEX" })?;
        Ok(Self { body: body.to_owned(), node, time_s, wireguard, ssh_host, identity, mac })
    }

    /// The keys, if the record was made with the node's token, for this node, and lately. `now_s` is Unix seconds.
    pub fn verify(self, token: &Token, node: &NodeName, now_s: u64) -> Result<Keys, RecordError> {
        if !token.verifies(&self.body, &self.mac) {
            return Err(RecordError::Mac(node.clone()));
        }
        if self.node != node.as_str() {
            return Err(RecordError::OtherNode { found: self.node, expected: node.clone() });
        }
        let (age_s, ahead_s) = (now_s.saturating_sub(self.time_s), self.time_s.saturating_sub(now_s));
        if age_s > RECORD_AGE_S_MAX {
            return Err(RecordError::Old { age_s });
        }
        if ahead_s > CLOCK_AHEAD_S_MAX {
            return Err(RecordError::Future { ahead_s });
        }
        let since = Day::of_unix_s(self.time_s);
        Ok(Keys { wireguard: self.wireguard, ssh_host: self.ssh_host, identity: self.identity, since })
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::hmac;
    use base64::{Engine as _, engine::general_purpose::STANDARD};

    use super::*;

    const NOW_S: u64 = 1_795_341_600;

    fn body(node: &str, time_s: u64) -> String {
        let mut blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20".to_vec();
        blob.extend_from_slice(&[5; 32]);
        let (key, ssh) = (STANDARD.encode([7; 32]), STANDARD.encode(blob));
        format!("{FIRST_LINE}\nnode {node}\ntime {time_s}\nwireguard {key}\nssh_host ssh-ed25519 {ssh}\nidentity {key}\n")
    }

    fn signed(body: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, "0f".repeat(32).as_bytes());
        format!("{body}mac {}\n", data_encoding::HEXLOWER.encode(hmac::sign(&key, body.as_bytes()).as_ref()))
    }

    fn judge(text: &str) -> Result<Keys, RecordError> {
        Record::parse(text)?.verify(&Token::of_tests(), &"tokyo".parse().expect("a name"), NOW_S)
    }

    #[test]
    fn a_record_made_with_the_token_lately_is_believed() {
        for time_s in [NOW_S, NOW_S - RECORD_AGE_S_MAX, NOW_S + CLOCK_AHEAD_S_MAX] {
            let keys = judge(&signed(&body("tokyo", time_s))).expect("believed");
            assert_eq!(keys.since, Day::of_unix_s(time_s));
            assert_eq!(keys.wireguard.bytes(), [7; 32]);
        }
        assert!(judge(&signed(&body("tokyo", NOW_S)).replace('\n', "\r\n")).is_ok(), "as a console copies it");
    }

    #[test]
    fn every_other_record_is_refused_for_what_is_wrong_with_it() {
        let good = body("tokyo", NOW_S);
        assert_eq!(judge(&signed(&body("tokyo", NOW_S - RECORD_AGE_S_MAX - 1))), Err(RecordError::Old { age_s: RECORD_AGE_S_MAX + 1 }));
        assert_eq!(judge(&signed(&body("tokyo", NOW_S + 301))), Err(RecordError::Future { ahead_s: 301 }));
        assert!(matches!(judge(&signed(&body("seoul", NOW_S))), Err(RecordError::OtherNode { .. })));
        let changed = signed(&good).replace("node tokyo", "node seoul");
        assert!(matches!(judge(&changed), Err(RecordError::Mac(_))), "the MAC is looked at first");
        assert!(matches!(judge(&format!("{good}mac {}", "00".repeat(32))), Err(RecordError::Mac(_))));
        assert!(matches!(judge(&format!("{good}mac ")), Err(RecordError::Mac(_))));
        assert_eq!(judge(&"x".repeat(RECORD_BYTES_MAX + 1)), Err(RecordError::Length));
        assert_eq!(judge(&signed(&format!("{good}more\n"))), Err(RecordError::Length));
        assert_eq!(judge(""), Err(RecordError::Line { line: 7, expected: "mac HEX" }));
        let lines: Vec<&str> = good.lines().collect();
        for without in 0..lines.len() {
            let text: String = lines.iter().enumerate().filter(|(at, _)| *at != without).map(|(_, line)| format!("{line}\n")).collect();
            assert!(matches!(judge(&signed(&text)), Err(RecordError::Line { line, .. }) if line == without + 1 || line == 7), "{without}");
        }
    }
}
