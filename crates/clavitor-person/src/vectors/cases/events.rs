//! Events of the audit log: one encoding, read by both languages.

use clavitor_crypto::{VaultId, cbor, event::Members};
use serde_json::json;

use super::{super::fields::hex, Case, counting};

fn release() -> Members {
    Members {
        vault_id: VaultId(counting(0xa0)),
        seq: 41,
        time_ms: 1_790_000_000_123,
        actor: 2,
        actor_id: counting::<16>(0xd0).to_vec(),
        action: "field.release".to_owned(),
        outcome: "ok".to_owned(),
        entry_id: counting::<16>(0xb0).to_vec(),
        field_id: counting::<16>(0xc0).to_vec(),
        tier: 2,
        detail: "roll out 1.4 \u{2014} staging".to_owned(),
    }
}

fn begin() -> Members {
    let none = Vec::new();
    Members {
        seq: 0,
        actor: 1,
        actor_id: counting::<32>(0x10).to_vec(),
        action: "vault.create".to_owned(),
        entry_id: none.clone(),
        field_id: none,
        tier: 0,
        detail: String::new(),
        ..release()
    }
}

fn stranger() -> Members {
    let outcome = "unauthenticated".to_owned();
    Members { actor: 5, actor_id: Vec::new(), action: "session.start".to_owned(), outcome, ..begin() }
}

pub(super) fn cases() -> Result<Vec<Case>, String> {
    let input = |bytes: &[u8]| json!({"bytes": hex(bytes)});
    let mut cases = Vec::new();
    for (name, why, members) in [
        ("release", "a field was released to an agent, with its reason", release()),
        ("first", "the first event of a log, by a person", begin()),
        ("stranger", "a refusal of somebody unknown", stranger()),
    ] {
        cases.push(Case::ok(&format!("event/{name}"), "event.decode", why, input(&cbor::encode(&members)))?);
    }
    let rules = [
        ("actor-zero", "no such kind of actor", Members { actor: 0, ..release() }),
        ("actor-six", "no such kind of actor", Members { actor: 6, ..release() }),
        ("actor-id-short", "an actor's id of 15 bytes", Members { actor_id: vec![7; 15], ..release() }),
        ("entry-id-long", "an entry's id of 17 bytes", Members { entry_id: vec![7; 17], ..release() }),
        ("field-id-short", "a field's id of 1 byte", Members { field_id: vec![7], ..release() }),
        ("tier-four", "no such tier", Members { tier: 4, ..release() }),
    ];
    for (name, why, members) in rules {
        cases.push(Case::refused(&format!("event/{name}"), "event.decode", "rule", why, input(&cbor::encode(&members)))?);
    }
    let good = cbor::encode(&release());
    let longer = [good.as_slice(), &[0]].concat();
    let mut long_integer = good.clone();
    // Key 0 is followed by 1; the same number written in two bytes.
    long_integer.splice(2..3, [0x18, 0x01]);
    let mut format = good.clone();
    format[2] = 2;
    for (name, layer, why, bytes) in [
        ("more-behind", "cbor", "a byte behind the end", longer),
        ("cut", "cbor", "the last byte is missing", good[..good.len() - 1].to_vec()),
        ("long-integer", "cbor", "a number that is not written in the shortest way", long_integer),
        ("format", "rule", "another format", format),
    ] {
        cases.push(Case::refused(&format!("event/{name}"), "event.decode", layer, why, input(&bytes))?);
    }
    Ok(cases)
}
