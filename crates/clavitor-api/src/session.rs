//! Set-up, passkeys, sessions and recovery.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Blob, Change, Id, NodeNotice, UnlockerId};

/// A WebAuthn ceremony that the node has begun. The browser compiles in everything else (user verification, resident key, PRF input).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Ceremony {
    /// Names the ceremony in the request that finishes it; valid five minutes, once.
    pub ceremony_id: Id,
    /// The challenge to sign.
    pub challenge: Blob,
    /// The relying party id.
    pub rp_id: String,
    /// Credential ids of the vault's passkeys: to exclude when making one, to allow when using one of a known vault.
    pub credential_ids: Vec<Blob>,
}

/// `PublicKeyCredential` of `navigator.credentials.create()`, without extension results: PRF output never leaves the browser.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegistrationCredential {
    /// `rawId`.
    pub raw_id: Blob,
    /// `response.attestationObject`.
    pub attestation_object: Blob,
    /// `response.clientDataJSON`.
    pub client_data_json: Blob,
}

/// `PublicKeyCredential` of `navigator.credentials.get()`, without extension results.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AssertionCredential {
    /// `rawId`.
    pub raw_id: Blob,
    /// `response.authenticatorData`.
    pub authenticator_data: Blob,
    /// `response.clientDataJSON`.
    pub client_data_json: Blob,
    /// `response.signature`.
    pub signature: Blob,
    /// `response.userHandle`: the vault id.
    pub user_handle: Option<Blob>,
}

/// Whether the node waits for its first owner.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct NodeInfo {
    /// True until a vault exists.
    pub setup_needed: bool,
    /// The relying party id; passkeys are bound to it for ever.
    pub rp_id: String,
    /// The node's public address, as it stands in manifests and enrolment strings.
    pub origin: String,
    /// `community` or `commercial`.
    pub edition: String,
    /// The node's version.
    pub version: String,
    /// The audit log's Ed25519 public key.
    pub log_key: Blob,
}

/// Begins making a vault with a one-time set-up link.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetupBegin {
    /// The token from the link's fragment.
    pub setup_token: String,
    /// The id the browser made; it becomes the WebAuthn user handle.
    pub vault_id: Id,
}

/// Makes the vault. `change` holds the first manifest, the first unlocker, the USK record and the names.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetupFinish {
    /// The token again; it is used up in the same transaction.
    pub setup_token: String,
    /// The vault.
    pub vault_id: Id,
    /// Its first objects; the unlocker carries the ceremony and the credential.
    pub change: Change,
}

/// Begins signing in; without a vault id the passkey says which vault.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionBegin {}

/// Signs in, or renews freshness. Sets the session cookie.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionFinish {
    /// The ceremony.
    pub ceremony_id: Id,
    /// The answer.
    pub credential: AssertionCredential,
}

/// What a signed-in person has.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SessionInfo {
    /// The vault.
    pub vault_id: Id,
    /// The unlocker that signed in.
    pub unlocker_id: UnlockerId,
    /// The session ends then if nothing happens before.
    pub idle_until_ms: u64,
    /// The session ends then.
    pub ends_ms: u64,
    /// Steps that need a fresh passkey are open until then.
    pub fresh_until_ms: u64,
    /// The node's time.
    pub now_ms: u64,
    /// What whoever runs the node has to mend; absent if nothing.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub notices: Vec<NodeNotice>,
}

/// Everything the browser needs to unlock; each part is verified there.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct VaultState {
    /// The vault.
    pub vault_id: Id,
    /// The unlocker of this session.
    pub unlocker: UnlockerState,
    /// The signed manifest.
    pub manifest: Blob,
    /// Record 0x13.
    pub usk: Blob,
    /// Names record; absent before the first.
    pub names: Option<Blob>,
    /// Records 0x17, oldest first.
    pub previous_vmks: Vec<Blob>,
    /// The signed tree head, C2SP tlog-checkpoint.
    pub checkpoint: String,
    /// RFC 6962 consistency proof from the manifest's log_pin to the checkpoint.
    pub consistency: Vec<Blob>,
    /// A recovery that somebody has started, to be cancelled if it was not the owner.
    pub recovery_pending_until_ms: Option<u64>,
}

/// One unlocker's sealed parts.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct UnlockerState {
    /// Its id.
    pub id: UnlockerId,
    /// Record 0x10.
    pub record: Blob,
    /// USK signature, then the HPKE wrap.
    pub sealed_vmk: Blob,
    /// Whether the passkey is synced between devices (WebAuthn BE flag); absent for a recovery code.
    pub synced: Option<bool>,
    /// Last used.
    pub last_used_ms: Option<u64>,
}

/// Starts or continues a recovery with a proof of knowing the recovery code.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecoveryRequest {
    /// The vault, from the printed kit.
    pub vault_id: Id,
    /// D(code, "recover-auth", 0). The node keeps its hash only.
    pub proof: Blob,
}

/// The recovery was started; claim it after the delay.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RecoveryStarted {
    /// From then on the recovery record is released.
    pub release_at_ms: u64,
    /// The node's time.
    pub now_ms: u64,
}

/// Every way in.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct UnlockerList {
    /// The unlockers of the manifest, with their sealed parts, so that a browser can read back what it stored.
    pub unlockers: Vec<UnlockerState>,
}

/// Signed manifests that are not in force any more, oldest first.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ManifestPage {
    /// The manifests.
    pub manifests: Vec<Blob>,
    /// Ask with `after` = this for later ones; absent when there are none.
    pub next: Option<u64>,
}

/// What a browser says when a page did something that the policy of the page forbids. Only the directive is looked at.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyReport {
    /// The violation.
    #[serde(rename = "csp-report")]
    pub report: Violation,
}

/// One violation; every other member of the browser's is left unread.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct Violation {
    /// The directive that was violated.
    #[serde(default, rename = "effective-directive")]
    pub effective: Option<String>,
    /// The same, as older browsers name it.
    #[serde(default, rename = "violated-directive")]
    pub violated: Option<String>,
}
