//! Entry headers: one that is good, every rule it can break.

use clavitor_crypto::{
    AgentId, EntryId, FieldId, ScopeId, cbor,
    field_kind::{FieldKind, Tier},
    hash::{Hash, ZERO},
    header::{Deleted, Field, Header},
    sign::What,
};
use serde_json::{Value as Json, json};

use super::{
    super::{bodies, fields::hex, forge},
    Case, counting, lost,
    manifests::{VAULT, key},
    with,
};

pub(super) fn cases() -> Result<Vec<Case>, String> {
    Ok([good()?, encodings()?, rules()?].concat())
}

pub(super) fn field(id: u8, kind: FieldKind, tier: Tier, version: u64) -> Field {
    Field { id: FieldId([id; 16]), kind, tier, version, hash: hash_of(id, version) }
}

/// Stands for the hash of a record.
pub(super) fn hash_of(id: u8, version: u64) -> Hash {
    clavitor_crypto::hash::sha256(&[&[id], &version.to_be_bytes()])
}

/// A header with a field of every tier.
pub(super) fn sample() -> Header {
    Header {
        vault: VAULT,
        entry: EntryId([0xbb; 16]),
        version: 5,
        previous: counting(0x11),
        ek_epoch: 2,
        vault_epoch: 3,
        fields: vec![
            field(0, FieldKind::Summary, Tier::Hosted, 5),
            field(1, FieldKind::Password, Tier::Agents, 4),
            field(2, FieldKind::CardNumber, Tier::OnlyMe, 1),
            field(3, FieldKind::ApiKey, Tier::Hosted, 2),
        ],
        destinations: vec!["https://example.com".to_owned(), "https://www.example.com".to_owned()],
        scopes: vec![ScopeId([5; 16]), ScopeId([6; 16])],
        deleted: Deleted::Live,
        author: AgentId::ZERO,
        hlc_ms: 1_800_000_000_123,
    }
}

fn signed_bytes(body: &[u8]) -> Result<Vec<u8>, String> {
    Ok(forge::signed(What::Header, &VAULT, &key(0x40)?, body))
}

fn verify(signed: &[u8]) -> Result<Json, String> {
    Ok(json!({"vault": hex(&VAULT), "key": hex(key(0x40)?.public().as_bytes()), "signed": hex(signed)}))
}

fn good() -> Result<Vec<Case>, String> {
    let body = sample();
    let sign = json!({"seed": hex(&counting::<32>(0x40)), "body": bodies::header_json(&body)});
    let signed = signed_bytes(&cbor::encode(&body))?;
    let purged = Header { deleted: Deleted::Purged, fields: Vec::new(), ..sample() };
    let trash = Header { deleted: Deleted::Trash, ..sample() };
    let open = verify(&signed)?;
    let other = forge::signed(What::Header, &VAULT, &key(0x41)?, &cbor::encode(&body));
    Ok(vec![
        Case::ok("header/sign", "header.sign", "a field of every tier", sign)?,
        Case::ok("header/verify", "header.verify", "a field of every tier", open.clone())?,
        Case::ok("header/verify-purged", "header.verify", "a purged entry", verify(&signed_bytes(&cbor::encode(&purged))?)?)?,
        Case::ok("header/verify-trash", "header.verify", "an entry in the trash", verify(&signed_bytes(&cbor::encode(&trash))?)?)?,
        Case::refused("header/forged", "header.verify", "signature", "signed by another key", verify(&other)?)?,
        Case::refused("header/other-vault", "header.verify", "signature", "another vault's entry", with(&open, "vault", hex(&[0xab; 16])))?,
        Case::refused("header/other-vault-inside", "header.verify", "signature", "signed for this vault, naming another", {
            verify(&signed_bytes(&cbor::encode(&Header { vault: clavitor_crypto::VaultId([0xab; 16]), ..body.clone() }))?)?
        })?,
        Case::refused("header/flipped", "header.verify", "signature", "a bit of the entry id", verify(&forge::flipped(&signed, 64 + 24))?)?,
    ])
}

fn encodings() -> Result<Vec<Case>, String> {
    let body = cbor::encode(&sample());
    let number = lost(forge::replaced(&body, &[0xbb, 0x03, 0x05, 0x04], &[0xbb, 0x03, 0x18, 0x05, 0x04]), "a long integer")?;
    let faults = [
        ("integer-not-shortest", "an integer in two bytes that fits into one", number),
        ("map-indefinite", "a map of indefinite length", [&[0xbf], &body[1..], &[0xff]].concat()),
        ("trailing-byte", "a byte after the map", [body.as_slice(), &[0]].concat()),
        ("member-more", "an unknown member", [&[0xaf], &body[1..], &[0x0e, 0x00]].concat()),
        ("text-not-utf8", "a destination that is not UTF-8", {
            lost(forge::replaced(&body, b"https://www.example.com", b"https://www.ex\xffmple.com"), "a bad text")?
        }),
    ];
    let mut cases = Vec::new();
    for (name, why, body) in faults {
        let input = verify(&signed_bytes(&body)?)?;
        cases.push(Case::refused(&format!("header/cbor-{name}"), "header.verify", "cbor", why, input)?);
    }
    Ok(cases)
}

type Edit = fn(&mut Header);

const EDITS: [(&str, &str, Edit); 28] = [
    ("version-0", "version 0", |body| body.version = 0),
    ("first-with-previous", "a first header that names one before it", |body| {
        body.version = 1;
        body.fields.iter_mut().for_each(|field| field.version = 1);
    }),
    ("later-without-previous", "a later header that names none", |body| body.previous = ZERO),
    ("agent-makes-entry", "an agent as author of a first version", |body| {
        (body.version, body.previous, body.author) = (1, ZERO, AgentId([1; 16]));
        body.fields.iter_mut().for_each(|field| field.version = 1);
    }),
    ("agent-trashes", "an agent as author of an entry in the trash", |body| {
        (body.author, body.deleted) = (AgentId([1; 16]), Deleted::Trash);
    }),
    ("agent-purges", "an agent as author of a purged entry", |body| {
        (body.author, body.deleted, body.fields) = (AgentId([1; 16]), Deleted::Purged, Vec::new());
    }),
    ("ek-epoch-0", "entry-key epoch 0", |body| body.ek_epoch = 0),
    ("vault-epoch-0", "vault epoch 0", |body| body.vault_epoch = 0),
    ("entry-0", "the entry id that stands for the names", |body| body.entry = EntryId::ZERO),
    ("fields-unsorted", "fields not in order", |body| body.fields.swap(1, 2)),
    ("field-twice", "a field twice", |body| body.fields[2] = body.fields[1]),
    ("destinations-unsorted", "destinations not in order", |body| body.destinations.reverse()),
    ("destination-empty", "an empty destination", |body| body.destinations.insert(0, String::new())),
    ("destination-too-long", "a destination of 2,049 bytes", |body| body.destinations = vec!["d".repeat(2049)]),
    ("scopes-unsorted", "scopes not in order", |body| body.scopes.reverse()),
    ("scope-0-listed", "the whole vault in the list of scopes", |body| body.scopes.insert(0, ScopeId::ZERO)),
    ("no-summary", "a live entry without a summary", |body| {
        body.fields.remove(0);
    }),
    ("trash-without-summary", "an entry in the trash without a summary", |body| {
        body.deleted = Deleted::Trash;
        body.fields.remove(0);
    }),
    ("purged-with-fields", "a purged entry with fields", |body| body.deleted = Deleted::Purged),
    ("summary-tier-2", "a summary at tier 2", |body| body.fields[0].tier = Tier::Agents),
    ("summary-elsewhere", "a second summary", |body| (body.fields[1].kind, body.fields[1].tier) = (FieldKind::Summary, Tier::Hosted)),
    ("field-0-password", "field 0 as a password", |body| body.fields[0].kind = FieldKind::Password),
    ("field-version-0", "a field of version 0", |body| body.fields[1].version = 0),
    ("field-version-ahead", "a field newer than its entry", |body| body.fields[1].version = 6),
    ("card-number-tier-2", "a card number that agents could open", |body| body.fields[2].tier = Tier::Agents),
    ("card-number-tier-1", "a card number that the node could open", |body| body.fields[2].tier = Tier::Hosted),
    ("card-expiry-tier-1", "a card expiry below tier 2", |body| {
        (body.fields[2].kind, body.fields[2].tier) = (FieldKind::CardExpiry, Tier::Hosted);
    }),
    ("descriptive-tier-1", "a user name at tier 1 outside the summary", |body| body.fields[3].kind = FieldKind::Username),
];

fn rules() -> Result<Vec<Case>, String> {
    let mut cases = Vec::new();
    for (name, why, edit) in EDITS {
        let mut body = sample();
        edit(&mut body);
        let input = verify(&signed_bytes(&cbor::encode(&body))?)?;
        cases.push(Case::refused(&format!("header/rule-{name}"), "header.verify", "rule", why, input)?);
    }
    let body = cbor::encode(&sample());
    let card = |kind: &[u8], tier: u8| [&[0x00, 0x50], [2; 16].as_slice(), &[0x01], kind, &[0x02, tier]].concat();
    let faults = [
        ("format", "format 2", vec![0xae, 0x00, 0x01], vec![0xae, 0x00, 0x02]),
        ("kind-unknown", "a field kind that does not exist", card(&[12], 3), card(&[0x18, 32], 3)),
        ("tier-4", "tier 4", card(&[12], 3), card(&[12], 4)),
        ("tier-0", "tier 0", card(&[12], 3), card(&[12], 0)),
        ("policy", "a policy bit", vec![0x09, 0x00, 0x0a, 0x82], vec![0x09, 0x01, 0x0a, 0x82]),
        ("deleted-3", "an unknown state of deletion", vec![0x0b, 0x00, 0x0c, 0x50], vec![0x0b, 0x03, 0x0c, 0x50]),
    ];
    for (name, why, from, to) in faults {
        let body = lost(forge::replaced(&body, &from, &to), name)?;
        cases.push(Case::refused(&format!("header/rule-{name}"), "header.verify", "rule", why, verify(&signed_bytes(&body)?)?)?);
    }
    Ok(cases)
}
