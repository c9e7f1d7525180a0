//! Manifests: one that is good, every way of encoding it wrongly, every rule it can break.

use clavitor_crypto::{
    AgentId, ScopeId, Secret, UnlockerId, VaultId, cbor,
    hash::ZERO,
    manifest::{
        Agent, AgentKeys, AgentKind, AgentScope, AgentState, Budget, Capabilities, LogPin, Manifest, Names, Recovery, Scope, Unlocker,
        UnlockerKind,
    },
    sign::{SigningKey, What},
    wrap::WrapPublic,
};
use serde_json::{Value as Json, json};

use super::{
    super::{bodies, fields::hex, forge},
    Case, counting, lost, with,
};

pub(super) const VAULT: VaultId = VaultId([0xaa; 16]);

pub(super) fn cases() -> Result<Vec<Case>, String> {
    Ok([good()?, encodings()?, rules()?].concat())
}

pub(super) fn key(first: u8) -> Result<SigningKey, String> {
    SigningKey::from_seed(Secret::take(counting(first))).map_err(|refusal| refusal.to_string())
}

/// A manifest in which every list has something.
pub(super) fn sample() -> Result<Manifest, String> {
    let passkey = UnlockerId::of_passkey("localhost", &counting::<20>(1)).map_err(|bad| bad.to_string())?;
    let unlocker = |id, kind| Unlocker { id, kind, x25519: WrapPublic(counting(0x31)), added_s: 1_800_000_000 };
    let mut unlockers = vec![unlocker(passkey, UnlockerKind::Passkey), unlocker(UnlockerId::of_recovery(), UnlockerKind::Recovery)];
    unlockers.sort_unstable_by_key(|unlocker| unlocker.id);
    let keys = AgentKeys { ed25519: key(0x70)?.public(), x25519: WrapPublic(counting(0x90)) };
    Ok(Manifest {
        vault: VAULT,
        version: 2,
        previous: counting(0x11),
        vault_epoch: 3,
        usk: key(0x40)?.public(),
        unlockers,
        scopes: vec![scope(ScopeId::ZERO, 2), scope(ScopeId([5; 16]), 300)],
        agents: vec![
            agent(1, AgentKind::Enrolled, AgentState::Active, Some(keys)),
            agent(2, AgentKind::Hosted, AgentState::Active, None),
            agent(3, AgentKind::Enrolled, AgentState::Invited, None),
        ],
        home_node: "https://vault.example:1984".to_owned(),
        backup_node: String::new(),
        replication_consent: false,
        log_pin: LogPin { size: 70_000, root: counting(0x80), key: key(0x21)?.public() },
        recovery: Recovery { auth_hash: counting(0x60), delay_s: 172_800 },
        names: Names { version: 4, hash: counting(0x50) },
        hlc_ms: 1_800_000_000_123,
    })
}

fn scope(id: ScopeId, epoch: u32) -> Scope {
    Scope { id, epoch, ek_epoch_min: 1 }
}

fn agent(id: u8, kind: AgentKind, state: AgentState, keys: Option<AgentKeys>) -> Agent {
    let capabilities = Capabilities::USE.with(Capabilities::TOTP);
    Agent {
        id: AgentId([id; 16]),
        kind,
        keys,
        scopes: vec![AgentScope { scope: ScopeId([5; 16]), capabilities }],
        budget: Budget { per_minute: 3, per_hour: 10 },
        not_after_s: 1_900_000_000,
        state,
    }
}

/// Signs whatever bytes are given, as the owner would.
pub(super) fn signed_bytes(body: &[u8]) -> Result<Vec<u8>, String> {
    Ok(forge::signed(What::Manifest, &VAULT, &key(0x40)?, body))
}

fn verify(signed: &[u8]) -> Result<Json, String> {
    Ok(json!({"vault": hex(&VAULT), "usk": hex(key(0x40)?.public().as_bytes()), "signed": hex(signed)}))
}

fn good() -> Result<Vec<Case>, String> {
    let body = sample()?;
    let sign = json!({"seed": hex(&counting::<32>(0x40)), "body": bodies::manifest_json(&body)});
    let signed = signed_bytes(&cbor::encode(&body))?;
    let first = Manifest { version: 1, previous: ZERO, ..minimal()? };
    let open = verify(&signed)?;
    let server = forge::signed(What::Manifest, &VAULT, &key(0x41)?, &cbor::encode(&body));
    let as_header = forge::signed(What::Header, &VAULT, &key(0x40)?, &cbor::encode(&body));
    let cases = [
        ("forged", "signature", "signed by another key", verify(&server)?),
        ("signed-as-header", "signature", "the owner signed these bytes as a header", verify(&as_header)?),
        ("body-flipped", "signature", "a bit of a hash in the body", verify(&forge::flipped(&signed, 64 + 30))?),
        ("other-vault-inside", "signature", "signed for this vault, naming another", {
            verify(&signed_bytes(&cbor::encode(&Manifest { vault: VaultId([0xab; 16]), ..body.clone() }))?)?
        }),
        ("other-vault", "signature", "another vault's manifest", with(&open, "vault", hex(&[0xab; 16]))),
        ("cut", "shape", "shorter than a signature", verify(&signed[..63])?),
        ("no-body", "cbor", "a signature and nothing after it", verify(&signed_bytes(b"")?)?),
        ("too-long", "shape", "a body above 256 KiB", verify(&signed_bytes(&vec![0; 256 * 1024 + 1])?)?),
    ];
    let mut made = vec![
        Case::ok("manifest/sign", "manifest.sign", "every list has something", sign)?,
        Case::ok("manifest/verify", "manifest.verify", "every list has something", open)?,
        Case::ok("manifest/verify-first", "manifest.verify", "a first manifest, every list as short as it may be", {
            verify(&signed_bytes(&cbor::encode(&first))?)?
        })?,
    ];
    // A body above the limit is told in the walk by a file of half a megabyte; it stays a unit test.
    for (name, layer, why, input) in cases.into_iter().filter(|(name, ..)| *name != "too-long") {
        made.push(Case::refused(&format!("manifest/{name}"), "manifest.verify", layer, why, input)?);
    }
    Ok(made)
}

fn minimal() -> Result<Manifest, String> {
    let mut body = sample()?;
    body.agents.clear();
    body.scopes.truncate(1);
    body.unlockers.retain(|unlocker| unlocker.kind == UnlockerKind::Passkey);
    body.names = Names { version: 0, hash: ZERO };
    Ok(body)
}

/// The same members, encoded in ways that are not the one way.
fn encodings() -> Result<Vec<Case>, String> {
    let body = cbor::encode(&minimal()?);
    let vault = [&[0x01, 0x50], VAULT.0.as_slice()].concat();
    let rest = lost(body.strip_prefix(&[&[0xb1, 0x00, 0x01], vault.as_slice()].concat()[..]), "the first members")?;
    let number = lost(forge::replaced(&body, &[0x02, 0x02, 0x03, 0x58], &[0x02, 0x18, 0x02, 0x03, 0x58]), "a long integer")?;
    let faults = [
        ("integer-not-shortest", "an integer in two bytes that fits into one", number),
        ("map-indefinite", "a map of indefinite length", [&[0xbf], &body[1..], &[0xff]].concat()),
        ("trailing-byte", "a byte after the map", [body.as_slice(), &[0]].concat()),
        ("member-missing", "the last member is missing", [&[0xb0], &body[1..body.len() - 10]].concat()),
        ("member-more", "an unknown member", [&[0xb2], &body[1..], &[0x11, 0x00]].concat()),
        ("members-swapped", "keys not in order", [&[0xb1], vault.as_slice(), &[0x00, 0x01], rest].concat()),
        ("member-twice", "a key twice", [&[0xb2, 0x00, 0x01, 0x00, 0x01], vault.as_slice(), rest].concat()),
        ("cut", "the last byte is missing", body[..body.len() - 1].to_vec()),
        ("text-for-bytes", "a text where bytes belong", [&[0xb1, 0x00, 0x01, 0x01, 0x70], VAULT.0.as_slice(), rest].concat()),
        ("tagged", "a tag around the map", [&[0xc1], body.as_slice()].concat()),
        ("null", "null instead of a map", vec![0xf6]),
        ("array-huge", "an array that claims 2^64 - 1 elements", huge_array(&body)?),
    ];
    let mut cases = Vec::new();
    for (name, why, body) in faults {
        let input = verify(&signed_bytes(&body)?)?;
        cases.push(Case::refused(&format!("manifest/cbor-{name}"), "manifest.verify", "cbor", why, input)?);
    }
    Ok(cases)
}

/// The list of scopes (key 8, one element) claims to be endless.
fn huge_array(body: &[u8]) -> Result<Vec<u8>, String> {
    let from = [&[0x08, 0x81, 0xa3, 0x00, 0x50], [0; 16].as_slice()].concat();
    let to = [&[0x08, 0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xa3, 0x00, 0x50], [0; 16].as_slice()].concat();
    lost(forge::replaced(body, &from, &to), "a huge array")
}

/// Something a rule forbids.
type Edit = fn(&mut Manifest);

const EDITS: [(&str, &str, Edit); 20] = [
    ("agent-0", "an agent with the id that stands for the owner", |body| body.agents[0].id = AgentId([0; 16])),
    ("version-0", "version 0", |body| body.version = 0),
    ("first-with-previous", "a first manifest that names one before it", |body| body.version = 1),
    ("later-without-previous", "a later manifest that names none", |body| body.previous = ZERO),
    ("vault-epoch-0", "vault epoch 0", |body| body.vault_epoch = 0),
    ("no-unlocker", "nobody could ever unlock", |body| body.unlockers.clear()),
    ("unlockers-unsorted", "unlockers not in order", |body| body.unlockers.reverse()),
    ("unlocker-twice", "an unlocker twice", |body| body.unlockers[1] = body.unlockers[0]),
    ("recovery-id", "a recovery code with the id of a passkey", |body| {
        body.unlockers.iter_mut().for_each(|unlocker| unlocker.kind = UnlockerKind::Recovery);
    }),
    ("no-whole-vault", "no scope 0", |body| {
        body.scopes.remove(0);
    }),
    ("scope-epoch-0", "a scope with epoch 0", |body| body.scopes[1].epoch = 0),
    ("scopes-unsorted", "scopes not in order", |body| body.scopes.reverse()),
    ("agents-unsorted", "agents not in order", |body| body.agents.reverse()),
    ("agent-scope-unknown", "an agent with a scope that is not listed", |body| body.agents[0].scopes[0].scope = ScopeId([6; 16])),
    ("active-without-keys", "an enrolled agent at work without keys", |body| body.agents[0].keys = None),
    ("invited-with-keys", "an invited agent with keys", |body| body.agents[2].keys = body.agents[0].keys),
    ("hosted-with-keys", "a hosted agent with keys", |body| body.agents[1].keys = body.agents[0].keys),
    ("hosted-invited", "a hosted agent that is invited", |body| body.agents[1].state = AgentState::Invited),
    ("node-too-long", "a node address of 256 bytes", |body| body.home_node = "n".repeat(256)),
    ("names-without-hash", "names without a hash", |body| body.names.hash = ZERO),
];

fn rules() -> Result<Vec<Case>, String> {
    let mut cases = Vec::new();
    for (name, why, edit) in EDITS {
        let mut body = sample()?;
        edit(&mut body);
        let input = verify(&signed_bytes(&cbor::encode(&body))?)?;
        cases.push(Case::refused(&format!("manifest/rule-{name}"), "manifest.verify", "rule", why, input)?);
    }
    for (name, why, from, to) in byte_faults()? {
        let body = lost(forge::replaced(&cbor::encode(&sample()?), &from, &to), name)?;
        let input = verify(&signed_bytes(&body)?)?;
        cases.push(Case::refused(&format!("manifest/rule-{name}"), "manifest.verify", "rule", why, input)?);
    }
    Ok(cases)
}

type Replacement = (&'static str, &'static str, Vec<u8>, Vec<u8>);

/// Values that the types of this code cannot even hold.
fn byte_faults() -> Result<Vec<Replacement>, String> {
    let vault = VAULT.0.as_slice();
    let usk = *key(0x40)?.public().as_bytes();
    let agent_2 = [[2; 16].as_slice(), &[0x01]].concat();
    let capabilities =
        [[2; 16].as_slice(), &[0x01, 0x02, 0x02, 0x40, 0x03, 0x40, 0x04, 0x81, 0xa2, 0x00, 0x50], &[5; 16], &[0x01]].concat();
    let state = [0x07, 0x03];
    let mut identity = [0; 32];
    identity[0] = 1;
    let after = |head: &[u8], byte: u8| [head, &[byte]].concat();
    Ok(vec![
        ("format", "format 2", [&[0x00, 0x01, 0x01, 0x50], vault].concat(), [&[0x00, 0x02, 0x01, 0x50], vault].concat()),
        ("suite", "a suite of the future", [&[0x05, 0x01, 0x06, 0x58, 0x20], usk.as_slice()].concat(), {
            [&[0x05, 0x02, 0x06, 0x58, 0x20], usk.as_slice()].concat()
        }),
        ("usk-small-order", "a signing key of small order", [&[0x06, 0x58, 0x20], usk.as_slice()].concat(), {
            [&[0x06, 0x58, 0x20], identity.as_slice()].concat()
        }),
        ("agent-kind", "an unknown kind of agent", after(&agent_2, 2), after(&agent_2, 3)),
        ("capability", "an unknown capability", after(&capabilities, 3), after(&capabilities, 0x10)),
        ("agent-state", "an unknown state", [&state, &[0x0a, 0x78][..]].concat(), [&[0x07, 0x04], &[0x0a, 0x78][..]].concat()),
    ])
}
