//! The vaults of this machine that are in use: which profile a reference means, and one session and list for each.

use std::path::PathBuf;

use crate::{
    failure::{Failure, Kind},
    identity::{Profile, Store},
    label,
    reference::{Reference, Segment, VaultSegment},
    vault::{Item, ItemField, Items, Session, locate},
};

/// Where to look, as the options say.
#[derive(Clone, Default)]
pub(crate) struct Place {
    /// The folder of profiles.
    pub config: Option<PathBuf>,
    /// The profile asked for.
    pub profile: Option<String>,
    /// More certificate authorities.
    pub ca_file: Option<PathBuf>,
}

/// A vault with its list.
pub(crate) struct OpenVault {
    /// The session.
    pub session: Session,
    /// The items.
    pub items: Items,
}

/// The open vaults of one command.
pub(crate) struct Desk {
    place: Place,
    store: Store,
    open: Vec<OpenVault>,
}

impl Place {
    /// The store of profiles.
    ///
    /// # Errors
    /// There is no place for one.
    pub(crate) fn store(&self) -> Result<Store, Failure> {
        Store::open(self.config.as_deref())
    }

    /// A session with the vault of the chosen profile.
    ///
    /// # Errors
    /// See [`Session::open`].
    pub(crate) async fn session(&self) -> Result<Session, Failure> {
        let profile = self.store()?.chosen(self.profile.as_deref())?;
        Session::open(profile, self.ca_file.as_deref()).await
    }
}

impl OpenVault {
    /// The item of a reference, and its field if it names one.
    ///
    /// # Errors
    /// Unknown or ambiguous.
    pub(crate) fn locate(&self, reference: &Reference) -> Result<(&Item, Option<&ItemField>), Failure> {
        locate(&self.items.items, reference)
    }

    /// The field of a reference.
    ///
    /// # Errors
    /// Unknown, ambiguous, or it names an item only.
    pub(crate) fn field(&self, reference: &Reference) -> Result<(&Item, &ItemField), Failure> {
        let (item, field) = self.locate(reference)?;
        let names_no_field = || {
            let labels: Vec<&str> = item.fields.iter().map(|field| field.label.as_str()).collect();
            Failure::general(format!("{reference} names an item; name one of its fields: {}", labels.join(", ")))
        };
        field.map(|field| (item, field)).ok_or_else(names_no_field)
    }
}

impl Desk {
    /// Nothing is open yet.
    ///
    /// # Errors
    /// There is no place for profiles.
    pub(crate) fn new(place: Place) -> Result<Self, Failure> {
        Ok(Self { store: place.store()?, place, open: Vec::new() })
    }

    /// The vault of a reference; opened once.
    ///
    /// # Errors
    /// No profile fits, or the session cannot be opened.
    pub(crate) async fn vault(&mut self, of: &VaultSegment) -> Result<&OpenVault, Failure> {
        let profile = self.profile(of)?;
        let known = self.open.iter().position(|vault| vault.session.profile().name() == profile.name());
        let at = match known {
            Some(at) => at,
            None => {
                let opened = match self.begin(profile.clone()).await {
                    Err(failure) if failure.again => self.begin(profile).await?,
                    opened => opened?,
                };
                self.open.push(opened);
                self.open.len() - 1
            }
        };
        self.open.get(at).ok_or_else(|| Failure::general("the vault could not be opened"))
    }

    async fn begin(&self, profile: Profile) -> Result<OpenVault, Failure> {
        let session = Session::open(profile, self.place.ca_file.as_deref()).await?;
        let items = session.items().await?;
        Ok(OpenVault { session, items })
    }

    /// The profile that a reference means.
    ///
    /// # Errors
    /// None or several fit.
    pub(crate) fn profile(&self, of: &VaultSegment) -> Result<Profile, Failure> {
        let wanted = match of {
            VaultSegment::Current => return self.store.chosen(self.place.profile.as_deref()),
            VaultSegment::Given(segment) => segment,
        };
        let all = match &self.place.profile {
            Some(_) => vec![self.store.chosen(self.place.profile.as_deref())?],
            None => self.store.profiles()?,
        };
        if all.is_empty() {
            return self.store.chosen(None);
        }
        let mut fitting = Vec::new();
        for profile in all {
            let identity = profile.identity()?;
            let fits = match wanted {
                Segment::Id(id) => identity.vault.0 == id.0,
                Segment::Name(name) => profile.name() == name || label::folded(&identity.vault_name) == label::folded(name),
            };
            if fits {
                fitting.push(profile);
            }
        }
        match fitting.len() {
            1 => Ok(fitting.remove(0)),
            0 => Err(Failure::new(Kind::NotFound, format!("this machine has no agent for a vault {wanted}"))
                .remedy("write - for the current vault: clv://-/item/field")),
            _ => {
                let names: Vec<&str> = fitting.iter().map(Profile::name).collect();
                Err(Failure::general(format!("several profiles are for a vault {wanted}: {}", names.join(", ")))
                    .remedy("give --profile NAME"))
            }
        }
    }
}
