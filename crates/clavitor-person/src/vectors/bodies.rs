//! Manifest and header bodies as JSON, in the form that `vectors/README.md` lays down.

use clavitor_crypto::{
    AgentId, EntryId, FieldId, ScopeId, UnlockerId, VaultId,
    field_kind::{FieldKind, Tier},
    header::{Deleted, Field, Header},
    manifest::{
        Agent, AgentKeys, AgentKind, AgentScope, AgentState, Budget, Capabilities, LogPin, Manifest, Names, Recovery, Scope, Unlocker,
        UnlockerKind,
    },
    wrap::WrapPublic,
};
use serde_json::{Value as Json, json};

use super::{
    fields::{Fields, hex},
    run::Refused,
};

pub(super) fn manifest_json(body: &Manifest) -> Json {
    let unlockers = body
        .unlockers
        .iter()
        .map(|one| json!({"id": hex(&one.id), "kind": one.kind as u8, "x25519": hex(&one.x25519.0), "added_s": one.added_s}));
    let scopes = body.scopes.iter().map(|one| json!({"id": hex(&one.id), "epoch": one.epoch, "ek_epoch_min": one.ek_epoch_min}));
    json!({
        "vault": hex(&body.vault), "version": body.version, "previous": hex(&body.previous), "vault_epoch": body.vault_epoch,
        "usk": hex(body.usk.as_bytes()), "unlockers": unlockers.collect::<Vec<_>>(), "scopes": scopes.collect::<Vec<_>>(),
        "agents": body.agents.iter().map(agent_json).collect::<Vec<_>>(),
        "home_node": body.home_node, "backup_node": body.backup_node, "replication_consent": body.replication_consent,
        "log_pin": {"size": body.log_pin.size, "root": hex(&body.log_pin.root), "key": hex(body.log_pin.key.as_bytes())},
        "recovery": {"auth_hash": hex(&body.recovery.auth_hash), "delay_s": body.recovery.delay_s},
        "names": {"version": body.names.version, "hash": hex(&body.names.hash)}, "hlc_ms": body.hlc_ms,
    })
}

fn agent_json(agent: &Agent) -> Json {
    let keys = agent.keys.as_ref();
    let scopes = agent.scopes.iter().map(|one| json!({"scope": hex(&one.scope), "capabilities": one.capabilities.bits()}));
    json!({
        "id": hex(&agent.id), "kind": agent.kind as u8,
        "ed25519": keys.map_or_else(|| "".into(), |keys| hex(keys.ed25519.as_bytes())),
        "x25519": keys.map_or_else(|| "".into(), |keys| hex(&keys.x25519.0)),
        "scopes": scopes.collect::<Vec<_>>(), "per_minute": agent.budget.per_minute, "per_hour": agent.budget.per_hour,
        "not_after_s": agent.not_after_s, "state": agent.state as u8,
    })
}

pub(super) fn read_manifest(body: &Fields<'_>) -> Result<Manifest, Refused> {
    let (pin, recovery, names) = (body.inside("log_pin")?, body.inside("recovery")?, body.inside("names")?);
    Ok(Manifest {
        vault: VaultId(body.fixed("vault")?),
        version: body.number("version")?,
        previous: body.fixed("previous")?,
        vault_epoch: body.number("vault_epoch")?,
        usk: body.public_key("usk")?,
        unlockers: body.each("unlockers", |one| {
            let kind = if one.number::<u8>("kind")? == 1 { UnlockerKind::Passkey } else { UnlockerKind::Recovery };
            let x25519 = WrapPublic(one.fixed("x25519")?);
            Ok(Unlocker { id: UnlockerId(one.fixed("id")?), kind, x25519, added_s: one.number("added_s")? })
        })?,
        scopes: body.each("scopes", |one| {
            Ok(Scope { id: ScopeId(one.fixed("id")?), epoch: one.number("epoch")?, ek_epoch_min: one.number("ek_epoch_min")? })
        })?,
        agents: body.each("agents", |one| read_agent(&one))?,
        home_node: body.text("home_node")?.to_owned(),
        backup_node: body.text("backup_node")?.to_owned(),
        replication_consent: body.flag("replication_consent")?,
        log_pin: LogPin { size: pin.number("size")?, root: pin.fixed("root")?, key: pin.public_key("key")? },
        recovery: Recovery { auth_hash: recovery.fixed("auth_hash")?, delay_s: recovery.number("delay_s")? },
        names: Names { version: names.number("version")?, hash: names.fixed("hash")? },
        hlc_ms: body.number("hlc_ms")?,
    })
}

fn read_agent(one: &Fields<'_>) -> Result<Agent, Refused> {
    let keys = match one.text("ed25519")? {
        "" => None,
        _ => Some(AgentKeys { ed25519: one.public_key("ed25519")?, x25519: WrapPublic(one.fixed("x25519")?) }),
    };
    Ok(Agent {
        id: AgentId(one.fixed("id")?),
        kind: if one.number::<u8>("kind")? == 1 { AgentKind::Enrolled } else { AgentKind::Hosted },
        keys,
        scopes: one.each("scopes", |scope| {
            let capabilities = Capabilities::from_bits(scope.number("capabilities")?)?;
            Ok(AgentScope { scope: ScopeId(scope.fixed("scope")?), capabilities })
        })?,
        budget: Budget { per_minute: one.number("per_minute")?, per_hour: one.number("per_hour")? },
        not_after_s: one.number("not_after_s")?,
        state: match one.number::<u8>("state")? {
            1 => AgentState::Active,
            2 => AgentState::Suspended,
            _ => AgentState::Invited,
        },
    })
}

pub(super) fn header_json(body: &Header) -> Json {
    let fields = body.fields.iter().map(|one| {
        json!({
            "id": hex(&one.id), "kind": one.kind.number(), "tier": one.tier.number(), "version": one.version, "hash": hex(&one.hash),
        })
    });
    json!({
        "vault": hex(&body.vault), "entry": hex(&body.entry), "version": body.version, "previous": hex(&body.previous),
        "ek_epoch": body.ek_epoch, "vault_epoch": body.vault_epoch, "fields": fields.collect::<Vec<_>>(),
        "destinations": body.destinations, "scopes": body.scopes.iter().map(hex).collect::<Vec<_>>(),
        "deleted": body.deleted as u8, "author": hex(&body.author), "hlc_ms": body.hlc_ms,
    })
}

pub(super) fn read_header(body: &Fields<'_>) -> Result<Header, Refused> {
    let texts = |name: &str| -> Result<Vec<String>, Refused> {
        Ok(body.list(name)?.iter().map(|one| one.as_str().unwrap_or_default().to_owned()).collect())
    };
    let scope = |text: String| text.parse().map_err(|_| Refused::broken("scopes".to_owned()));
    Ok(Header {
        vault: VaultId(body.fixed("vault")?),
        entry: EntryId(body.fixed("entry")?),
        version: body.number("version")?,
        previous: body.fixed("previous")?,
        ek_epoch: body.number("ek_epoch")?,
        vault_epoch: body.number("vault_epoch")?,
        fields: body.each("fields", |one| {
            let (kind, tier) = (FieldKind::from_number(one.number("kind")?)?, Tier::from_number(one.number("tier")?)?);
            Ok(Field { id: FieldId(one.fixed("id")?), kind, tier, version: one.number("version")?, hash: one.fixed("hash")? })
        })?,
        destinations: texts("destinations")?,
        scopes: texts("scopes")?.into_iter().map(scope).collect::<Result<_, _>>()?,
        deleted: match body.number::<u8>("deleted")? {
            0 => Deleted::Live,
            1 => Deleted::Trash,
            _ => Deleted::Purged,
        },
        author: AgentId(body.fixed("author")?),
        hlc_ms: body.number("hlc_ms")?,
    })
}
