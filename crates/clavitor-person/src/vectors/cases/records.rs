//! Records: every kind sealed and opened, and one fault of every layer.

use clavitor_crypto::{VaultId, record::Context};
use serde_json::{Value as Json, json};

use super::{
    super::{
        fields::{hex, unhex},
        forge,
    },
    Case, counting, lost, with,
};

const KEY: [u8; 32] = [0x77; 32];
const SALT: [u8; 32] = [0x5a; 32];

pub(super) fn cases() -> Result<Vec<Case>, String> {
    Ok([sealed()?, sizes()?, envelopes()?, contexts()?, forged()?].concat())
}

/// A place for a record of kind 2.
fn place() -> Json {
    json!({
        "key": hex(&KEY), "kind": 2, "epoch": 3, "vault": hex(&counting::<16>(0xa0)), "entry": hex(&counting::<16>(0xb0)),
        "field": hex(&counting::<16>(0xc0)), "version": 7,
    })
}

fn context() -> Context {
    Context { epoch: 3, vault: VaultId(counting(0xa0)), entry: counting(0xb0), field: counting(0xc0), version: 7 }
}

fn sealing(place: &Json, value: &[u8]) -> Json {
    with(&with(place, "salt", hex(&SALT)), "value", hex(value))
}

/// Seals, and gives the case that opens what came out.
fn both(name: &str, why: &str, place: &Json, value: &[u8]) -> Result<[Case; 2], String> {
    let seal = Case::ok(&format!("record/{name}-seal"), "record.seal", why, sealing(place, value))?;
    let record = seal.out.as_ref().map(|out| out["record"].clone()).unwrap_or_default();
    let open = Case::ok(&format!("record/{name}-open"), "record.open", why, with(place, "record", record))?;
    Ok([seal, open])
}

fn sealed() -> Result<Vec<Case>, String> {
    let printed = json!({
        "key": "190a594a3d81f408c9520f987a5a66aa10bd29aa1f8bfeaa775dd05f28346113", "kind": 3, "epoch": 1,
        "vault": hex(&counting::<16>(0xa0)), "entry": hex(&counting::<16>(0xb0)), "field": hex(&counting::<16>(0xc0)), "version": 7,
    });
    let mut cases = both("printed", "the vector printed in docs/FORMAT.md", &printed, b"4111111111111111")?.to_vec();
    for kind in clavitor_crypto::record::KINDS {
        let at = with(&place(), "kind", kind);
        cases.extend(both(&format!("kind-{kind:02x}"), "a record of this kind", &at, &counting::<32>(kind))?);
    }
    cases.extend(both("empty", "an empty value", &place(), b"")?);
    cases.extend(both("fills-32", "28 bytes fill the smallest size", &place(), &[0x61; 28])?);
    cases.extend(both("over-32", "29 bytes need the next size", &place(), &[0x61; 29])?);
    cases.extend(both("padme", "above 1,024 bytes Padmé rounds", &place(), &[0x61; 1500])?);
    let last = with(&with(&place(), "version", 9_007_199_254_740_991_u64), "epoch", u32::MAX);
    cases.extend(both("largest-numbers", "the largest version that JSON carries, the largest epoch", &last, b"x")?);
    Ok(cases)
}

fn sizes() -> Result<Vec<Case>, String> {
    let mut cases = Vec::new();
    for size in [0, 28, 29, 60, 61, 124, 252, 508, 1020, 1021, 2044, 2045, 100_000, 1_032_188] {
        let path = format!("record/size-{size}");
        cases.push(Case::ok(&path, "padding.size", "how long this value becomes", json!({"value_bytes": size}))?);
    }
    let long = json!({"value_bytes": 1_032_189});
    cases.push(Case::refused("record/size-too-long", "padding.size", "padding", "the record would pass 1 MiB", long)?);
    Ok(cases)
}

fn record() -> Result<Vec<u8>, String> {
    let seal = Case::ok("", "record.seal", "", sealing(&place(), b"a value of some length, 37 bytes long"))?;
    unhex(seal.out.unwrap_or_default()["record"].as_str().unwrap_or_default()).map_err(|_| "record".to_owned())
}

fn opening(record: &[u8]) -> Json {
    with(&place(), "record", hex(record))
}

fn set(record: &[u8], at: usize, value: u8) -> Vec<u8> {
    let mut record = record.to_vec();
    record[at] = value;
    record
}

/// Faults that show without a key.
fn envelopes() -> Result<Vec<Case>, String> {
    let record = record()?;
    let other_size = [&record[..record.len() - 16], &[0; 16], &record[record.len() - 16..]].concat();
    let faults: [(&str, &str, Vec<u8>); 9] = [
        ("format", "another format byte", set(&record, 0, 0xC2)),
        ("suite-0", "suite 0: a legacy that never was", set(&record, 1, 0)),
        ("suite-2", "a suite of the future", set(&record, 1, 2)),
        ("kind-unknown", "a kind that does not exist", set(&record, 2, 0x18)),
        ("flags", "a flag", set(&record, 3, 1)),
        ("cut", "the last byte is missing", record[..record.len() - 1].to_vec()),
        ("longer", "a byte more", [record.as_slice(), &[0]].concat()),
        ("size", "a length that padding never gives", other_size),
        ("header-only", "nothing after the commitment", record[..72].to_vec()),
    ];
    let mut cases = vec![Case::ok("record/envelope", "record.envelope", "what a node sees of a record", json!({"record": hex(&record)}))?];
    for (name, why, faulty) in faults {
        cases.push(Case::refused(&format!("record/envelope-{name}"), "record.envelope", "envelope", why, json!({"record": hex(&faulty)}))?);
        cases.push(Case::refused(&format!("record/open-{name}"), "record.open", "envelope", why, opening(&faulty))?);
    }
    cases.push(Case::refused("record/envelope-empty", "record.envelope", "envelope", "no bytes", json!({"record": ""}))?);
    Ok(cases)
}

/// A good record, asked for from somewhere else.
fn contexts() -> Result<Vec<Case>, String> {
    let good = opening(&record()?);
    let faults = [
        ("entry", "the record of another entry", with(&good, "entry", hex(&counting::<16>(0xb1)))),
        ("field", "the record of another field", with(&good, "field", hex(&counting::<16>(0xc1)))),
        ("vault", "the record of another vault", with(&good, "vault", hex(&counting::<16>(0xa1)))),
        ("version", "an older version of the field", with(&good, "version", 8)),
        ("key", "another key", with(&good, "key", hex(&[0x78; 32]))),
    ];
    let mut cases = Vec::new();
    for (name, why, input) in faults {
        cases.push(Case::refused(&format!("record/swapped-{name}"), "record.open", "commitment", why, input)?);
    }
    let kind = with(&good, "kind", 3);
    cases.push(Case::refused("record/swapped-kind", "record.open", "envelope", "a tier-2 record where tier 3 was asked for", kind)?);
    let epoch = with(&good, "epoch", 4);
    cases.push(Case::refused("record/swapped-epoch", "record.open", "envelope", "a record under an older key than asked for", epoch)?);
    Ok(cases)
}

/// Faults that need the key, or a bit turned.
fn forged() -> Result<Vec<Case>, String> {
    let record = record()?;
    let forge = |key: &[u8; 32], padded: &[u8]| lost(forge::record(key, 2, &context(), &SALT, padded), "a record");
    let padded = |claim: u32, value: &[u8], size: usize| {
        let mut bytes = [claim.to_be_bytes().as_slice(), value].concat();
        bytes.resize(size, 0);
        bytes
    };
    let dirty = {
        let mut bytes = padded(5, b"value", 32);
        bytes[31] = 1;
        bytes
    };
    let honest = forge(&KEY, &padded(5, b"value", 32))?;
    let other = forge(&[0x78; 32], &padded(5, b"value", 32))?;
    let two_keys = [&honest[..40], &other[40..72], &honest[72..]].concat();
    let faults = [
        ("commitment-flipped", "commitment", "a bit of the commitment", forge::flipped(&record, 40)),
        ("salt-flipped", "commitment", "a bit of the salt", forge::flipped(&record, 8)),
        ("commitment-of-another-key", "commitment", "a ciphertext of one key with the commitment of another", two_keys),
        ("ciphertext-flipped", "aead", "a bit of the ciphertext", forge::flipped(&record, 72)),
        ("tag-flipped", "aead", "a bit of the tag", forge::flipped(&record, -1)),
        ("padding-not-zero", "padding", "a byte hidden in the padding", forge(&KEY, &dirty)?),
        ("padding-too-long", "padding", "64 bytes for a value that fits into 32", forge(&KEY, &padded(5, b"value", 64))?),
        ("padding-claim-over", "padding", "a length beyond the end", forge(&KEY, &padded(29, b"value", 32))?),
        ("padding-claim-huge", "padding", "the largest length there is", forge(&KEY, &padded(u32::MAX, b"value", 32))?),
    ];
    let mut cases = vec![Case::ok("record/by-hand", "record.open", "a record made by HMAC and AES-GCM called by hand", opening(&honest))?];
    for (name, layer, why, faulty) in faults {
        cases.push(Case::refused(&format!("record/{name}"), "record.open", layer, why, opening(&faulty))?);
    }
    Ok(cases)
}
