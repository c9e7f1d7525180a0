//! Values: asked of the node for one purpose, verified against the signed header, opened on this machine.

use clavitor_api::{Id, ReleaseRequest, Released, UseMode};
use clavitor_crypto::{EntryId, field_kind::Tier, header::SignedHeader};
use zeroize::Zeroizing;

use super::{
    Item, ItemField, Session,
    entry::{self, Fault},
    pin_of,
};
use crate::{
    alarm::Alarm,
    failure::{Failure, Kind},
    identity::Pins,
    label,
};

/// The agent's reason is cut here, in characters; the node refuses longer ones.
const REASON_CHARS_MAX: usize = 300;
/// Fields in one request.
const FIELDS_MAX: usize = 64;

/// A field somebody wants.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    /// Its item.
    pub item: &'a Item,
    /// The field.
    pub field: &'a ItemField,
}

/// An opened value. It has no `Debug`, and is wiped.
pub struct Opened(Zeroizing<Vec<u8>>);

impl Opened {
    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The value as text.
    ///
    /// # Errors
    /// It is a file or another value that is not UTF-8.
    pub fn text(&self) -> Result<&str, Failure> {
        std::str::from_utf8(&self.0)
            .map_err(|_| Failure::general("the value is not text; write it to a file with inject or hand it over as it is"))
    }
}

impl Wanted<'_> {
    /// The reference by ids, which stays right when names change.
    pub fn reference(&self) -> String {
        format!("clv://-/{}/{}", Id(self.item.id().0), Id(self.field.id.0))
    }

    fn name(&self) -> String {
        format!("{} of {}", self.field.label, self.item.title)
    }

    /// Refuses here what the node would refuse, without spending the budget on it.
    ///
    /// # Errors
    /// Only the person can open it, or this agent may not use it this way.
    pub fn permitted(&self, mode: UseMode) -> Result<(), Failure> {
        if self.field.tier == Tier::OnlyMe {
            return Err(Failure::new(Kind::OnlyThePerson, format!("only the person can open {}", self.name()))
                .exists(Vec::new())
                .remedy("it is marked \"Only me\"; ask the person to use it themselves, and do not look for a copy"));
        }
        let allowed = self.item.allowed_modes(self.field);
        if allowed.contains(&mode) {
            return Ok(());
        }
        let remedy = how_to_use(&self.reference(), &allowed);
        let what = match mode {
            UseMode::Reveal => "may not be read by this agent",
            UseMode::Totp => "gives this agent no one-time codes",
            UseMode::Use => "may not be handed to a program by this agent",
            UseMode::Write => "may not be written by this agent",
        };
        Err(Failure::new(Kind::Denied, format!("{} exists and {what}", self.name())).exists(allowed).remedy(remedy))
    }
}

/// What to type, given what is allowed. A person decides about more.
pub fn how_to_use(reference: &str, allowed: &[UseMode]) -> String {
    if allowed.contains(&UseMode::Use) {
        format!("hand it to the program that needs it: clavitor agent run --env NAME={reference} -- COMMAND")
    } else if allowed.contains(&UseMode::Totp) {
        format!("get a one-time code: clavitor agent totp {reference}")
    } else if allowed.contains(&UseMode::Reveal) {
        format!("read it: clavitor agent get {reference} --reveal")
    } else {
        "ask the owner to give this agent another capability in this scope, on the Agents page".to_owned()
    }
}

impl Session {
    /// Opens fields of one item for one purpose. Descriptive values come from the summary and ask nothing of the node.
    ///
    /// # Errors
    /// Not permitted, refused by the node (budget, lock), or the answer does not hold.
    pub async fn release(&self, item: &Item, fields: &[&ItemField], mode: UseMode, reason: &str) -> Result<Vec<Opened>, Failure> {
        for field in fields {
            Wanted { item, field }.permitted(mode)?;
        }
        let sealed: Vec<&ItemField> = fields.iter().copied().filter(|field| field.descriptive.is_none()).collect();
        if sealed.len() > FIELDS_MAX {
            return Err(Failure::general(format!("at most {FIELDS_MAX} fields of one item can be used at once")));
        }
        let mut opened = if sealed.is_empty() { Vec::new() } else { self.fetch(item, &sealed, mode, reason).await? }.into_iter();
        let missing = || Failure::general("the node left a field out");
        fields
            .iter()
            .map(|field| match &field.descriptive {
                Some(value) => Ok(Opened(Zeroizing::new(value.as_bytes().to_vec()))),
                None => opened.next().ok_or_else(missing),
            })
            .collect()
    }

    async fn fetch(&self, item: &Item, fields: &[&ItemField], mode: UseMode, reason: &str) -> Result<Vec<Opened>, Failure> {
        let request = ReleaseRequest {
            entry_id: Id(item.id().0),
            field_ids: fields.iter().map(|field| Id(field.id.0)).collect(),
            mode,
            reason: Some(label::sanitise(reason, REASON_CHARS_MAX - 1)).filter(|reason| !reason.is_empty()),
        };
        let released: Released = self.node().post(self.identity().prover(), "/v1/agent/release", &request).await?;
        let entry = EntryId(released.entry.entry_id.0);
        if entry != item.id() {
            return Err(self.raise(&Alarm::new(&format!("entry {}", item.id()), "was answered with another entry")));
        }
        let opened = match self.verify_and_open(item, fields, &released) {
            Ok(opened) => opened,
            Err(fault) => return Err(self.judged(fault).await),
        };
        let (header, opened) = opened;
        let entry = Id(entry.0);
        self.keep(&Pins { entries: [(entry, pin_of(&header))].into(), used: [entry].into(), ..Pins::default() })?;
        Ok(opened)
    }

    fn verify_and_open(&self, item: &Item, fields: &[&ItemField], released: &Released) -> Result<(SignedHeader, Vec<Opened>), Fault> {
        let header = self.proved(&item.pins(), item.id(), &released.entry.header.0, &released.entry.chain)?;
        let keys = entry::entry_keys(header.body(), self.scopes(), &released.entry.grants)?;
        let open = |field: &&ItemField| {
            let object = format!("field {} of entry {}", field.id, item.id());
            let record = entry::record_of(&released.entry.records, field.id).ok_or_else(|| Alarm::new(&object, "was left out"))?;
            // The owner may have raised the tier since the list was read; the header in force decides.
            let opened = keys.open(header.body(), field.id, record)?;
            Ok(Opened(Zeroizing::new(opened.to_vec())))
        };
        let opened: Result<Vec<Opened>, Fault> = fields.iter().map(open).collect();
        Ok((header, opened?))
    }
}

pub(super) fn author_removed() -> Failure {
    Failure::new(Kind::ApprovalPending, "the agent that last wrote this item was removed; the item waits for the owner")
        .remedy("ask the owner to open the vault once, which signs the item again")
}
