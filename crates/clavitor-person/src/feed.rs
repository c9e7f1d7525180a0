//! Every parser of the format, fed with any bytes. The fuzz targets and a plain test call the same functions, which stop at a broken invariant.

use std::collections::BTreeMap;

use clavitor_crypto::{
    EntryId, FieldId, Secret, VaultId, cbor,
    checkpoint::{self, Checkpoint},
    code::Code,
    enrol::EnrolString,
    hash::Hash,
    header::Header,
    kinds::Tier1,
    manifest::Manifest,
    merkle,
    record::{Context, Envelope, RecordKey},
    sign::PublicKey,
    signed::{Body, Unverified},
    token::HostedToken,
    wrap::{Info, Purpose, WrapPrivate},
};

use crate::{Draft, GrantBody, agents, vectors::forge};

mod good;
pub use good::good_inputs;

/// A parser, fed with bytes from anywhere.
pub type Parser = fn(&[u8]);

/// Every parser by name.
pub const PARSERS: [(&str, Parser); 12] = [
    ("record", record),
    ("padding", padding),
    ("manifest", manifest),
    ("header", header),
    ("grant", grant),
    ("wrap", wrap),
    ("code", code),
    ("token", token),
    ("enrol", enrol),
    ("checkpoint", checkpoint),
    ("merkle", merkle),
    ("summary", summary),
];

const KEY: [u8; 32] = [7; 32];

fn context() -> Context {
    Context::field(VaultId([1; 16]), EntryId([2; 16]), FieldId([3; 16]), 4, 5)
}

/// A record as it comes: envelope and opening. Nobody can guess a commitment.
pub fn record(data: &[u8]) {
    let opened = RecordKey::<Tier1>::new(Secret::take(KEY)).open(&context(), data);
    assert!(opened.is_err(), "a record nobody sealed has opened");
    if let Ok(envelope) = Envelope::parse(data) {
        assert_eq!(envelope.padded_bytes + 88, data.len());
    }
}

/// The padded value of a record that is otherwise good.
pub fn padding(data: &[u8]) {
    let Some(record) = forge::record(&KEY, 1, &context(), &[9; 32], data) else { return };
    let key = RecordKey::<Tier1>::new(Secret::take(KEY));
    if let Ok(value) = key.open(&context(), &record) {
        let again = key.seal_salted(&context(), &value, &[9; 32]);
        assert!(again.is_ok_and(|again| again == record), "a value has two paddings");
    }
}

fn signed<T: Body>(data: &[u8]) {
    let Ok(read) = Unverified::<T>::parse(data) else { return };
    assert_eq!(cbor::encode(read.claims()), data[64..], "a body has two encodings");
    assert!(read.claims().check().is_ok());
    if let Ok(key) = PublicKey::parse(&KEY) {
        let vault = read.claims().vault();
        assert!(read.verify(&vault, &key).is_err());
    }
}

/// A signed manifest.
pub fn manifest(data: &[u8]) {
    signed::<Manifest>(data);
}

/// A signed header.
pub fn header(data: &[u8]) {
    signed::<Header>(data);
}

/// The body of record 0x14.
pub fn grant(data: &[u8]) {
    if let Ok(read) = cbor::decode::<GrantBody>(data) {
        assert_eq!(cbor::encode(&read), data, "a grant has two encodings");
    }
}

/// A signed wrap, the wrap inside it, and what a scope wrap holds.
pub fn wrap(data: &[u8]) {
    let purpose = Purpose::Vmk { unlocker: clavitor_crypto::UnlockerId([1; 32]), vault_epoch: 1 };
    if let Ok(key) = PublicKey::parse(&KEY) {
        assert!(purpose.verify(&VaultId::ZERO, &key, data).is_err());
    }
    let _ = agents::open_scope_plaintext(clavitor_crypto::ScopeId::ZERO, 0, data);
    assert!(WrapPrivate::new(Secret::take(KEY)).open(&Info::backup(&[0; 16]), data).is_err());
}

/// A code as typed.
pub fn code(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(read) = Code::parse(text) {
        assert!(Code::parse(&read.text()).is_ok_and(|again| again.secret().same(read.secret())));
    }
}

/// A hosted token.
pub fn token(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(read) = HostedToken::parse(text) {
        assert_eq!(read.text().as_str(), text, "a token has two texts");
    }
}

/// An enrolment string.
pub fn enrol(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(read) = EnrolString::parse(text) {
        assert_eq!(read.text().as_str(), text, "an enrolment string has two texts");
    }
}

/// A signed note.
pub fn checkpoint(data: &[u8]) {
    let (Ok(text), Ok(key)) = (std::str::from_utf8(data), PublicKey::parse(&KEY)) else { return };
    let origin = checkpoint::origin(&VaultId([0xa0; 16]));
    assert!(Checkpoint::verify(text, &origin, &key).is_err(), "a note nobody signed was taken");
}

/// Both kinds of proof: two sizes, two roots and as many hashes as are there.
pub fn merkle(data: &[u8]) {
    let Some((sizes, hashes)) = data.split_first_chunk::<16>() else { return };
    let number = |part: &[u8]| part.iter().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
    let (old, new) = (number(&sizes[..8]), number(&sizes[8..]));
    let hashes: Vec<Hash> = hashes.chunks_exact(32).filter_map(|hash| hash.try_into().ok()).collect();
    let Some(([first, second], proof)) = hashes.split_first_chunk::<2>() else { return };
    let _ = merkle::verify_inclusion(first, old, new, proof, second);
    if merkle::verify_consistency(old, new, first, second, proof).is_ok() {
        assert!(old <= new && (old != new || first == second || old == 0));
    }
    small_tree(data);
}

/// A small tree of the bytes themselves must prove itself.
fn small_tree(data: &[u8]) {
    let (mut frontier, mut nodes) = (merkle::Frontier::default(), BTreeMap::new());
    for leaf in data.chunks(3).take(20) {
        nodes.extend(frontier.append(merkle::leaf_hash(leaf)));
    }
    let index = u64::from(data[0]) % frontier.size();
    let proof = merkle::inclusion_proof(index, frontier.size(), &mut |node| nodes.get(&node).copied()).unwrap_or_default();
    let leaf = nodes.get(&merkle::Node { level: 0, index }).copied().unwrap_or_default();
    assert!(merkle::verify_inclusion(&leaf, index, frontier.size(), &proof, &frontier.root()).is_ok());
}

/// The JSON of a summary.
pub fn summary(data: &[u8]) {
    let Ok(read) = Draft::from_summary(data) else { return };
    if let Ok(written) = read.summary() {
        assert!(Draft::from_summary(&written).is_ok_and(|again| again == read), "a summary does not read back");
    }
}
