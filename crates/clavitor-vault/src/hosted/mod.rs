//! Hosted agents: the node opens tier 1 with the key that the request brings, for that request only.

mod open;
mod summary;

use clavitor_crypto::{
    EntryId, FieldId,
    field_kind::FieldKind,
    totp::{Code, Totp},
};
use zeroize::Zeroizing;

use self::open::Key;
use crate::{
    Credential, Error, Read, Result, UseMode, Vault,
    agents::settle_list,
    caller::{Caller, HostedBearer},
    policy::{Act, ListNames, Subject},
    release::{Asked, Looked, look, settle_in},
};

/// An entry as a hosted agent sees it: no values.
#[derive(Debug, Clone)]
pub struct HostedEntry {
    /// The entry.
    pub entry_id: EntryId,
    /// Its title.
    pub title: String,
    /// Its kind.
    pub kind: String,
    /// Its fields.
    pub fields: Vec<HostedField>,
}

/// A field as a hosted agent sees it.
#[derive(Debug, Clone)]
pub struct HostedField {
    /// The field.
    pub field_id: FieldId,
    /// Its label.
    pub label: String,
    /// Its kind.
    pub kind: String,
    /// Its tier.
    pub tier: u8,
    /// The ways this caller may use it; empty for a tier it never opens.
    pub allowed_modes: Vec<UseMode>,
}

/// A value opened for one request.
pub struct HostedValue {
    /// The field.
    pub field_id: FieldId,
    /// Its label.
    pub label: String,
    /// Its value.
    pub value: Zeroizing<String>,
}

/// A one-time code.
pub struct HostedTotp {
    /// The code.
    pub code: Zeroizing<String>,
    /// Seconds it stays valid.
    pub valid_s: u64,
}

/// Which field is meant.
#[derive(Debug, Clone)]
pub enum FieldName {
    /// By its id.
    Id(FieldId),
    /// By its label; the first with it, in the order of the summary.
    Label(String),
}

impl FieldName {
    /// 32 lower-case hexadecimal digits are an id, everything else is a label.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        text.parse().map_or_else(|_| Self::Label(text.to_owned()), Self::Id)
    }
}

/// The entries of the token's scopes. Blocks for opening them; `done` is called on the writer thread once the audit row is durable.
///
/// # Errors
/// Through `done`: `Unauthenticated`, `AgentLocked`, `Forbidden` for an agent that may do nothing now, `RateLimited`, `Unavailable`.
pub fn list(vault: &Vault, now_ms: u64, credential: &Credential, done: impl FnOnce(Result<Vec<HostedEntry>>) + Send + 'static) {
    let Ok(bearer) = bearer(credential) else { return done(Err(Error::Unauthenticated)) };
    let opened = vault.read(now_ms, |r| {
        let caller = Caller::find(r, &Credential::Hosted(bearer.clone()))?;
        let key = Key::of(r, &caller, &bearer)?;
        let permit = caller.permit::<ListNames>(Act::ListNames, Subject::Vault, |vault| (vault, key.agent_id()))?;
        r.shared.lists.take(key.agent_id(), now_ms)?;
        key.list(r, &permit)
    });
    settle_list(vault, now_ms, credential, opened, done);
}

/// One value of tier 1. Needs `reveal`. Blocks for opening it; `done` is called on the writer thread once the audit row is durable.
///
/// # Errors
/// Through `done`: `Unauthenticated`, `AgentLocked`, `BudgetExceeded`, `Hidden`, `Forbidden`, `TierTooHigh`.
pub fn value(
    vault: &Vault,
    now_ms: u64,
    credential: &Credential,
    entry_id: EntryId,
    field: FieldName,
    done: impl FnOnce(Result<HostedValue>) + Send + 'static,
) {
    let Ok(bearer) = bearer(credential) else { return done(Err(Error::Unauthenticated)) };
    settle_in(vault, now_ms, move |r| look_at_value(r, &bearer, entry_id, &field), done);
}

pub(crate) fn look_at_value(r: &Read<'_>, bearer: &HostedBearer, entry_id: EntryId, field: &FieldName) -> Result<Looked<HostedValue>> {
    let caller = Caller::find(r, &Credential::Hosted(bearer.clone()))?;
    let asked = Asked { entry_id, action: "field.open", mode: UseMode::Reveal, reason: UseMode::Reveal.name() };
    look(&caller, &asked, |agent| {
        let entry = Key::of(r, &caller, bearer)?.entry(r, &caller, agent, entry_id, UseMode::Reveal)?;
        let field = entry.named(field)?;
        let (value, line) = entry.open(r, &caller, field)?;
        Ok((HostedValue { field_id: line.field_id, label: field.label.clone(), value }, vec![line]))
    })
}

/// The one-time code of the entry's first field of kind totp at tier 1. Needs `totp`. Blocks for opening it; `done` is called on the writer thread
/// once the audit row is durable.
///
/// # Errors
/// As [`value`].
pub fn totp(
    vault: &Vault,
    now_ms: u64,
    credential: &Credential,
    entry_id: EntryId,
    done: impl FnOnce(Result<HostedTotp>) + Send + 'static,
) {
    let Ok(bearer) = bearer(credential) else { return done(Err(Error::Unauthenticated)) };
    settle_in(vault, now_ms, move |r| look_at_totp(r, &bearer, entry_id), done);
}

fn look_at_totp(r: &Read<'_>, bearer: &HostedBearer, entry_id: EntryId) -> Result<Looked<HostedTotp>> {
    let caller = Caller::find(r, &Credential::Hosted(bearer.clone()))?;
    let asked = Asked { entry_id, action: "field.totp", mode: UseMode::Totp, reason: UseMode::Totp.name() };
    look(&caller, &asked, |agent| {
        let entry = Key::of(r, &caller, bearer)?.entry(r, &caller, agent, entry_id, UseMode::Totp)?;
        let field = entry.first_of(FieldKind::Totp)?;
        let (secret, line) = entry.open(r, &caller, field)?;
        let totp = Totp::parse(&secret).map_err(|_| Error::Forbidden(no_code()))?;
        let Code { code, valid_s } = totp.at(r.now_ms() / 1000);
        Ok((HostedTotp { code, valid_s }, vec![line]))
    })
}

fn no_code() -> crate::Denial {
    crate::Denial {
        message: "what this field holds is no secret of one-time codes",
        allowed_modes: Vec::new(),
        remedy: "ask the owner to store the otpauth address or the base32 secret",
    }
}

pub(crate) fn bearer(credential: &Credential) -> Result<HostedBearer> {
    match credential {
        Credential::Hosted(bearer) => Ok(bearer.clone()),
        _ => Err(Error::Unauthenticated),
    }
}
