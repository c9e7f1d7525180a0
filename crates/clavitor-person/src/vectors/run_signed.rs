//! Operations on what is signed and wrapped.

use clavitor_crypto::{
    AgentId, Refusal, ScopeId, UnlockerId, VaultId,
    header::{Header, SignedHeader},
    manifest::Manifest,
    sign::{PublicKey, SigningKey, What},
    signed::{Signed, Unverified},
    wrap::{Info, Purpose, WrapPrivate, WrapPublic},
};
use serde_json::{Value as Json, json};

use super::{
    bodies,
    fields::{Fields, hex},
    run::Refused,
};
use crate::{GrantScope, VaultKeys, agents};

pub(super) fn run(op: &str, fields: &Fields<'_>) -> Result<Json, Refused> {
    match op {
        "sign" => {
            let key = signing_key(fields, "seed")?;
            let signature = key.sign(what(fields)?, &vault(fields)?, &[&fields.bytes("message")?]);
            Ok(json!({"public": hex(key.public().as_bytes()), "signature": hex(&signature)}))
        }
        "verify" => run_verify(fields),
        "manifest.sign" => {
            let body = bodies::read_manifest(&fields.inside("body")?)?;
            Ok(json!({"signed": hex(Signed::sign(body, &signing_key(fields, "seed")?)?.bytes())}))
        }
        "manifest.verify" => {
            let signed = Signed::<Manifest>::verify(&fields.bytes("signed")?, &vault(fields)?, &fields.public_key("usk")?)?;
            Ok(json!({"hash": hex(signed.hash()), "body": bodies::manifest_json(signed.body())}))
        }
        "manifest.follows" => run_manifest_follows(fields),
        "header.sign" => {
            let body = bodies::read_header(&fields.inside("body")?)?;
            Ok(json!({"signed": hex(Signed::sign(body, &signing_key(fields, "seed")?)?.bytes())}))
        }
        "header.verify" => {
            let signed = Signed::<Header>::verify(&fields.bytes("signed")?, &vault(fields)?, &fields.public_key("key")?)?;
            Ok(json!({"hash": hex(signed.hash()), "body": bodies::header_json(signed.body())}))
        }
        "header.follows" => run_header_follows(fields),
        _ => run_wrap(op, fields),
    }
}

fn run_wrap(op: &str, fields: &Fields<'_>) -> Result<Json, Refused> {
    match op {
        "hpke.seal" => {
            let wrap = wrap(fields, "public", &Info::of(&fields.bytes("info")?), &fields.bytes("plaintext")?)?;
            Ok(json!({"wrap": hex(&wrap)}))
        }
        "hpke.open" => {
            let private = WrapPrivate::new(fields.secret("private")?);
            let opened = private.open(&Info::of(&fields.bytes("info")?), &fields.bytes("wrap")?).map_err(|_| Refused::Layer("hpke"))?;
            Ok(json!({"plaintext": hex(&*opened)}))
        }
        "vmk.seal" => {
            let plaintext = [fields.bytes("vmk")?.as_slice(), &fields.number::<u32>("vault_epoch")?.to_be_bytes()].concat();
            Ok(json!({"sealed_vmk": hex(&seal_signed(fields, &vmk_purpose(fields)?, &plaintext)?)}))
        }
        "vmk.open" => {
            let keys = open_vmk(fields)?;
            Ok(json!({"vmk": hex(keys.vmk().expose())}))
        }
        "scope.seal" => {
            let purpose = scope_purpose(fields)?;
            let keys = GrantScope {
                scope: ScopeId(fields.fixed("scope")?),
                epoch: fields.number("scope_epoch")?,
                sk1: fields.secret("sk1")?,
                sk2: fields.secret("sk2")?,
            };
            Ok(json!({"wrap": hex(&seal_signed(fields, &purpose, &agents::scope_plaintext(&keys))?)}))
        }
        "scope.open" => {
            let opened = open_signed(fields, &scope_purpose(fields)?, "wrap")?;
            let (scope, epoch) = (ScopeId(fields.fixed("scope")?), fields.number("scope_epoch")?);
            let keys = agents::open_scope_plaintext(scope, epoch, &opened).ok_or(Refused::Layer("rule"))?;
            Ok(json!({"sk1": hex(keys.sk1.expose()), "sk2": hex(keys.sk2.expose())}))
        }
        _ => Err(Refused::broken(format!("unknown op {op}"))),
    }
}

fn vault(fields: &Fields<'_>) -> Result<VaultId, Refused> {
    fields.fixed("vault").map(VaultId)
}

fn signing_key(fields: &Fields<'_>, name: &str) -> Result<SigningKey, Refused> {
    Ok(SigningKey::from_seed(fields.secret(name)?)?)
}

fn what(fields: &Fields<'_>) -> Result<What, Refused> {
    match fields.text("what")? {
        "manifest" => Ok(What::Manifest),
        "header" => Ok(What::Header),
        "vmk" => Ok(What::Vmk),
        "scope" => Ok(What::Scope),
        other => Err(Refused::broken(format!("unknown what {other}"))),
    }
}

fn run_verify(fields: &Fields<'_>) -> Result<Json, Refused> {
    let key = PublicKey::parse(&fields.bytes("public")?).map_err(|refusal| match refusal {
        Refusal::Rule => Refused::Layer("key"),
        other => other.into(),
    })?;
    key.verify(what(fields)?, &vault(fields)?, &[&fields.bytes("message")?], &fields.bytes("signature")?)?;
    Ok(json!({}))
}

fn run_manifest_follows(fields: &Fields<'_>) -> Result<Json, Refused> {
    let (vault, usk) = (vault(fields)?, fields.public_key("usk")?);
    let before = fields.bytes_or_null("before")?;
    let before = before.map(|bytes| Signed::<Manifest>::verify(&bytes, &vault, &usk)).transpose()?;
    let next = Signed::<Manifest>::verify(&fields.bytes("next")?, &vault, &usk)?;
    next.follows(before.as_ref())?;
    Ok(json!({}))
}

fn run_header_follows(fields: &Fields<'_>) -> Result<Json, Refused> {
    let before = fields.bytes_or_null("before")?;
    let before = before.map(|bytes| verified_header(fields, &bytes)).transpose()?;
    let next = verified_header(fields, &fields.bytes("next")?)?;
    next.follows(before.as_ref())?;
    Ok(json!({}))
}

/// A header, verified with the key of the author it names.
fn verified_header(fields: &Fields<'_>, bytes: &[u8]) -> Result<SignedHeader, Refused> {
    let unverified = Unverified::<Header>::parse(bytes)?;
    let author = unverified.claims().author;
    let key = if author == AgentId::ZERO {
        fields.public_key("usk")?
    } else {
        let agent = fields.inside("agent").map_err(|_| Refused::Layer("signature"))?;
        if AgentId(agent.fixed("id")?) != author {
            return Err(Refused::Layer("signature"));
        }
        agent.public_key("ed25519")?
    };
    Ok(unverified.verify(&vault(fields)?, &key)?)
}

/// Gives out the ephemeral key material of a case.
struct Ekm([u8; 32]);

impl clavitor_crypto::random::Random for Ekm {
    fn fill(&mut self, out: &mut [u8]) {
        for (to, from) in out.iter_mut().zip(self.0) {
            *to = from;
        }
    }
}

fn wrap(fields: &Fields<'_>, public: &str, info: &Info, plaintext: &[u8]) -> Result<Vec<u8>, Refused> {
    let public = WrapPublic(fields.fixed(public)?);
    public.wrap(info, plaintext, &mut Ekm(fields.fixed("ekm")?)).map_err(|_| Refused::Layer("hpke"))
}

fn seal_signed(fields: &Fields<'_>, purpose: &Purpose, plaintext: &[u8]) -> Result<Vec<u8>, Refused> {
    let vault = vault(fields)?;
    let wrap = wrap(fields, "public", &purpose.info(&vault), plaintext)?;
    Ok(purpose.sign(&vault, &signing_key(fields, "usk_seed")?, &wrap))
}

fn open_signed(fields: &Fields<'_>, purpose: &Purpose, name: &str) -> Result<clavitor_crypto::secret::SecretBytes, Refused> {
    let (vault, signed) = (vault(fields)?, fields.bytes(name)?);
    let wrap = purpose.verify(&vault, &fields.public_key("usk")?, &signed)?;
    WrapPrivate::new(fields.secret("private")?).open(&purpose.info(&vault), wrap).map_err(|_| Refused::Layer("hpke"))
}

fn vmk_purpose(fields: &Fields<'_>) -> Result<Purpose, Refused> {
    Ok(Purpose::Vmk { unlocker: UnlockerId(fields.fixed("unlocker")?), vault_epoch: fields.number("vault_epoch")? })
}

fn scope_purpose(fields: &Fields<'_>) -> Result<Purpose, Refused> {
    Ok(Purpose::Scope {
        agent: AgentId(fields.fixed("agent")?),
        scope: ScopeId(fields.fixed("scope")?),
        scope_epoch: fields.number("scope_epoch")?,
    })
}

fn open_vmk(fields: &Fields<'_>) -> Result<VaultKeys, Refused> {
    let epoch: u32 = fields.number("vault_epoch")?;
    let opened = open_signed(fields, &vmk_purpose(fields)?, "sealed_vmk")?;
    crate::unlock::vmk_of(vault(fields)?, epoch, &opened).ok_or(Refused::Layer("rule"))
}
