//! From a reference to an item and a field. What is unknown and what is not for this agent look the same.

use clavitor_api::Id;

use super::item::{Item, ItemField};
use crate::{
    failure::{Failure, Kind},
    label,
    reference::{Reference, Segment},
};

/// Finds the item of a reference.
///
/// # Errors
/// Unknown, or a name that several items have: their ids are listed.
pub(super) fn item<'a>(items: &'a [Item], reference: &Reference) -> Result<&'a Item, Failure> {
    match &reference.item {
        Segment::Id(id) => items.iter().find(|item| item.id().0 == id.0),
        Segment::Name(name) => {
            let described = |item: &Item| format!("{} ({})", Id(item.id().0), item.kind);
            one(items, name, |item| &item.title, described, "items").map_err(|list| ambiguous("item", name, &list, "clv://-/ID/field"))?
        }
    }
    .ok_or_else(|| not_found(reference))
}

/// Finds a field of an item; by label first, then by kind.
///
/// # Errors
/// Unknown, or several fields fit.
pub(super) fn field<'a>(item: &'a Item, reference: &Reference, segment: &Segment) -> Result<&'a ItemField, Failure> {
    let name = match segment {
        Segment::Id(id) => return item.fields.iter().find(|field| field.id.0 == id.0).ok_or_else(|| not_found(reference)),
        Segment::Name(name) => name,
    };
    let described = |field: &ItemField| format!("{} ({})", Id(field.id.0), field.kind.name());
    let asks = |list: String| ambiguous("field", name, &list, &format!("clv://-/{}/ID", Id(item.id().0)));
    if let Some(found) = one(&item.fields, name, |field| &field.label, described, "fields").map_err(asks)? {
        return Ok(found);
    }
    let of_kind = |field: &ItemField| field.kind.name().to_owned();
    let kinds: Vec<(String, &ItemField)> = item.fields.iter().map(|field| (of_kind(field), field)).collect();
    match kinds.iter().filter(|(kind, _)| kind == name).map(|(_, field)| *field).collect::<Vec<_>>().as_slice() {
        [] => Err(not_found(reference)),
        [only] => Ok(only),
        several => Err(asks(several.iter().map(|field| described(field)).collect::<Vec<_>>().join(", "))),
    }
}

/// The one thing with this name: exactly as shown, else without case. Several are an error that lists them.
fn one<'a, T>(
    things: &'a [T],
    name: &str,
    shown: impl Fn(&T) -> &String,
    described: impl Fn(&T) -> String,
    _what: &str,
) -> Result<Option<&'a T>, String> {
    let wanted = label::label(name);
    let exact: Vec<&T> = things.iter().filter(|thing| *shown(thing) == wanted).collect();
    let folded = label::folded(name);
    let fitting = if exact.is_empty() { things.iter().filter(|thing| shown(thing).to_lowercase() == folded).collect() } else { exact };
    match fitting.as_slice() {
        [] => Ok(None),
        [only] => Ok(Some(only)),
        several => Err(several.iter().map(|thing| described(thing)).collect::<Vec<_>>().join(", ")),
    }
}

fn ambiguous(what: &str, name: &str, list: &str, form: &str) -> Failure {
    Failure::general(format!("several {what}s are called {:?}: {list}", label::label(name))).remedy(format!("name one by its id: {form}"))
}

fn not_found(reference: &Reference) -> Failure {
    Failure::new(Kind::NotFound, format!("{reference} is unknown, or not for this agent"))
        .remedy("clavitor agent list shows what this agent may use; if it is missing, the owner can add it to one of this agent's scopes")
}
