//! What record 0x14 holds (docs/FORMAT.md section 7): everything an invited agent needs, scope keys of both tiers included.

use clavitor_crypto::{
    AgentId, Refusal, ScopeId, Secret, VaultId,
    cbor::{Canonical, Reader, Writer},
    derive::{Label, derive},
    enrol::EnrolSecret,
    record::{Context, RecordKey},
    secret::Secret32,
    sign::PublicKey,
};

use crate::kinds::EnrolGrant;

const ENROL_WRAP: Label = Label::of("enrol/wrap");

/// The body of record 0x14.
pub struct GrantBody {
    /// The vault's signing key, to be pinned.
    pub usk: PublicKey,
    /// The signed manifest.
    pub manifest: Vec<u8>,
    /// What the person calls the vault.
    pub name: String,
    /// The agent's scopes.
    pub scopes: Vec<GrantScope>,
}

/// One scope's keys.
pub struct GrantScope {
    /// The scope.
    pub scope: ScopeId,
    /// Scope epoch.
    pub epoch: u32,
    /// SK1.
    pub sk1: Secret32,
    /// SK2.
    pub sk2: Secret32,
}

impl Canonical for GrantScope {
    fn write(&self, writer: &mut Writer) {
        writer.map(4).bytes(0, &self.scope.0).number(1, self.epoch).bytes(2, self.sk1.expose()).bytes(3, self.sk2.expose());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Refusal> {
        reader.map(4)?;
        let (scope, epoch) = (ScopeId(reader.fixed(0)?), reader.number(1)?);
        let sk1 = Secret::from_slice(reader.bytes(2)?).ok_or(Refusal::Cbor)?;
        let sk2 = Secret::from_slice(reader.bytes(3)?).ok_or(Refusal::Cbor)?;
        Ok(Self { scope, epoch, sk1, sk2 })
    }
}

impl Canonical for GrantBody {
    fn write(&self, writer: &mut Writer) {
        writer.map(4).bytes(0, self.usk.as_bytes()).bytes(1, &self.manifest).text(2, &self.name).list(3, &self.scopes);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Refusal> {
        reader.map(4)?;
        let usk = PublicKey::parse(reader.bytes(0)?).map_err(|_| Refusal::Rule)?;
        let (manifest, name) = (reader.bytes(1)?.to_vec(), reader.text(2)?);
        Ok(Self { usk, manifest, name, scopes: reader.list(3)? })
    }
}

/// The key of record 0x14.
pub(crate) fn record_key(secret: &EnrolSecret) -> RecordKey<EnrolGrant> {
    RecordKey::new(wrap_key(secret))
}

/// D(ES, "enrol/wrap", 0).
pub(crate) fn wrap_key(secret: &EnrolSecret) -> Secret32 {
    derive(secret.secret().expose(), ENROL_WRAP, &secret.vault(), 0, b"")
}

/// Where record 0x14 belongs.
pub(crate) const fn context(vault: VaultId, agent: AgentId) -> Context {
    Context::enrolment(vault, agent)
}
