//! The audit log: one append-only Merkle tree per vault over canonical events, with signed tree heads that can be checked offline.

pub(crate) mod event;
mod export;
mod verify;

use clavitor_crypto::{VaultId, checkpoint as note, merkle};

pub use event::Event;
pub use export::{Exported, export, vaults};
pub use verify::{Verdict, verify};

use crate::{
    Credential, Error, Read, Result,
    caller::Caller,
    policy::{Act, ReadVault, Subject},
};

const PAGE_EVENTS_MAX: u32 = 1000;

/// A page of events, newest first.
#[derive(Debug, Clone)]
pub struct AuditPage {
    /// The events.
    pub events: Vec<Event>,
    /// Ask with `before` = this for older ones.
    pub next: Option<u64>,
    /// Events in the log.
    pub size: u64,
}

/// A signed tree head and what connects it to an older one.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    /// C2SP tlog-checkpoint.
    pub checkpoint: String,
    /// RFC 6962 consistency proof from the size asked for.
    pub consistency: Vec<[u8; 32]>,
}

/// At most `limit` events (1 to 1,000) before position `before`, newest first.
///
/// # Errors
/// `Unauthenticated`, `BadRequest` for a limit out of range.
pub fn page(r: &Read<'_>, credential: &Credential, before: Option<u64>, limit: u32) -> Result<AuditPage> {
    if !(1..=PAGE_EVENTS_MAX).contains(&limit) {
        return Err(Error::BadRequest("limit is 1 to 1000"));
    }
    let caller = Caller::find(r, credential)?;
    let permit = caller.permit::<ReadVault>(Act::ReadVault, Subject::Vault, |vault| vault)?;
    let size = r.log_size(*permit.target())?;
    let rows = r.events_before(*permit.target(), before.unwrap_or(size), limit)?;
    let events = rows.iter().map(|bytes| Event::decode(bytes)).collect::<std::result::Result<Vec<_>, _>>();
    let events = events.map_err(|error| Error::Internal(format!("a stored event {error}")))?;
    let next = events.last().map(|event| event.seq).filter(|seq| *seq > 0);
    Ok(AuditPage { events, next, size })
}

/// The tree head of now, with the proof that it contains the tree of size `from`.
///
/// # Errors
/// `Unauthenticated`, `BadRequest` if the log is smaller than `from`.
pub fn checkpoint(r: &Read<'_>, credential: &Credential, from: u64) -> Result<Checkpoint> {
    let caller = Caller::find(r, credential)?;
    let permit = caller.permit::<ReadVault>(Act::ReadVault, Subject::Vault, |vault| vault)?;
    head(r, *permit.target(), from)
}

/// The signed tree head with its proof from `from`.
pub(crate) fn head(r: &Read<'_>, vault_id: VaultId, from: u64) -> Result<Checkpoint> {
    let size = r.log_size(vault_id)?;
    if from > size {
        return Err(Error::BadRequest("the log is smaller than that"));
    }
    let root = r.frontier(vault_id, size)?.root();
    let consistency = r.with_nodes(vault_id, |lookup| merkle::consistency_proof(from, size, lookup))?;
    let head = note::Checkpoint { origin: note::origin(&vault_id), size, root };
    Ok(Checkpoint { checkpoint: head.sign(&r.shared.log_key), consistency })
}

/// The proof that the event at `seq` is in the tree of now, with the head it leads to.
///
/// # Errors
/// `Unauthenticated`, `Hidden` if there is no such event.
pub fn prove(r: &Read<'_>, credential: &Credential, seq: u64) -> Result<(Checkpoint, Vec<[u8; 32]>)> {
    let caller = Caller::find(r, credential)?;
    let permit = caller.permit::<ReadVault>(Act::ReadVault, Subject::Vault, |vault| vault)?;
    let vault_id = *permit.target();
    let size = r.log_size(vault_id)?;
    if seq >= size {
        return Err(Error::Hidden);
    }
    let inclusion = r.with_nodes(vault_id, |lookup| merkle::inclusion_proof(seq, size, lookup))?;
    Ok((head(r, vault_id, size)?, inclusion))
}
