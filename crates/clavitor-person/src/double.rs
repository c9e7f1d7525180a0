//! An enrolled agent that is as small as it can be: what the product's agent does with keys, for tests of the other side.

use clavitor_crypto::{
    AgentId, FieldId, Refusal, Refused, ScopeId, VaultId, cbor,
    enrol::{EnrolSecret, EnrolString},
    field_kind::Tier,
    hash::{Hash, sha256},
    header::{Header, SignedHeader},
    keys::{ScopeKey, ScopeKey1},
    manifest::{Manifest, SignedManifest},
    random::Random,
    record::Opened,
    secret::Secret32,
    sign::{PublicKey, SigningKey},
    signed::Signed,
    wrap::{Purpose, WrapPrivate, WrapPublic},
};

use crate::{EntryChange, Error, Grant, GrantBody, GrantScope, StoredEntry, agents, grant_body, kinds::Grant2};

/// An agent with its keys.
pub struct AgentDouble {
    secret: EnrolSecret,
    sign: SigningKey,
    wrap: WrapPrivate,
    usk: Option<PublicKey>,
    scopes: Vec<(ScopeKey1, ScopeKey<Grant2>)>,
}

impl AgentDouble {
    /// Reads an enrolment string and makes the agent's keys.
    ///
    /// # Errors
    /// [`Error::Sealed`] if the string is refused.
    pub fn invited(text: &str, random: &mut dyn Random) -> Result<Self, Error> {
        let EnrolString { secret, .. } = EnrolString::parse(text)?;
        let sign = SigningKey::make_with(random)?;
        Ok(Self { secret, sign, wrap: WrapPrivate::make_with(random), usk: None, scopes: Vec::new() })
    }

    /// The vault.
    #[must_use]
    pub const fn vault(&self) -> VaultId {
        self.secret.vault()
    }

    /// The agent's id.
    #[must_use]
    pub const fn id(&self) -> AgentId {
        self.secret.agent()
    }

    /// What proves the enrolment string to the node.
    #[must_use]
    pub fn auth(&self) -> Secret32 {
        self.secret.auth()
    }

    /// Its signing key.
    #[must_use]
    pub const fn signing_key(&self) -> &SigningKey {
        &self.sign
    }

    /// Its X25519 private key.
    #[must_use]
    pub const fn wrap_key(&self) -> &WrapPrivate {
        &self.wrap
    }

    /// Its X25519 public key.
    ///
    /// # Errors
    /// [`Refused`] never for a key made here; it is passed on.
    pub fn x25519(&self) -> Result<WrapPublic, Refused> {
        self.wrap.public()
    }

    /// The MAC over its public keys.
    ///
    /// # Errors
    /// As [`AgentDouble::x25519`].
    pub fn mac(&self) -> Result<Hash, Refused> {
        Ok(self.secret.mac(&self.sign.public(), &self.x25519()?))
    }

    /// Opens record 0x14, pins the vault's key and takes up the scope keys.
    ///
    /// # Errors
    /// [`Error`] if the record or the manifest inside is refused.
    pub fn accept(&mut self, grant: &[u8]) -> Result<SignedManifest, Error> {
        let context = grant_body::context(self.vault(), self.id());
        let opened = grant_body::record_key(&self.secret).open(&context, grant)?;
        let body: GrantBody = cbor::decode(&opened)?;
        let manifest = Signed::<Manifest>::verify(&body.manifest, &self.vault(), &body.usk)?;
        if manifest.body().usk != body.usk {
            return Err(Refusal::Signature.into());
        }
        self.usk = Some(body.usk);
        body.scopes.into_iter().for_each(|keys| self.take(keys));
        Ok(manifest)
    }

    /// Verifies and opens a scope wrap.
    ///
    /// # Errors
    /// [`Error`] if it is refused.
    pub fn accept_scope(&mut self, scope: ScopeId, scope_epoch: u32, signed: &[u8]) -> Result<(), Error> {
        let usk = self.usk.ok_or(Error::Unknown)?;
        let purpose = Purpose::Scope { agent: self.id(), scope, scope_epoch };
        let wrap = purpose.verify(&self.vault(), &usk, signed)?;
        let opened = self.wrap.open(&purpose.info(&self.vault()), wrap)?;
        let keys = agents::open_scope_plaintext(scope, scope_epoch, &opened).ok_or(Error::Sealed(Refused))?;
        self.take(keys);
        Ok(())
    }

    fn take(&mut self, keys: GrantScope) {
        let GrantScope { scope, epoch, sk1, sk2 } = keys;
        self.scopes.retain(|(one, _)| one.scope() != scope);
        let vault = self.vault();
        self.scopes.push((ScopeKey::new(vault, scope, epoch, sk1), ScopeKey::new(vault, scope, epoch, sk2)));
    }

    /// Opens one field of an entry, after verifying its header against the pinned key.
    ///
    /// # Errors
    /// [`Error`] if anything is refused; [`Error::Unknown`] for tier 3, for which no agent has a key.
    pub fn open_field(&self, stored: &StoredEntry, field: FieldId) -> Result<Opened, Error> {
        let header = Signed::<Header>::verify(&stored.header, &self.vault(), &self.usk.ok_or(Error::Unknown)?)?;
        let body = header.body();
        let listed = body.field(field).ok_or(Error::Unknown)?;
        let (_, record) = stored.records.iter().find(|(id, _)| *id == field).ok_or(Error::Unknown)?;
        if sha256(&[record]) != listed.hash {
            return Err(Refusal::Signature.into());
        }
        match listed.tier {
            Tier::Hosted => {
                let (grant, keys) = self.grant(stored, 1, body.ek_epoch)?;
                Ok(keys.0.open_grant(body.entry, body.ek_epoch, &grant.record)?.open_field(field, listed.version, record)?)
            }
            Tier::Agents => {
                let (grant, keys) = self.grant(stored, 2, body.ek_epoch)?;
                Ok(keys.1.open_grant(body.entry, body.ek_epoch, &grant.record)?.open_field(field, listed.version, record)?)
            }
            Tier::OnlyMe => Err(Error::Unknown),
        }
    }

    /// Seals a new value of a tier-2 field as the next version, signed by the agent.
    ///
    /// # Errors
    /// [`Error`] if the entry does not open, or the change is none an agent may make.
    pub fn write(
        &self,
        before: &SignedHeader,
        stored: &StoredEntry,
        field: FieldId,
        value: &[u8],
        now_ms: u64,
    ) -> Result<EntryChange, Error> {
        let mut body = before.body().clone();
        let (entry, ek_epoch) = (body.entry, body.ek_epoch);
        let (grant, keys) = self.grant(stored, 2, ek_epoch)?;
        let key = keys.1.open_grant(entry, ek_epoch, &grant.record)?;
        body.version += 1;
        body.previous = *before.hash();
        body.author = self.id();
        body.hlc_ms = body.hlc_ms.max(now_ms);
        let record = key.seal_field(field, body.version, value)?;
        let listed = body.fields.iter_mut().find(|listed| listed.id == field && listed.tier == Tier::Agents).ok_or(Error::Unknown)?;
        (listed.version, listed.hash) = (body.version, sha256(&[&record]));
        let header = Signed::sign(body, &self.sign)?;
        header.follows(Some(before))?;
        Ok(EntryChange { entry, header: header.bytes().to_vec(), records: vec![(field, record)], grants: Vec::new() })
    }

    fn grant<'a>(&self, stored: &'a StoredEntry, tier: u8, ek_epoch: u32) -> Result<(&'a Grant, &(ScopeKey1, ScopeKey<Grant2>)), Error> {
        let fits = |grant: &&Grant| grant.tier == tier && grant.ek_epoch == ek_epoch;
        stored
            .grants
            .iter()
            .filter(fits)
            .find_map(|grant| Some((grant, self.scopes.iter().find(|(one, _)| one.scope() == grant.scope)?)))
            .ok_or(Error::Unknown)
    }
}
