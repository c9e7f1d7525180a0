//! The step from one version to the next, of manifests and of headers by owner and agent.

use clavitor_crypto::{
    AgentId, EntryId, ScopeId, cbor,
    field_kind::{FieldKind, Tier},
    hash::{ZERO, sha256},
    header::{Deleted, Header},
    manifest::Manifest,
    sign::What,
};
use serde_json::{Value as Json, json};

use super::{
    super::{fields::hex, forge},
    Case, headers,
    headers::{field, hash_of},
    manifests,
    manifests::{VAULT, key},
    with,
};

pub(super) fn cases() -> Result<Vec<Case>, String> {
    Ok([manifest_steps()?, owner_steps()?, agent_steps()?].concat())
}

fn manifest_step(before: Option<&Manifest>, next: &Manifest) -> Result<Json, String> {
    let sign = |body: &Manifest| manifests::signed_bytes(&cbor::encode(body)).map(|signed| hex(&signed));
    let before = before.map(sign).transpose()?;
    Ok(json!({"vault": hex(&VAULT), "usk": hex(key(0x40)?.public().as_bytes()), "before": before, "next": sign(next)?}))
}

type ManifestEdit = fn(&mut Manifest);

const MANIFEST_FAULTS: [(&str, &str, ManifestEdit); 11] = [
    ("gap", "a version is missing", |next| next.version += 1),
    ("replay", "the same version again", |next| next.version -= 1),
    ("fork", "it follows another manifest", |next| next.previous[0] ^= 1),
    ("vault-epoch-lower", "an older vault key", |next| next.vault_epoch -= 1),
    ("vault-epoch-jump", "two vault keys at once", |next| next.vault_epoch += 2),
    ("scope-epoch-lower", "an older scope key", |next| next.scopes[1].epoch -= 1),
    ("ek-epoch-min-lower", "older entry keys allowed again", |next| next.scopes[0].ek_epoch_min -= 1),
    ("hlc-lower", "an earlier time", |next| next.hlc_ms -= 1),
    ("names-lower", "older names", |next| next.names.version -= 1),
    ("log-shrunk", "a shorter log", |next| next.log_pin.size -= 1),
    ("usk-changed", "another signing key, named by the old one", |next| next.usk = next.log_pin.key),
];

const MANIFEST_STEPS: [(&str, &str, ManifestEdit); 4] = [
    ("step", "nothing but the version", |_| ()),
    ("vault-epoch", "the next vault key", |next| next.vault_epoch += 1),
    ("scope-gone", "a scope is taken away with its agents", |next| {
        next.agents.clear();
        next.scopes.truncate(1);
    }),
    ("agent-revoked", "an agent is taken away, its scope rotates", |next| {
        next.agents.remove(0);
        next.scopes[1].epoch += 1;
        next.scopes[1].ek_epoch_min += 1;
    }),
];

fn manifest_steps() -> Result<Vec<Case>, String> {
    let mut before = manifests::sample()?;
    before.scopes[0].ek_epoch_min = 2;
    let mut next = before.clone();
    next.version += 1;
    next.previous = sha256(&[&cbor::encode(&before)]);
    let mut cases = Vec::new();
    for (name, why, edit) in MANIFEST_STEPS {
        let mut next = next.clone();
        edit(&mut next);
        cases.push(Case::ok(&format!("chain/manifest-{name}"), "manifest.follows", why, manifest_step(Some(&before), &next)?)?);
    }
    for (name, why, edit) in MANIFEST_FAULTS {
        let mut next = next.clone();
        edit(&mut next);
        let input = manifest_step(Some(&before), &next)?;
        cases.push(Case::refused(&format!("chain/manifest-{name}"), "manifest.follows", "chain", why, input)?);
    }
    let first = Manifest { version: 1, previous: ZERO, ..before };
    cases.push(Case::ok("chain/manifest-first", "manifest.follows", "the first of all", manifest_step(None, &first)?)?);
    let late = manifest_step(None, &next)?;
    cases.push(Case::refused("chain/manifest-late", "manifest.follows", "chain", "the third as the first", late)?);
    Ok(cases)
}

fn header_step(before: Option<&Header>, next: &Header) -> Result<Json, String> {
    let sign = |body: &Header| -> Result<Json, String> {
        let key = if body.author == AgentId::ZERO { key(0x40)? } else { key(0x70)? };
        Ok(hex(&forge::signed(What::Header, &VAULT, &key, &cbor::encode(body))))
    };
    let before = before.map(sign).transpose()?;
    Ok(json!({
        "vault": hex(&VAULT), "usk": hex(key(0x40)?.public().as_bytes()),
        "agent": {"id": hex(&[1; 16]), "ed25519": hex(key(0x70)?.public().as_bytes())}, "before": before, "next": sign(next)?,
    }))
}

/// The version after the sample, as it stands before an edit.
fn next_of(before: &Header) -> Header {
    Header { version: before.version + 1, previous: sha256(&[&cbor::encode(before)]), ..before.clone() }
}

/// Seals field `at` anew.
fn reseal(next: &mut Header, at: usize) {
    let version = next.version;
    next.fields[at].version = version;
    next.fields[at].hash = hash_of(at as u8, version);
}

type HeaderEdit = fn(&mut Header);

fn run_steps(op_path: &str, layer: &str, before: &Header, agent: bool, steps: &[(&str, &str, HeaderEdit)]) -> Result<Vec<Case>, String> {
    let mut cases = Vec::new();
    for (name, why, edit) in steps {
        let mut next = next_of(before);
        if agent {
            next.author = AgentId([1; 16]);
        }
        edit(&mut next);
        let (path, input) = (format!("chain/{op_path}-{name}"), header_step(Some(before), &next)?);
        cases.push(match layer {
            "ok" => Case::ok(&path, "header.follows", why, input)?,
            layer => Case::refused(&path, "header.follows", layer, why, input)?,
        });
    }
    Ok(cases)
}

const OWNER_STEPS: [(&str, &str, HeaderEdit); 7] = [
    ("value", "one value is new", |next| reseal(next, 1)),
    ("tier-lowered", "the owner lowers a password to tier 1, sealed anew", |next| {
        next.fields[1].tier = Tier::Hosted;
        reseal(next, 1);
    }),
    ("field-gone", "a field is taken away", |next| {
        next.fields.remove(3);
        reseal(next, 0);
    }),
    ("trash", "into the trash", |next| next.deleted = Deleted::Trash),
    ("purge", "gone for good", |next| {
        next.deleted = Deleted::Purged;
        next.fields.clear();
    }),
    ("new-entry-key", "a new entry key, tiers 1 and 2 sealed anew", |next| {
        next.ek_epoch += 1;
        [0, 1, 3].into_iter().for_each(|at| reseal(next, at));
    }),
    ("new-vault-key", "a new vault key, tier 3 sealed anew", |next| {
        next.vault_epoch += 1;
        reseal(next, 2);
    }),
];

const OWNER_FAULTS: [(&str, &str, HeaderEdit); 15] = [
    ("ek-epoch-lower-sealed", "an older entry key, everything sealed anew under it", |next| {
        next.ek_epoch -= 1;
        [0, 1, 3].into_iter().for_each(|at| reseal(next, at));
    }),
    ("vault-epoch-lower-sealed", "an older vault key, tier 3 sealed anew under it", |next| {
        next.vault_epoch -= 1;
        reseal(next, 2);
    }),
    ("gap", "a version is missing", |next| next.version += 1),
    ("replay", "the same version again", |next| next.version -= 1),
    ("fork", "it follows another header", |next| next.previous[0] ^= 1),
    ("other-entry", "the header of another entry", |next| next.entry = EntryId([0xbc; 16])),
    ("ek-epoch-lower", "an older entry key", |next| next.ek_epoch -= 1),
    ("vault-epoch-lower", "an older vault key", |next| next.vault_epoch -= 1),
    ("field-rolled-back", "an older version of a field comes back", |next| {
        next.fields[1].version = 3;
        next.fields[1].hash = hash_of(1, 3);
    }),
    ("field-substituted", "another record under the same version", |next| next.fields[1].hash[0] ^= 1),
    ("field-appears", "a field of an older version that was not there", |next| {
        next.fields.push(field(4, FieldKind::ApiKey, Tier::Agents, 3));
    }),
    ("tier-changed-in-place", "a lower tier for a record that stays as it is", |next| next.fields[1].tier = Tier::Hosted),
    ("ek-epoch-without-seal", "a new entry key, and a record still under the old one", |next| {
        next.ek_epoch += 1;
        [0, 1].into_iter().for_each(|at| reseal(next, at));
    }),
    ("vault-epoch-without-seal", "a new vault key, and tier 3 still under the old one", |next| next.vault_epoch += 1),
    ("stranger", "signed by an agent nobody listed", |next| next.author = AgentId([2; 16])),
];

fn owner_steps() -> Result<Vec<Case>, String> {
    let before = headers::sample();
    let mut cases = run_steps("header", "ok", &before, false, &OWNER_STEPS)?;
    let (stranger, faults): (Vec<_>, Vec<_>) = OWNER_FAULTS.into_iter().partition(|(name, ..)| *name == "stranger");
    cases.extend(run_steps("header", "chain", &before, false, &faults)?);
    cases.extend(run_steps("header", "signature", &before, false, &stranger)?);

    let purged = Header { deleted: Deleted::Purged, fields: Vec::new(), ..before.clone() };
    cases.extend(run_steps(
        "header",
        "chain",
        &purged,
        false,
        &[("after-purge", "a purged entry comes back", |next| {
            next.deleted = Deleted::Live;
            next.fields = vec![field(0, FieldKind::Summary, Tier::Hosted, next.version)];
        })],
    )?);
    let trash = Header { deleted: Deleted::Trash, ..before.clone() };
    cases.extend(run_steps("header", "ok", &trash, false, &[("undo-trash", "out of the trash", |next| next.deleted = Deleted::Live)])?);
    let undone: HeaderEdit = |next| next.deleted = Deleted::Live;
    cases.extend(run_steps("agent", "chain", &trash, true, &[("undo-trash", "an agent takes an entry out of the trash", undone)])?);
    cases.extend(run_steps(
        "agent",
        "rule",
        &trash,
        true,
        &[("in-trash", "an agent writes to an entry in the trash", |next| reseal(next, 1))],
    )?);

    let mut first = Header { version: 1, previous: ZERO, ..before.clone() };
    first.fields.iter_mut().for_each(|field| field.version = 1);
    cases.push(Case::ok("chain/header-first", "header.follows", "the first of all", header_step(None, &first)?)?);
    let late = header_step(None, &before)?;
    cases.push(Case::refused("chain/header-late", "header.follows", "chain", "a later one as the first", late)?);
    let alone = with(&header_step(Some(&before), &Header { author: AgentId([1; 16]), ..next_of(&before) })?, "agent", Json::Null);
    cases.push(Case::refused("chain/agent-revoked", "header.follows", "signature", "an agent that is no longer listed", alone)?);
    Ok(cases)
}

const AGENT_STEPS: [(&str, &str, HeaderEdit); 3] = [
    ("value", "an agent stores a new value of tier 2", |next| reseal(next, 1)),
    ("field-gone", "an agent removes a field of tier 1", |next| {
        next.fields.remove(3);
    }),
    ("field-new", "an agent adds a field at its default tier", |next| {
        next.fields.push(field(4, FieldKind::OauthToken, Tier::Agents, next.version));
    }),
];

const AGENT_DELETES: [(&str, &str, HeaderEdit); 2] = [
    ("deleted", "an agent deletes", |next| next.deleted = Deleted::Trash),
    ("purged", "an agent purges", |next| (next.deleted, next.fields) = (Deleted::Purged, Vec::new())),
];

const AGENT_FAULTS: [(&str, &str, HeaderEdit); 12] = [
    ("destination", "an agent adds a destination", |next| next.destinations.push("https://zz.example".to_owned())),
    ("scopes", "an agent takes the entry into another scope", |next| next.scopes.push(ScopeId([7; 16]))),
    ("ek-epoch", "an agent changes the entry key", |next| {
        next.ek_epoch += 1;
        [0, 1, 3].into_iter().for_each(|at| reseal(next, at));
    }),
    ("vault-epoch", "an agent claims a new vault key", |next| {
        next.vault_epoch += 1;
        reseal(next, 2);
    }),
    ("tier-lowered", "an agent lowers a tier", |next| {
        next.fields[1].tier = Tier::Hosted;
        reseal(next, 1);
    }),
    ("tier-raised", "an agent raises a tier out of the owner's agents' reach", |next| {
        next.fields[1].tier = Tier::OnlyMe;
        reseal(next, 1);
    }),
    ("kind", "an agent changes what a field is", |next| {
        next.fields[1].kind = FieldKind::Note;
        reseal(next, 1);
    }),
    ("tier-3-changed", "an agent changes a field of tier 3", |next| reseal(next, 2)),
    ("tier-3-gone", "an agent removes a field of tier 3", |next| {
        next.fields.remove(2);
    }),
    ("tier-3-added", "an agent adds a field of tier 3", |next| {
        next.fields.push(field(4, FieldKind::CardPin, Tier::OnlyMe, next.version));
    }),
    ("field-new-below-default", "an agent adds a password that the node can open", |next| {
        next.fields.push(field(4, FieldKind::Password, Tier::Hosted, next.version));
    }),
    ("rolled-back", "an agent brings an older value back", |next| {
        next.fields[1].version = 3;
        next.fields[1].hash = hash_of(1, 3);
    }),
];

fn agent_steps() -> Result<Vec<Case>, String> {
    let before = headers::sample();
    let mut cases = run_steps("agent", "ok", &before, true, &AGENT_STEPS)?;
    cases.extend(run_steps("agent", "rule", &before, true, &AGENT_DELETES)?);
    cases.extend(run_steps("agent", "chain", &before, true, &AGENT_FAULTS)?);
    Ok(cases)
}
