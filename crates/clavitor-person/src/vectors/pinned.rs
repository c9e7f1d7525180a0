//! Cases that are made once, from the operating system's randomness, and never again: what was sealed then must open for ever.

use clavitor_crypto::{
    random,
    record::{Context, KINDS, Kind, RecordKey},
    sign::SigningKey,
};
use serde_json::{Value as Json, json};

use super::{
    case::Case,
    cases::{sample_header, sample_manifest},
    fields::hex,
    run::run,
};
use crate::forge_kinds;

/// One record of every kind, a manifest, a header and a wrap.
///
/// # Errors
/// A message naming what could not be made.
pub fn pinned() -> Result<Vec<Case>, String> {
    let mut cases = Vec::new();
    for kind in KINDS {
        let sealed = forge_kinds!(kind, Pin).ok_or_else(|| format!("kind {kind} is unknown"))?;
        cases.push(Case::ok(&format!("pinned/record-{kind:02x}"), "record.open", "sealed once, opens for ever", sealed?)?);
    }
    cases.extend([manifest()?, header()?, wrap()?]);
    Ok(cases)
}

struct Pin;

impl Pin {
    fn run<K: Kind>(&self) -> Result<Json, String> {
        let key = RecordKey::<K>::make();
        let context = Context {
            epoch: u32::from_be_bytes(random::make()),
            vault: clavitor_crypto::VaultId::make(),
            entry: random::make(),
            field: random::make(),
            version: u64::from(u32::from_be_bytes(random::make())),
        };
        let record = key.seal(&context, &random::make::<32>()).map_err(|error| error.to_string())?;
        Ok(json!({
            "key": hex(key.secret().expose()), "kind": K::BYTE, "epoch": context.epoch, "vault": hex(&context.vault),
            "entry": hex(&context.entry), "field": hex(&context.field), "version": context.version, "record": hex(&record),
        }))
    }
}

fn made(op: &str, input: &Json, member: &str) -> Result<Json, String> {
    let input = input.as_object().ok_or("no object")?;
    run(op, input).map(|out| out[member].clone()).map_err(|refused| format!("{op}: {refused:?}"))
}

fn signer() -> Result<SigningKey, String> {
    SigningKey::make_with(&mut random::Os).map_err(|refusal| refusal.to_string())
}

fn manifest() -> Result<Case, String> {
    let key = signer()?;
    let mut body = sample_manifest()?;
    body["usk"] = hex(key.public().as_bytes());
    let signed = made("manifest.sign", &json!({"seed": hex(key.seed().expose()), "body": body}), "signed")?;
    let input = json!({"vault": body["vault"], "usk": body["usk"], "signed": signed});
    Case::ok("pinned/manifest", "manifest.verify", "signed once, verifies for ever", input)
}

fn header() -> Result<Case, String> {
    let key = signer()?;
    let body = sample_header();
    let signed = made("header.sign", &json!({"seed": hex(key.seed().expose()), "body": body}), "signed")?;
    let input = json!({"vault": body["vault"], "key": hex(key.public().as_bytes()), "signed": signed});
    Case::ok("pinned/header", "header.verify", "signed once, verifies for ever", input)
}

fn wrap() -> Result<Case, String> {
    let private = clavitor_crypto::wrap::WrapPrivate::make_with(&mut random::Os);
    let public = private.public().map_err(|refused| refused.to_string())?;
    let info = [b"clavitor/v1/hpke/backup\0".as_slice(), &random::make::<16>()].concat();
    let seal = json!({
        "public": hex(&public.0), "info": hex(&info), "plaintext": hex(&random::make::<32>()), "ekm": hex(&random::make::<32>()),
    });
    let wrap = made("hpke.seal", &seal, "wrap")?;
    let input = json!({"private": hex(private.secret().expose()), "info": hex(&info), "wrap": wrap});
    Case::ok("pinned/wrap", "hpke.open", "wrapped once, opens for ever", input)
}
