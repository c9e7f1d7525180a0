//! Runs one case: looks at `op`, does what it says, and gives `out` or the layer that refused.

use clavitor_crypto::{
    EntryId, FieldId, Refusal, ScopeId, Secret, UnlockerId, VaultId,
    derive::{LABELS, derive},
    record::{Context, Envelope, Kind, RecordKey},
};
use serde_json::{Map, Value as Json, json};

use super::{
    fields::{Fields, hex},
    forge, run_public, run_signed,
};
use crate::{PasskeyPrf, Pin, Step, Stored, VaultKeys, Way, forge_kinds, unlock};

/// Why a case gave nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// A layer that is told apart.
    Layer(&'static str),
    /// A record: one of the four record layers, which no reader tells apart. Where the walk can look closer, it says which.
    Record(Option<&'static str>),
    /// The case itself cannot be run: an unknown `op`, a missing member.
    Broken(String),
}

impl Refused {
    pub(super) const fn broken(why: String) -> Self {
        Self::Broken(why)
    }

    /// Whether this is what a case with this `layer` expects.
    #[must_use]
    pub fn is(&self, layer: &str) -> bool {
        match self {
            Self::Layer(name) => *name == layer,
            Self::Record(Some(name)) => *name == layer,
            Self::Record(None) => ["envelope", "commitment", "aead", "padding"].contains(&layer),
            Self::Broken(_) => false,
        }
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self::Layer(match refusal {
            Refusal::Shape => "shape",
            Refusal::Signature => "signature",
            Refusal::Cbor => "cbor",
            Refusal::Rule => "rule",
            Refusal::Chain => "chain",
        })
    }
}

/// Runs an operation.
///
/// # Errors
/// [`Refused`].
pub fn run(op: &str, input: &Map<String, Json>) -> Result<Json, Refused> {
    let fields = Fields(input);
    match op.split('.').next().unwrap_or_default() {
        "manifest" | "header" | "vmk" | "scope" | "hpke" | "sign" | "verify" => run_signed::run(op, &fields),
        "code" | "token" | "enrol" | "checkpoint" | "merkle" | "event" => run_public::run(op, &fields),
        _ => run_sealed(op, &fields),
    }
}

fn run_sealed(op: &str, fields: &Fields<'_>) -> Result<Json, Refused> {
    match op {
        "derive" => run_derive(fields),
        "hierarchy" => run_hierarchy(fields),
        "unlocker.id" => {
            let id = UnlockerId::of_passkey(fields.text("rp_id")?, &fields.bytes("credential_id")?);
            Ok(json!({"unlocker": hex(&id.map_err(|_| Refused::Layer("shape"))?)}))
        }
        "unlocker.kek" => {
            let passkey = PasskeyPrf::new("", &fields.bytes("credential_id")?, &fields.bytes("prf")?);
            let passkey = passkey.map_err(|_| Refused::Layer("prf"))?;
            Ok(json!({"kek": hex(Way::Passkey(&passkey).kek(&VaultId(fields.fixed("vault")?)).expose())}))
        }
        "padding.size" => run_padding(fields),
        "record.envelope" => {
            let envelope = Envelope::parse(&fields.bytes("record")?).map_err(|_| Refused::Record(Some("envelope")))?;
            Ok(json!({"kind": envelope.kind, "epoch": envelope.epoch, "padded_bytes": envelope.padded_bytes}))
        }
        "record.seal" | "record.open" => run_record(op, fields),
        "unlock" => run_unlock(fields),
        _ => Err(Refused::broken(format!("unknown op {op}"))),
    }
}

fn run_derive(fields: &Fields<'_>) -> Result<Json, Refused> {
    let name = fields.text("label")?;
    let label = LABELS.iter().copied().find(|known| *known == name).ok_or_else(|| Refused::broken(format!("unknown label {name}")))?;
    let label = clavitor_crypto::derive::Label::of(label);
    let vault = VaultId(fields.fixed("vault")?);
    let key = derive(&fields.bytes("parent")?, label, &vault, fields.number("epoch")?, &fields.bytes("ctx")?);
    Ok(json!({"key": hex(key.expose())}))
}

fn run_hierarchy(fields: &Fields<'_>) -> Result<Json, Refused> {
    let vault = VaultId(fields.fixed("vault")?);
    let keys = VaultKeys::new(vault, fields.number("vault_epoch")?, fields.secret("vmk")?);
    let (scope, scope_epoch) = (ScopeId(fields.fixed("scope")?), fields.number("scope_epoch")?);
    Ok(json!({
        "k1": hex(keys.k1().expose()), "k2": hex(keys.k2().expose()), "k3": hex(keys.k3().expose()),
        "kw": hex(keys.kw().expose()), "kx": hex(keys.kx().expose()),
        "sk1": hex(keys.scope1(scope, scope_epoch).secret().expose()),
        "sk2": hex(keys.scope2(scope, scope_epoch).secret().expose()),
        "ek3": hex(keys.entry3(EntryId(fields.fixed("entry")?)).secret().expose()),
        "enrol_secret": hex(keys.enrol_secret(clavitor_crypto::AgentId(fields.fixed("agent")?)).expose()),
    }))
}

/// Seals nothing but zeros to see the size: the padding has no other way out.
fn run_padding(fields: &Fields<'_>) -> Result<Json, Refused> {
    let value = vec![0; fields.number("value_bytes")?];
    let key = RecordKey::<crate::Tier2>::new(Secret::take([1; 32]));
    let record = key.seal_salted(&any_context(), &value, &[0; 32]).map_err(|_| Refused::Layer("padding"))?;
    let envelope = Envelope::parse(&record).map_err(|_| Refused::Record(None))?;
    Ok(json!({"padded_bytes": envelope.padded_bytes}))
}

fn any_context() -> Context {
    Context::field(VaultId::ZERO, EntryId::ZERO, FieldId::ZERO, 1, 1)
}

fn run_record(op: &str, fields: &Fields<'_>) -> Result<Json, Refused> {
    let context = Context {
        epoch: fields.number("epoch")?,
        vault: VaultId(fields.fixed("vault")?),
        entry: fields.fixed("entry")?,
        field: fields.fixed("field")?,
        version: fields.number("version")?,
    };
    let kind = fields.number::<u8>("kind")?;
    forge_kinds!(kind, RecordOp { op, fields, context: &context }).ok_or_else(|| Refused::broken(format!("unknown kind {kind}")))?
}

/// One record operation, for whatever kind it turns out to be.
pub(crate) struct RecordOp<'a> {
    op: &'a str,
    fields: &'a Fields<'a>,
    context: &'a Context,
}

impl RecordOp<'_> {
    pub(crate) fn run<K: Kind>(&self) -> Result<Json, Refused> {
        let key = RecordKey::<K>::new(self.fields.secret("key")?);
        if self.op == "record.open" {
            let record = self.fields.bytes("record")?;
            let why = || Refused::Record(Some(forge::layer(key.secret().expose(), K::BYTE, self.context, &record)));
            let opened = key.open(self.context, &record).map_err(|_| why())?;
            return Ok(json!({"value": hex(&*opened)}));
        }
        let value = self.fields.bytes("value")?;
        let record = key.seal_salted(self.context, &value, &self.fields.fixed("salt")?).map_err(|_| Refused::Layer("padding"))?;
        Ok(json!({"ctx_hash": hex(&self.context.hash(K::BYTE)), "record": hex(&record)}))
    }
}

fn run_unlock(fields: &Fields<'_>) -> Result<Json, Refused> {
    let passkey = PasskeyPrf::new(fields.text("rp_id")?, &fields.bytes("credential_id")?, &fields.bytes("prf")?);
    let passkey = passkey.map_err(|_| Refused::Layer("prf"))?;
    let pin = match fields.json("pin")? {
        Json::Null => None,
        _ => {
            let pin = fields.inside("pin")?;
            Some(Pin { version: pin.number("version")?, hash: pin.fixed("hash")? })
        }
    };
    let (record, usk) = (fields.bytes("record")?, fields.bytes("usk")?);
    let (manifest, sealed_vmk) = (fields.bytes("manifest")?, fields.bytes("sealed_vmk")?);
    let stored = Stored { record: &record, usk: &usk, manifest: &manifest, sealed_vmk: &sealed_vmk };
    let unlocked = unlock(VaultId(fields.fixed("vault")?), &Way::Passkey(&passkey), &stored, pin).map_err(refused_by)?;
    Ok(json!({
        "vmk": hex(unlocked.keys.vmk().expose()), "usk_seed": hex(unlocked.usk.seed().expose()),
        "manifest_hash": hex(unlocked.manifest.hash()),
    }))
}

const fn refused_by(step: Step) -> Refused {
    match step {
        Step::Unlocker | Step::Usk => Refused::Record(None),
        Step::Manifest => Refused::Layer("cbor"),
        Step::Signature | Step::VmkSignature => Refused::Layer("signature"),
        Step::Pin => Refused::Layer("pin"),
        Step::Listed | Step::Epoch => Refused::Layer("rule"),
        Step::Wrap => Refused::Layer("hpke"),
    }
}
