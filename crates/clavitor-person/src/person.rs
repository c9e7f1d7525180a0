//! An unlocked vault, and how one begins.

use std::collections::BTreeMap;

use clavitor_crypto::{
    EntryId, FieldId, ScopeId, Secret, VaultId,
    hash::{ZERO, sha256},
    manifest::{LogPin, Manifest, Names, Recovery, Scope, SignedManifest, Unlocker, UnlockerKind},
    merkle::empty_root,
    random::Random,
    record::Context,
    sign::{PublicKey, SigningKey},
    signed::Signed,
};
use serde_json::{Value as Json, json};

use crate::{Changes, Entry, Error, PasskeyPrf, Unlocked, UnlockerChange, VaultKeys, Way, draft, unlockers};

/// Seconds that a recovery waits by default: two days.
pub(crate) const RECOVERY_DELAY_S: u64 = 172_800;

/// What a new vault begins with.
pub struct Genesis<'a> {
    /// The vault, as the node was told.
    pub vault: VaultId,
    /// What the person calls it.
    pub name: &'a str,
    /// The node's address.
    pub home_node: &'a str,
    /// The audit log's key.
    pub log_key: PublicKey,
    /// The first passkey.
    pub passkey: &'a PasskeyPrf,
    /// Unix ms.
    pub now_ms: u64,
}

/// An unlocked vault.
pub struct Person {
    pub(crate) random: Box<dyn Random + Send>,
    pub(crate) vault: VaultId,
    pub(crate) keys: VaultKeys,
    /// Vault keys before the one in force, oldest first.
    pub(crate) previous: Vec<VaultKeys>,
    pub(crate) usk: SigningKey,
    pub(crate) manifest: SignedManifest,
    pub(crate) names: Json,
    pub(crate) entries: BTreeMap<EntryId, Entry>,
}

impl Person {
    /// Makes a vault with one passkey, and the first change.
    ///
    /// # Errors
    /// [`Error`] if an argument breaks a rule of the format.
    pub fn create(genesis: &Genesis<'_>, mut random: Box<dyn Random + Send>) -> Result<(Self, Changes), Error> {
        let vault = genesis.vault;
        let keys = VaultKeys::new(vault, 1, Secret::make_with(&mut *random));
        let usk = SigningKey::make_with(&mut *random)?;
        let made = unlockers::make(vault, &usk, &keys, &Way::Passkey(genesis.passkey), &mut *random)?;
        let unlocker = Unlocker { id: made.id, kind: UnlockerKind::Passkey, x25519: made.public, added_s: genesis.now_ms / 1000 };
        let body = first_manifest(genesis, usk.public(), unlocker);
        let names = json!({"vault": genesis.name, "scopes": {}, "agents": {}, "passkeys": {made.id.to_string(): "First passkey"}});
        let manifest = Signed::sign(body.clone(), &usk)?;
        let mut person = Self { random, vault, keys, previous: Vec::new(), usk, manifest, names, entries: BTreeMap::new() };
        let usk_record = person.seal_usk()?;
        let (body, names) = person.with_names(body)?;
        person.manifest = Signed::sign(body, &person.usk)?;
        let changes = Changes {
            manifest: Some(person.manifest.bytes().to_vec()),
            names: Some(names),
            usk: Some(usk_record),
            unlockers: vec![UnlockerChange { id: made.id, record: Some(made.record), sealed_vmk: made.sealed_vmk }],
            ..Changes::default()
        };
        Ok((person, changes))
    }

    /// Goes on with a vault that was unlocked. `names` is the record that the manifest pins; `previous` are the records 0x17, oldest first.
    ///
    /// # Errors
    /// [`Error`] if the names or an older vault key do not open.
    pub fn resume(unlocked: Unlocked, names: Option<&[u8]>, previous: &[&[u8]], random: Box<dyn Random + Send>) -> Result<Self, Error> {
        let Unlocked { keys, usk, manifest } = unlocked;
        let vault = manifest.body().vault;
        let names = match names {
            Some(record) => open_names(&keys, &manifest, record)?,
            None => json!({"vault": "", "scopes": {}, "agents": {}, "passkeys": {}}),
        };
        let previous = crate::rotation::open_previous(vault, &keys, previous)?;
        Ok(Self { random, vault, keys, previous, usk, manifest, names, entries: BTreeMap::new() })
    }

    /// The vault.
    #[must_use]
    pub const fn vault(&self) -> VaultId {
        self.vault
    }

    /// The vault key in force, and what derives from it.
    #[must_use]
    pub const fn keys(&self) -> &VaultKeys {
        &self.keys
    }

    /// The vault's signing key.
    #[must_use]
    pub const fn usk(&self) -> &SigningKey {
        &self.usk
    }

    /// The manifest in force.
    #[must_use]
    pub const fn manifest(&self) -> &SignedManifest {
        &self.manifest
    }

    /// The names of scopes, agents and passkeys, as section 8 lays them out.
    #[must_use]
    pub const fn names(&self) -> &Json {
        &self.names
    }

    /// Adds a scope.
    ///
    /// # Errors
    /// [`Error`] if the manifest would break a rule.
    pub fn add_scope(&mut self, name: &str, now_ms: u64) -> Result<(ScopeId, Changes), Error> {
        let id = ScopeId::make_with(&mut *self.random);
        let mut body = self.next_manifest(now_ms);
        body.scopes.push(Scope { id, epoch: 1, ek_epoch_min: 1 });
        body.scopes.sort_unstable_by_key(|scope| scope.id);
        self.names["scopes"][id.to_string()] = name.into();
        Ok((id, self.changes_with_names(body)?))
    }

    /// Moves the pin of the audit log forward.
    ///
    /// # Errors
    /// [`Error`] if the log would shrink.
    pub fn pin_log(&mut self, size: u64, root: [u8; 32], now_ms: u64) -> Result<Changes, Error> {
        let mut body = self.next_manifest(now_ms);
        body.log_pin = LogPin { size, root, key: body.log_pin.key };
        self.changes(body)
    }

    /// The body of the next manifest, as it stands before anything is changed in it.
    #[must_use]
    pub fn next_manifest(&self, now_ms: u64) -> Manifest {
        let mut body = self.manifest.body().clone();
        body.version += 1;
        body.previous = *self.manifest.hash();
        body.hlc_ms = body.hlc_ms.max(now_ms);
        body
    }

    /// Signs the next manifest and makes it the one in force.
    ///
    /// # Errors
    /// [`Error`] if it breaks a rule or does not follow.
    pub fn changes(&mut self, body: Manifest) -> Result<Changes, Error> {
        let next = Signed::sign(body, &self.usk)?;
        next.follows(Some(&self.manifest))?;
        self.manifest = next;
        Ok(Changes { manifest: Some(self.manifest.bytes().to_vec()), ..Changes::default() })
    }

    pub(crate) fn changes_with_names(&mut self, body: Manifest) -> Result<Changes, Error> {
        let (body, names) = self.with_names(body)?;
        Ok(Changes { names: Some(names), ..self.changes(body)? })
    }

    fn with_names(&mut self, mut body: Manifest) -> Result<(Manifest, Vec<u8>), Error> {
        let version = body.names.version + 1;
        let value = draft::bytes_of(self.names.clone())?;
        let salt = self.salt();
        let record = self.keys.entry3(EntryId::ZERO).seal_field_salted(FieldId::ZERO, version, &value, &salt)?;
        body.names = Names { version, hash: sha256(&[&record]) };
        Ok((body, record))
    }

    pub(crate) fn seal_usk(&mut self) -> Result<Vec<u8>, Error> {
        let salt = self.salt();
        let context = Context::usk(self.vault, self.keys.epoch());
        Ok(self.keys.usk_key().seal_salted(&context, self.usk.seed().expose(), &salt)?)
    }

    pub(crate) fn salt(&mut self) -> [u8; 32] {
        let mut salt = [0; 32];
        self.random.fill(&mut salt);
        salt
    }
}

fn first_manifest(genesis: &Genesis<'_>, usk: PublicKey, unlocker: Unlocker) -> Manifest {
    Manifest {
        vault: genesis.vault,
        version: 1,
        previous: ZERO,
        vault_epoch: 1,
        usk,
        unlockers: vec![unlocker],
        scopes: vec![Scope { id: ScopeId::ZERO, epoch: 1, ek_epoch_min: 1 }],
        agents: Vec::new(),
        home_node: genesis.home_node.to_owned(),
        backup_node: String::new(),
        replication_consent: false,
        log_pin: LogPin { size: 0, root: empty_root(), key: genesis.log_key },
        recovery: Recovery { auth_hash: ZERO, delay_s: RECOVERY_DELAY_S },
        names: Names { version: 0, hash: ZERO },
        hlc_ms: genesis.now_ms,
    }
}

fn open_names(keys: &VaultKeys, manifest: &SignedManifest, record: &[u8]) -> Result<Json, Error> {
    let pinned = manifest.body().names;
    if sha256(&[record]) != pinned.hash {
        return Err(Error::Unknown);
    }
    let opened = keys.entry3(EntryId::ZERO).open_field(FieldId::ZERO, pinned.version, record)?;
    serde_json::from_slice(&opened).map_err(|_| Error::Json)
}
