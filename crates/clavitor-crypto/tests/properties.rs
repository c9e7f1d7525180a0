//! What must hold for every value: what was sealed opens, what was touched does not, every structure has one encoding.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of a test may stop it")]

use std::collections::{BTreeMap, BTreeSet};

use clavitor_crypto::{
    AgentId, EntryId, FieldId, Refused, ScopeId, Secret, UnlockerId, VaultId, cbor,
    code::Code,
    derive::LABELS,
    enrol::{EnrolSecret, EnrolString},
    field_kind::{FieldKind, Tier},
    hash::{ZERO, sha256},
    header::{Deleted, Field, Header},
    kinds::{BackupChunk, HostedGrant, Tier1},
    merkle::{self, Frontier, Node},
    record::{Context, Envelope, KINDS, RecordKey, VALUE_BYTES_MAX},
    sign::{PublicKey, SigningKey, What},
    signed::Signed,
    token::HostedToken,
    wrap::{Info, WrapPrivate},
};
use proptest::{collection::vec, prelude::*};

fn context() -> impl Strategy<Value = Context> {
    (any::<u32>(), any::<[u8; 16]>(), any::<[u8; 16]>(), any::<[u8; 16]>(), any::<u64>())
        .prop_map(|(epoch, vault, entry, field, version)| Context { epoch, vault: VaultId(vault), entry, field, version })
}

fn key<K: clavitor_crypto::record::Kind>(bytes: [u8; 32]) -> RecordKey<K> {
    RecordKey::new(Secret::take(bytes))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_sealed_opens(bytes: [u8; 32], context in context(), value in vec(any::<u8>(), 0..3000)) {
        let key = key::<Tier1>(bytes);
        let record = key.seal(&context, &value).unwrap();
        prop_assert_eq!(&*key.open(&context, &record).map_err(|Refused| TestCaseError::fail("refused"))?, &value[..]);
        let envelope = Envelope::parse(&record).unwrap();
        prop_assert_eq!((envelope.kind, envelope.epoch), (1, context.epoch));
    }

    #[test]
    fn a_turned_bit_is_refused(bytes: [u8; 32], context in context(), value in vec(any::<u8>(), 0..200), at: prop::sample::Index, bit in 0u8..8) {
        let key = key::<Tier1>(bytes);
        let mut record = key.seal(&context, &value).unwrap();
        let at = at.index(record.len());
        record[at] ^= 1 << bit;
        prop_assert!(key.open(&context, &record).is_err());
    }

    #[test]
    fn another_place_is_refused(bytes: [u8; 32], context in context(), other in context()) {
        let key = key::<Tier1>(bytes);
        let record = key.seal(&context, b"value").unwrap();
        prop_assume!(context != other);
        prop_assert!(key.open(&other, &record).is_err());
    }

    #[test]
    fn another_kind_is_refused(bytes: [u8; 32], context in context()) {
        let record = key::<Tier1>(bytes).seal(&context, &[0; 32]).unwrap();
        prop_assert!(key::<HostedGrant>(bytes).open(&context, &record).is_err());
        prop_assert!(key::<BackupChunk>(bytes).open(&context, &record).is_err());
        let mut renamed = record;
        renamed[2] = 0x15;
        prop_assert!(key::<HostedGrant>(bytes).open(&context, &renamed).is_err());
    }

    #[test]
    fn lengths_only_show_in_steps(length in 0usize..VALUE_BYTES_MAX) {
        let record = key::<Tier1>([1; 32]).seal(&Context::usk(VaultId::ZERO, 1), &vec![0; length]).unwrap();
        let padded = Envelope::parse(&record).unwrap().padded_bytes;
        prop_assert!(padded >= length + 4);
        prop_assert!(padded <= 32 || padded <= 2 * (length + 4));
        if length > 1024 {
            prop_assert!(padded - length - 4 <= (length + 4) / 8, "Padmé wastes at most an eighth here");
            prop_assert!(padded.trailing_zeros() >= padded.ilog2() - padded.ilog2().ilog2() - 1);
        }
    }

    #[test]
    fn a_wrap_opens_for_its_recipient_only(private: [u8; 32], other: [u8; 32], plaintext in vec(any::<u8>(), 0..100), at: prop::sample::Index) {
        let (private, other) = (WrapPrivate::new(Secret::take(private)), WrapPrivate::new(Secret::take(other)));
        let (public, other_public) = (private.public().unwrap(), other.public().unwrap());
        let info = Info::vmk(&VaultId::ZERO, &UnlockerId::ZERO);
        let mut wrap = public.wrap(&info, &plaintext, &mut clavitor_crypto::random::Os).unwrap();
        prop_assert_eq!(&*private.open(&info, &wrap).unwrap(), &plaintext);
        prop_assert!(public == other_public || other.open(&info, &wrap).is_err());
        prop_assert!(private.open(&Info::scope(&VaultId::ZERO, &AgentId::ZERO), &wrap).is_err());
        let at = at.index(wrap.len());
        wrap[at] ^= 1;
        prop_assert!(private.open(&info, &wrap).is_err());
    }

    #[test]
    fn signatures_bind_what_vault_and_message(seed: [u8; 32], message in vec(any::<u8>(), 0..100), at: prop::sample::Index) {
        let key = SigningKey::from_seed(Secret::take(seed)).unwrap();
        let vault = VaultId([1; 16]);
        let mut signature = key.sign(What::Header, &vault, &[&message]);
        let public = PublicKey::parse(key.public().as_bytes()).unwrap();
        prop_assert!(public.verify(What::Header, &vault, &[&message], &signature).is_ok());
        prop_assert!(public.verify(What::Manifest, &vault, &[&message], &signature).is_err());
        prop_assert!(public.verify(What::Header, &VaultId([2; 16]), &[&message], &signature).is_err());
        prop_assert!(public.verify(What::Header, &vault, &[&message, b"x"], &signature).is_err());
        signature[at.index(64)] ^= 1;
        prop_assert!(public.verify(What::Header, &vault, &[&message], &signature).is_err());
    }

    #[test]
    fn texts_read_back(agent: [u8; 16], secret: [u8; 32], code: [u8; 20], node in "[a-z:/.]{1,80}") {
        let token = HostedToken::new(AgentId(agent), Secret::take(secret));
        let read = HostedToken::parse(&token.text()).map_err(|Refused| TestCaseError::fail("token"))?;
        prop_assert_eq!((read.agent(), read.text()), (token.agent(), token.text()));
        let string = EnrolString { secret: EnrolSecret::new(VaultId(agent), AgentId(agent), Secret::take(secret)), node };
        let read = EnrolString::parse(&string.text()).map_err(|Refused| TestCaseError::fail("string"))?;
        prop_assert_eq!((&read.node, read.text()), (&string.node, string.text()));
        let code = Code::new(Secret::take(code));
        let read = Code::parse(&code.text().to_lowercase()).map_err(|Refused| TestCaseError::fail("code"))?;
        prop_assert!(read.secret().same(code.secret()));
    }

    #[test]
    fn headers_have_one_encoding(body in header(), at: prop::sample::Index, flip in 1u8..) {
        let bytes = cbor::encode(&body);
        prop_assert_eq!(cbor::decode::<Header>(&bytes).unwrap(), body);
        let mut other = bytes;
        let at = at.index(other.len());
        other[at] ^= flip;
        if let Ok(read) = cbor::decode::<Header>(&other) {
            prop_assert_eq!(cbor::encode(&read), other);
        }
    }

    #[test]
    fn a_signed_header_verifies_as_it_was(body in header()) {
        let key = SigningKey::from_seed(Secret::take([7; 32])).unwrap();
        let signed = Signed::sign(body.clone(), &key).unwrap();
        let read = Signed::<Header>::verify(signed.bytes(), &body.vault, &key.public()).unwrap();
        prop_assert_eq!(read.body(), &body);
        prop_assert_eq!(read.hash(), &sha256(&[&signed.bytes()[64..]]));
    }
}

/// Any header that keeps the rules.
fn header() -> impl Strategy<Value = Header> {
    let field = (any::<[u8; 16]>(), 1usize..32, 0u8..3, any::<[u8; 32]>());
    let ids = (any::<[u8; 16]>(), any::<[u8; 16]>().prop_filter("an entry", |id| *id != [0; 16]), any::<[u8; 32]>());
    (ids, 2u64..1 << 40, 1u32.., vec(field, 0..6), vec("[a-z]{1,20}", 0..4), vec(any::<[u8; 16]>(), 0..4), any::<u64>()).prop_map(
        |((vault, entry, previous), version, epoch, fields, destinations, scopes, hlc_ms)| {
            let summary = Field { id: FieldId::ZERO, kind: FieldKind::Summary, tier: Tier::Hosted, version: 1, hash: previous };
            let fields: BTreeMap<FieldId, Field> = fields
                .into_iter()
                .filter(|(id, ..)| *id != [0; 16])
                .map(|(id, kind, up, hash)| {
                    let kind = FieldKind::ALL[kind];
                    let lowest = if kind.is_descriptive() { 2 } else { kind.lowest_tier().number() };
                    let tier = Tier::from_number((lowest + up).min(3)).unwrap();
                    (FieldId(id), Field { id: FieldId(id), kind, tier, version, hash })
                })
                .chain([(FieldId::ZERO, summary)])
                .collect();
            Header {
                vault: VaultId(vault),
                entry: EntryId(entry),
                version,
                previous: if previous == ZERO { [1; 32] } else { previous },
                ek_epoch: epoch,
                vault_epoch: epoch,
                fields: fields.into_values().collect(),
                destinations: destinations.into_iter().collect::<BTreeSet<_>>().into_iter().collect(),
                scopes: scopes.into_iter().map(ScopeId).filter(|id| *id != ScopeId::ZERO).collect::<BTreeSet<_>>().into_iter().collect(),
                deleted: Deleted::Live,
                author: AgentId::ZERO,
                hlc_ms,
            }
        },
    )
}

/// Ten bits of check let about one mistake in 1,024 pass; the record it would open refuses then.
#[test]
fn a_mistyped_code_is_refused() {
    let text: String = Code::new(Secret::take([0x35; 20])).text().chars().filter(|c| *c != '-').collect();
    let (mut tried, mut passed) = (0, 0);
    for at in 0..text.len() {
        for other in "0123456789ABCDEFGHJKMNPQRSTVWXYZ".chars().filter(|c| !text[at..].starts_with(*c)) {
            let mistyped = format!("{}{other}{}", &text[..at], &text[at + 1..]);
            tried += 1;
            passed += usize::from(Code::parse(&mistyped).is_ok());
            assert!(at < 32 || Code::parse(&mistyped).is_err(), "a wrong check character never passes");
        }
    }
    assert!(passed <= tried / 256, "{passed} of {tried}");
}

#[test]
fn no_two_uses_share_a_label() {
    assert_eq!(LABELS.iter().collect::<BTreeSet<_>>().len(), LABELS.len());
    assert!(LABELS.iter().all(|label| !label.contains('\0') && label.is_ascii()));
    assert_eq!(KINDS.iter().collect::<BTreeSet<_>>().len(), KINDS.len());
}

/// RFC 6962 section 2.1, word by word.
fn naive_root(leaves: &[Vec<u8>]) -> [u8; 32] {
    match leaves {
        [] => sha256(&[]),
        [leaf] => sha256(&[&[0], leaf]),
        _ => {
            let (left, right) = leaves.split_at(1 << (leaves.len() - 1).ilog2());
            sha256(&[&[1], &naive_root(left), &naive_root(right)])
        }
    }
}

#[test]
fn every_small_tree_proves_itself_and_nothing_else() {
    let leaves: Vec<Vec<u8>> = (0..40u8).map(|i| vec![i; usize::from(i)]).collect();
    let (mut frontier, mut nodes) = (Frontier::default(), BTreeMap::<Node, [u8; 32]>::new());
    let mut roots = vec![frontier.root()];
    for leaf in &leaves {
        nodes.extend(frontier.append(merkle::leaf_hash(leaf)));
        roots.push(frontier.root());
    }
    let mut lookup = |node: Node| nodes.get(&node).copied();
    for new in 0..=leaves.len() {
        assert_eq!(roots[new], naive_root(&leaves[..new]));
        let loaded = Frontier::load(new as u64, &mut lookup).unwrap();
        assert_eq!((loaded.root(), loaded.size()), (roots[new], new as u64));
        for old in 0..=new {
            let proof = merkle::consistency_proof(old as u64, new as u64, &mut lookup).unwrap();
            let verify = |old_root, new_root, proof: &[_]| merkle::verify_consistency(old as u64, new as u64, old_root, new_root, proof);
            assert!(verify(&roots[old], &roots[new], &proof).is_ok(), "{old} to {new}");
            assert!(old == 0 || verify(&[7; 32], &roots[new], &proof).is_err());
            assert!(old == 0 || verify(&roots[old], &[7; 32], &proof).is_err());
            let longer = [proof.as_slice(), &[[7; 32]]].concat();
            assert!(verify(&roots[old], &roots[new], &longer).is_err());
            assert!(proof.is_empty() || verify(&roots[old], &roots[new], &proof[1..]).is_err());
        }
        for index in 0..new {
            let proof = merkle::inclusion_proof(index as u64, new as u64, &mut lookup).unwrap();
            let verify = |leaf: usize, index: usize| {
                merkle::verify_inclusion(&merkle::leaf_hash(&leaves[leaf]), index as u64, new as u64, &proof, &roots[new]).is_ok()
            };
            assert!(verify(index, index));
            assert!((0..new).all(|other| other == index || (!verify(other, index) && !verify(index, other))));
        }
    }
    assert!(merkle::consistency_proof(3, 2, &mut lookup).is_none() && merkle::inclusion_proof(2, 2, &mut lookup).is_none());
}

#[test]
fn a_value_that_is_too_long_is_refused_and_the_longest_is_not() {
    let key = key::<Tier1>([1; 32]);
    let context = Context::usk(VaultId::ZERO, 1);
    assert!(key.seal(&context, &vec![0; VALUE_BYTES_MAX + 1]).is_err());
    let record = key.seal(&context, &vec![1; VALUE_BYTES_MAX]).unwrap();
    assert!(record.len() <= clavitor_crypto::record::RECORD_BYTES_MAX);
    assert_eq!(key.open(&context, &record).unwrap_or_else(|_| panic!("refused")).len(), VALUE_BYTES_MAX);
}

#[test]
fn a_body_above_the_limit_is_refused() {
    assert!(matches!(cbor::decode::<Header>(&vec![0; cbor::BODY_BYTES_MAX + 1]), Err(clavitor_crypto::Refusal::Shape)));
}
