//! Unlocking a vault: the good case, and a server that lies at each step. And what an invited agent opens.

use clavitor_crypto::{
    ScopeId, Secret, UnlockerId, VaultId, cbor,
    record::Context,
    sign::SigningKey,
    signed::Signed,
    wrap::{Purpose, WrapPrivate, WrapPublic},
};
use serde_json::{Value as Json, json};

use super::{
    super::{fields::hex, forge},
    Case, counting, lost, with,
};
use crate::{AgentTerms, Changes, Genesis, GrantBody, PasskeyPrf, Person, Seeded, VaultKeys, Way, grant_body, unlockers};

pub(super) fn cases() -> Result<Vec<Case>, String> {
    Ok([unlocking()?, grants()?].concat())
}

fn told<T, E: std::fmt::Display>(result: Result<T, E>) -> Result<T, String> {
    result.map_err(|error| error.to_string())
}

fn passkey() -> Result<PasskeyPrf, String> {
    told(PasskeyPrf::new("localhost", &counting::<20>(1), &counting::<32>(0x40)))
}

fn vault(seed: &str) -> Result<(Person, Changes), String> {
    let mut random = Seeded::new(seed);
    let log_key = told(SigningKey::make_with(&mut random))?.public();
    let passkey = passkey()?;
    let genesis = Genesis {
        vault: VaultId([0xaa; 16]),
        name: "Home",
        home_node: "https://vault.example:1984",
        log_key,
        passkey: &passkey,
        now_ms: 1_800_000_000_000,
    };
    told(Person::create(&genesis, Box::new(random)))
}

fn state(person: &Person, changes: &Changes) -> Result<Json, String> {
    let unlocker = lost(changes.unlockers.first(), "an unlocker")?;
    let record = unlocker.record.as_deref().unwrap_or_default();
    Ok(json!({
        "vault": hex(&person.vault()), "rp_id": "localhost", "credential_id": hex(&counting::<20>(1)), "prf": hex(&counting::<32>(0x40)),
        "pin": null, "record": hex(record), "usk": hex(changes.usk.as_deref().unwrap_or_default()),
        "manifest": hex(person.manifest().bytes()), "sealed_vmk": hex(&unlocker.sealed_vmk),
    }))
}

fn unlocking() -> Result<Vec<Case>, String> {
    let (mut person, changes) = vault("vectors/unlock")?;
    let first = state(&person, &changes)?;
    let pinned = json!({"version": 1, "hash": hex(person.manifest().hash())});
    told(person.pin_log(0, clavitor_crypto::merkle::empty_root(), 1_800_000_000_001))?;
    let second = with(&first, "manifest", hex(person.manifest().bytes()));
    let newer = json!({"version": 2, "hash": hex(person.manifest().hash())});
    let (other, other_changes) = vault("vectors/unlock-other")?;
    let theirs = state(&other, &other_changes)?;

    let from_theirs = |names: &[&str]| names.iter().fold(second.clone(), |state, name| with(&state, name, theirs[*name].clone()));
    let bytes = |name: &str| super::super::fields::unhex(second[name].as_str().unwrap_or_default()).unwrap_or_default();
    let flip = |name: &str, at: isize| with(&second, name, hex(&forge::flipped(&bytes(name), at)));
    let faults = [
        ("prf-other", "commitment", "the passkey gave something else: another input, or no user verification", {
            with(&second, "prf", hex(&counting::<32>(0x41)))
        }),
        ("prf-zero", "prf", "the passkey gave zeros", with(&second, "prf", hex(&[0; 32]))),
        ("credential-other", "commitment", "another credential", with(&second, "credential_id", hex(&counting::<20>(2)))),
        ("record-flipped", "aead", "a bit of the unlocker record", flip("record", 80)),
        ("manifest-own", "signature", "the server's own manifest and signing key", from_theirs(&["manifest"])),
        ("vault-own", "signature", "the server's own manifest, vault key and signing key", from_theirs(&["manifest", "sealed_vmk", "usk"])),
        ("manifest-flipped", "signature", "a bit of a hash in the manifest", flip("manifest", 64 + 30)),
        ("manifest-older", "pin", "the manifest before the one that was seen", with(&first, "pin", newer)),
        ("manifest-forked", "pin", "another manifest of the version that was seen", {
            with(&second, "pin", json!({"version": 2, "hash": pinned["hash"]}))
        }),
        ("vmk-own", "signature", "a vault key chosen by the server", with(&second, "sealed_vmk", hex(&chosen_vmk(&person)?))),
        ("vmk-flipped", "signature", "a bit of the wrap", flip("sealed_vmk", -1)),
        ("vmk-epoch", "rule", "signed for this epoch, holding another", with(&second, "sealed_vmk", hex(&vmk_of_other_epoch(&person)?))),
        ("usk-other", "commitment", "another vault's signing key record", from_theirs(&["usk"])),
        ("unlocker-gone", "rule", "an unlocker that the owner took away", with(&second, "manifest", hex(&without_unlocker(&person)?))),
        ("unlocker-key", "rule", "another key for the unlocker", with(&second, "manifest", hex(&with_other_key(&person)?))),
    ];
    let mut cases = vec![
        Case::ok("unlock/first", "unlock", "nothing is pinned yet", first)?,
        Case::ok("unlock/pinned", "unlock", "newer than the pin", with(&second, "pin", pinned))?,
        Case::ok("unlock/same", "unlock", "exactly the pin", {
            with(&second, "pin", json!({"version": 2, "hash": hex(person.manifest().hash())}))
        })?,
    ];
    for (name, layer, why, input) in faults {
        cases.push(Case::refused(&format!("unlock/{name}"), "unlock", layer, why, input)?);
    }
    Ok(cases)
}

fn own_unlocker(person: &Person) -> Result<(UnlockerId, WrapPublic), String> {
    let id = told(Way::Passkey(&passkey()?).id())?;
    lost(person.manifest().body().unlocker(id).map(|unlocker| (id, unlocker.x25519)), "the unlocker")
}

/// What a server could do: it knows the unlocker's public key, and signs with a key of its own.
fn chosen_vmk(person: &Person) -> Result<Vec<u8>, String> {
    let mut random = Seeded::new("vectors/chosen");
    let (id, public) = own_unlocker(person)?;
    let keys = VaultKeys::new(person.vault(), 1, Secret::take([0x66; 32]));
    let key = told(SigningKey::make_with(&mut random))?;
    told(unlockers::seal_vmk(person.vault(), &key, &keys, id, &public, &mut random))
}

fn vmk_of_other_epoch(person: &Person) -> Result<Vec<u8>, String> {
    let (id, public) = own_unlocker(person)?;
    let purpose = Purpose::Vmk { unlocker: id, vault_epoch: 1 };
    let plaintext = [person.keys().vmk().expose().as_slice(), &2u32.to_be_bytes()].concat();
    let wrap = told(public.wrap(&purpose.info(&person.vault()), &plaintext, &mut Seeded::new("vectors/epoch")))?;
    Ok(purpose.sign(&person.vault(), person.usk(), &wrap))
}

/// A manifest the owner signed after taking the passkey away.
fn without_unlocker(person: &Person) -> Result<Vec<u8>, String> {
    let (id, _) = own_unlocker(person)?;
    let mut body = person.next_manifest(0);
    let other = told(UnlockerId::of_passkey("localhost", b"other"))?;
    body.unlockers.iter_mut().filter(|unlocker| unlocker.id == id).for_each(|unlocker| unlocker.id = other);
    told(Signed::sign(body, person.usk())).map(|signed| signed.bytes().to_vec())
}

fn with_other_key(person: &Person) -> Result<Vec<u8>, String> {
    let mut body = person.next_manifest(0);
    let public = told(WrapPrivate::new(Secret::take([0x31; 32])).public())?;
    body.unlockers.iter_mut().for_each(|unlocker| unlocker.x25519 = public);
    told(Signed::sign(body, person.usk())).map(|signed| signed.bytes().to_vec())
}

/// The body of record 0x14, and the record itself.
fn grants() -> Result<Vec<Case>, String> {
    let (mut person, _) = vault("vectors/enrol")?;
    let (scope, _) = told(person.add_scope("Work", 1_800_000_000_001))?;
    let terms = AgentTerms::new("Builder", scope, 1_900_000_000);
    let (invitation, changes) = told(person.invite(&terms, 1_800_000_000_002))?;
    let parsed = told(clavitor_crypto::enrol::EnrolString::parse(&invitation.text))?;
    let record = &lost(changes.enrolments.first(), "an invitation")?.grant;
    let context = Context::enrolment(person.vault(), invitation.agent);
    let body = told(grant_body::record_key(&parsed.secret).open(&context, record))?.to_vec();
    let open = json!({
        "key": hex(grant_body::wrap_key(&parsed.secret).expose()), "kind": 0x14, "epoch": 0, "vault": hex(&person.vault()),
        "entry": hex(&invitation.agent), "field": hex(&[0; 16]), "version": 0, "record": hex(record),
    });
    let mut unsorted: GrantBody = told(cbor::decode(&body))?;
    unsorted.scopes.iter_mut().for_each(|scope| scope.scope = ScopeId::ZERO);
    let grant = |body: &[u8]| json!({"body": hex(body)});
    let op = "enrol.grant";
    Ok(vec![
        Case::ok("enrol/grant", op, "what an invited agent gets", grant(&body))?,
        Case::ok("enrol/grant-whole-vault", op, "a grant of scope 0", grant(&cbor::encode(&unsorted)))?,
        Case::ok("enrol/grant-record", "record.open", "the record that the grant is in", open)?,
        Case::refused("enrol/grant-trailing-byte", op, "cbor", "a byte after the map", grant(&[body.as_slice(), &[0]].concat()))?,
        Case::refused("enrol/grant-member-more", op, "cbor", "an unknown member", grant(&[&[0xa5], &body[1..], &[0x04, 0x00]].concat()))?,
        Case::refused("enrol/grant-cut", op, "cbor", "the last byte is missing", grant(&body[..body.len() - 1]))?,
    ])
}
