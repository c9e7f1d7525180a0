//! The records of one entry version: exactly those its header says were sealed in it, each of the right kind, key and hash.

use clavitor_crypto::{
    field_kind::Tier,
    hash::sha256,
    header::{Field, Header},
};

use super::{EntryChange, FieldRecord, step::envelope};
use crate::{Error, Result};

/// Fields of one entry, the summary included.
const FIELDS_MAX: usize = 256;

/// Checks the records against the header.
pub(super) fn check(header: &Header, entry: &EntryChange) -> Result<()> {
    if header.fields.len() > FIELDS_MAX {
        return Err(Error::TooLarge("an entry has at most 256 fields"));
    }
    let sealed_now: Vec<&Field> = header.fields.iter().filter(|field| field.version == header.version).collect();
    if sealed_now.len() != entry.records.len() {
        return Err(Error::NotValid("the records are not those that the header says were sealed in this version"));
    }
    sealed_now.into_iter().try_for_each(|field| check_record(header, field, &entry.records))
}

fn check_record(header: &Header, field: &Field, records: &[FieldRecord]) -> Result<()> {
    let record = records.iter().find(|record| record.field_id == field.id);
    let record = &record.ok_or(Error::NotValid("a record of a field that was sealed in this version is missing"))?.record;
    let epoch = match field.tier {
        Tier::Hosted | Tier::Agents => header.ek_epoch,
        Tier::OnlyMe => header.vault_epoch,
    };
    envelope(record, field.tier.number(), epoch, "a record is not of the kind and key that the header says")?;
    if sha256(&[record]) == field.hash { Ok(()) } else { Err(Error::NotValid("a record is not the one that the header names")) }
}
