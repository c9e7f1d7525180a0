//! Writing: a new version of one field, sealed here and signed by this agent. Nothing else of the entry changes.

use clavitor_api::{AgentWrite, Applied, Blob, EntryChange, FieldRecord, Id, ReleaseRequest, Released, UseMode};
use clavitor_crypto::{
    FieldId, ScopeId,
    field_kind::Tier,
    hash::sha256,
    header::{Header, SignedHeader},
    record::TooLong,
    signed::Signed,
};
use serde_json::Value;
use zeroize::Zeroizing;

use super::{
    Item, ItemField, Session, Wanted,
    entry::{self, Fault},
    pin_of,
};
use crate::{
    clock,
    failure::{Failure, Kind},
    identity::Pins,
};

impl Session {
    /// Stores a new value of a field that exists. Returns the entry's new version.
    ///
    /// # Errors
    /// Not permitted, too long, somebody wrote in between, or the node refuses.
    pub async fn set(&self, item: &Item, field: &ItemField, value: &[u8]) -> Result<u64, Failure> {
        Wanted { item, field }.permitted(UseMode::Write)?;
        let current = self.current(item, field).await?;
        self.entry_key_in_force(current.header.body())?;
        let (sealed_field, record) = self.sealed(&current, item, field, value)?;
        let header = self.next_header(&current.header, sealed_field, &record)?;
        let record = FieldRecord { field_id: Id(sealed_field.0), record: Blob(record) };
        let change = EntryChange { header: Blob(header.bytes().to_vec()), records: vec![record], grants: Vec::new() };
        let _: Applied = self.node().post(self.identity().prover(), "/v1/agent/write", &AgentWrite { entry: change }).await?;
        self.keep(&Pins { entries: [(Id(item.id().0), pin_of(&header))].into(), ..Pins::default() })?;
        Ok(header.body().version)
    }

    /// The entry as it stands now. A field with a record of its own needs the entry key of its tier, which a list does not carry.
    async fn current(&self, item: &Item, field: &ItemField) -> Result<Current, Failure> {
        let asked = if field.descriptive.is_some() { FieldId::ZERO } else { field.id };
        let request = ReleaseRequest {
            entry_id: Id(item.id().0),
            field_ids: vec![Id(asked.0)],
            mode: UseMode::Write,
            reason: Some("to write a new version".to_owned()),
        };
        let released: Released = self.node().post(self.identity().prover(), "/v1/agent/release", &request).await?;
        let read = || -> Result<Current, Fault> {
            let header = self.proved(&item.pins(), item.id(), &released.entry.header.0, &released.entry.chain)?;
            let keys = entry::entry_keys(header.body(), self.scopes(), &released.entry.grants)?;
            Ok(Current { header, keys })
        };
        match read() {
            Ok(current) if current.header.body().version == item.header.body().version => Ok(current),
            Ok(_) => Err(Failure::changed_meanwhile()),
            Err(fault) => Err(self.judged(fault).await),
        }
    }

    /// After an agent was revoked, new records need a new entry key, and only the owner makes one.
    fn entry_key_in_force(&self, header: &Header) -> Result<(), Failure> {
        let scopes = header.scopes.iter().chain([&ScopeId::ZERO]);
        let lowest = scopes.filter_map(|scope| self.manifest().body().scope(*scope)).map(|scope| scope.ek_epoch_min).max().unwrap_or(1);
        if header.ek_epoch >= lowest {
            return Ok(());
        }
        Err(Failure::new(Kind::ApprovalPending, "the item's key is being replaced, because an agent was revoked")
            .remedy("ask the owner to open the vault once, then run the command again"))
    }

    fn sealed(&self, current: &Current, item: &Item, field: &ItemField, value: &[u8]) -> Result<(FieldId, Vec<u8>), Failure> {
        let version = current.header.body().version.checked_add(1).ok_or_else(|| Failure::general("the item has no more versions"))?;
        let no_key = || Failure::new(Kind::Denied, "the node sent no key for this field");
        let too_long = |long: TooLong| Failure::general(long.to_string());
        if field.descriptive.is_some() {
            let summary = with_value(&item.summary, field.id, value)?;
            let key = current.keys.tier1().ok_or_else(no_key)?;
            return Ok((FieldId::ZERO, key.seal_field(FieldId::ZERO, version, &summary).map_err(too_long)?));
        }
        let record = match field.tier {
            Tier::Hosted => current.keys.tier1().ok_or_else(no_key)?.seal_field(field.id, version, value),
            Tier::Agents => current.keys.tier2().ok_or_else(no_key)?.seal_field(field.id, version, value),
            Tier::OnlyMe => return Err(no_key()),
        };
        Ok((field.id, record.map_err(too_long)?))
    }

    fn next_header(&self, before: &SignedHeader, changed: FieldId, record: &[u8]) -> Result<SignedHeader, Failure> {
        let unsigned = || Failure::general("the new version could not be signed");
        let mut next = before.body().clone();
        next.version = next.version.checked_add(1).ok_or_else(unsigned)?;
        next.previous = *before.hash();
        next.author = self.identity().agent;
        next.hlc_ms = clock::now_ms().max(next.hlc_ms.saturating_add(1));
        let field = next.fields.iter_mut().find(|field| field.id == changed).ok_or_else(unsigned)?;
        (field.version, field.hash) = (next.version, sha256(&[record]));
        let signed = Signed::sign(next, &self.identity().keys.signing).map_err(|_| unsigned())?;
        signed.follows(Some(before)).map_err(|_| unsigned())?;
        Ok(signed)
    }
}

struct Current {
    header: SignedHeader,
    keys: entry::EntryKeys,
}

/// The summary with another value of one descriptive field; members that are not known here are kept.
fn with_value(summary: &[u8], field: FieldId, value: &[u8]) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let value = std::str::from_utf8(value).map_err(|_| Failure::general("this field holds text; what was given is not UTF-8"))?;
    let malformed = || Failure::general("the item's summary cannot be changed here");
    let mut summary: Value = serde_json::from_slice(summary).map_err(|_| malformed())?;
    let id = Id(field.0).to_string();
    let fields = summary.get_mut("fields").and_then(Value::as_array_mut).ok_or_else(malformed)?;
    let found = fields.iter_mut().find(|field| field.get("id").and_then(Value::as_str) == Some(&id)).ok_or_else(malformed)?;
    *found.get_mut("value").ok_or_else(malformed)? = value.into();
    serde_json::to_vec(&summary).map(Zeroizing::new).map_err(|_| malformed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changing_one_value_keeps_the_rest_of_the_summary() {
        let before = format!(
            r#"{{"title":"T","x-new":[1],"fields":[{{"id":"{}","kind":"username","label":"u","value":"old"}},{{"id":"{}","kind":"password"}}]}}"#,
            Id([1; 16]),
            Id([2; 16])
        );
        let after: Value = serde_json::from_slice(&with_value(before.as_bytes(), FieldId([1; 16]), b"new").unwrap()).unwrap();
        assert_eq!(after["fields"][0]["value"], "new");
        assert_eq!(after["x-new"], serde_json::json!([1]));
        assert!(with_value(before.as_bytes(), FieldId([2; 16]), b"new").is_err(), "a field with a record has no value here");
        assert!(with_value(before.as_bytes(), FieldId([1; 16]), b"\xff").is_err());
    }
}
