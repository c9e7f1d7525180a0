//! Operations on codes, tokens, enrolment strings, checkpoints and proofs.

use clavitor_crypto::{
    AgentId, ScopeId, VaultId, cbor,
    checkpoint::Checkpoint,
    code::Code,
    derive::{Label, derive},
    enrol::{EnrolSecret, EnrolString},
    event::Event,
    hash::sha256,
    merkle,
    sign::SigningKey,
    token::HostedToken,
    wrap::WrapPublic,
};
use serde_json::{Value as Json, json};

use super::{
    fields::{Fields, hex, unhex},
    run::Refused,
};
use crate::{GrantBody, Way, grant_body};

pub(super) fn run(op: &str, fields: &Fields<'_>) -> Result<Json, Refused> {
    match op.split('.').next().unwrap_or_default() {
        "code" => run_code(op, fields),
        "token" => run_token(op, fields),
        "enrol" => run_enrol(op, fields),
        "checkpoint" => run_checkpoint(op, fields),
        "event" => run_event(op, fields),
        _ => run_merkle(op, fields),
    }
}

fn unknown(op: &str) -> Refused {
    Refused::broken(format!("unknown op {op}"))
}

fn run_code(op: &str, fields: &Fields<'_>) -> Result<Json, Refused> {
    match op {
        "code.format" => Ok(json!({"text": Code::new(fields.secret("code")?).text().as_str()})),
        "code.parse" => {
            let code = Code::parse(fields.text("text")?).map_err(|_| Refused::Layer("code"))?;
            Ok(json!({"code": hex(code.secret().expose())}))
        }
        "code.keys" => {
            let (vault, code) = (VaultId(fields.fixed("vault")?), Code::new(fields.secret("code")?));
            let backup = code.backup_key();
            Ok(json!({
                "kek": hex(Way::Recovery(&code).kek(&vault).expose()),
                "proof": hex(code.recovery_proof(&vault).expose()), "hash": hex(&code.recovery_hash(&vault)),
                "backup_private": hex(backup.secret().expose()),
                "backup_public": hex(&backup.public().map_err(|_| Refused::Layer("hpke"))?.0),
            }))
        }
        _ => Err(unknown(op)),
    }
}

fn run_token(op: &str, fields: &Fields<'_>) -> Result<Json, Refused> {
    match op {
        "token.format" => {
            let token = HostedToken::new(AgentId(fields.fixed("agent")?), fields.secret("secret")?);
            Ok(json!({"text": token.text().as_str()}))
        }
        "token.parse" => {
            let token = HostedToken::parse(fields.text("text")?).map_err(|_| Refused::Layer("token"))?;
            let text = token.text();
            let bytes = unhex_text(text.strip_prefix("cvt1-").unwrap_or_default())?;
            Ok(json!({"agent": hex(&token.agent()), "secret": hex(&bytes[16..48])}))
        }
        "token.keys" => {
            let (vault, secret) = (VaultId(fields.fixed("vault")?), fields.fixed::<32>("secret")?);
            let auth = derive(&secret, Label::TOKEN_AUTH, &vault, 0, b"");
            let key = derive(&secret, Label::TOKEN_K1, &vault, 0, b"");
            Ok(json!({"auth": hex(auth.expose()), "auth_hash": hex(&sha256(&[auth.expose()])), "key": hex(key.expose())}))
        }
        _ => Err(unknown(op)),
    }
}

fn unhex_text(base64url: &str) -> Result<Vec<u8>, Refused> {
    data_encoding::BASE64URL_NOPAD.decode(base64url.as_bytes()).map_err(|_| Refused::broken("not base64url".to_owned()))
}

fn enrol_secret(fields: &Fields<'_>) -> Result<EnrolSecret, Refused> {
    Ok(EnrolSecret::new(VaultId(fields.fixed("vault")?), AgentId(fields.fixed("agent")?), fields.secret("secret")?))
}

fn run_enrol(op: &str, fields: &Fields<'_>) -> Result<Json, Refused> {
    match op {
        "enrol.format" => {
            let string = EnrolString { secret: enrol_secret(fields)?, node: fields.text("node")?.to_owned() };
            Ok(json!({"text": string.text().as_str()}))
        }
        "enrol.parse" => {
            let string = EnrolString::parse(fields.text("text")?).map_err(|_| Refused::Layer("enrol"))?;
            let EnrolString { secret, node } = &string;
            Ok(json!({
                "vault": hex(&secret.vault()), "agent": hex(&secret.agent()), "secret": hex(secret.secret().expose()), "node": node,
            }))
        }
        "enrol.keys" => {
            let vault = VaultId(fields.fixed("vault")?);
            let secret = EnrolSecret::new(vault, AgentId::ZERO, fields.secret("secret")?);
            let mac_key = derive(secret.secret().expose(), Label::ENROL_MAC, &vault, 0, b"");
            Ok(json!({
                "auth": hex(secret.auth().expose()), "auth_hash": hex(&secret.auth_hash()),
                "mac_key": hex(mac_key.expose()), "wrap_key": hex(grant_body::wrap_key(&secret).expose()),
            }))
        }
        "enrol.mac" => {
            let mac = enrol_secret(fields)?.mac(&fields.public_key("ed25519")?, &WrapPublic(fields.fixed("x25519")?));
            Ok(json!({"mac": hex(&mac)}))
        }
        "enrol.verify" => {
            let (ed25519, x25519) = (fields.public_key("ed25519")?, WrapPublic(fields.fixed("x25519")?));
            enrol_secret(fields)?.verify_mac(&ed25519, &x25519, &fields.bytes("mac")?)?;
            Ok(json!({}))
        }
        "enrol.grant" => run_grant(fields),
        _ => Err(unknown(op)),
    }
}

fn run_grant(fields: &Fields<'_>) -> Result<Json, Refused> {
    let body: GrantBody = cbor::decode(&fields.bytes("body")?)?;
    let scope = |id: &ScopeId| hex(id);
    let scopes = body
        .scopes
        .iter()
        .map(|one| json!({"scope": scope(&one.scope), "epoch": one.epoch, "sk1": hex(one.sk1.expose()), "sk2": hex(one.sk2.expose())}));
    Ok(json!({
        "usk": hex(body.usk.as_bytes()), "manifest": hex(&body.manifest), "name": body.name, "scopes": scopes.collect::<Vec<_>>(),
    }))
}

fn run_checkpoint(op: &str, fields: &Fields<'_>) -> Result<Json, Refused> {
    let origin = fields.text("origin")?;
    match op {
        "checkpoint.sign" => {
            let key = SigningKey::from_seed(fields.secret("seed")?)?;
            let checkpoint = Checkpoint { origin: origin.to_owned(), size: fields.number("size")?, root: fields.fixed("root")? };
            Ok(json!({"note": checkpoint.sign(&key)}))
        }
        "checkpoint.verify" => {
            let checkpoint = Checkpoint::verify(fields.text("note")?, origin, &fields.public_key("key")?);
            let checkpoint = checkpoint.map_err(|_| Refused::Layer("checkpoint"))?;
            Ok(json!({"size": checkpoint.size, "root": hex(&checkpoint.root)}))
        }
        _ => Err(unknown(op)),
    }
}

fn run_event(op: &str, fields: &Fields<'_>) -> Result<Json, Refused> {
    if op != "event.decode" {
        return Err(unknown(op));
    }
    let event = Event::decode(&fields.bytes("bytes")?)?;
    Ok(json!({
        "vault": hex(&event.vault_id.0), "seq": event.seq, "time_ms": event.time_ms, "actor_kind": event.actor_kind,
        "actor_id": event.actor_id.map(|id| hex(&id)), "action": event.action, "outcome": event.outcome,
        "entry": event.entry_id.map(|id| hex(&id.0)), "field": event.field_id.map(|id| hex(&id.0)), "tier": event.tier, "detail": event.detail,
    }))
}

fn run_merkle(op: &str, fields: &Fields<'_>) -> Result<Json, Refused> {
    let refused = |_| Refused::Layer("merkle");
    match op {
        "merkle.root" => {
            let leaf = |json: &Json| unhex(json.as_str().unwrap_or_default()).map(|leaf| merkle::leaf_hash(&leaf));
            let leaves = fields.list("leaves")?.iter().map(leaf).collect::<Result<Vec<_>, _>>()?;
            Ok(json!({"root": hex(&merkle::root(&leaves))}))
        }
        "merkle.inclusion" => {
            let leaf = merkle::leaf_hash(&fields.bytes("leaf")?);
            let (index, size, proof, root) =
                (fields.number("index")?, fields.number("size")?, fields.hashes("proof")?, fields.fixed("root")?);
            merkle::verify_inclusion(&leaf, index, size, &proof, &root).map_err(refused)?;
            Ok(json!({}))
        }
        "merkle.consistency" => {
            let (old, new, proof) = (fields.number("old")?, fields.number("new")?, fields.hashes("proof")?);
            let (old_root, new_root) = (fields.fixed("old_root")?, fields.fixed("new_root")?);
            merkle::verify_consistency(old, new, &old_root, &new_root, &proof).map_err(refused)?;
            Ok(json!({}))
        }
        _ => Err(unknown(op)),
    }
}
