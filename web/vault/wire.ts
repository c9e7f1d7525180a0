// The wire types this client reads and writes (docs/API.md). Ids are lower-case hexadecimal; a `Blob64` is base64url without padding.

/** Base64url without padding. */
export type Blob64 = string;

export interface NodeInfo { setup_needed: boolean; rp_id: string; origin: string; edition: string; version: string; log_key: Blob64 }
export interface Ceremony { ceremony_id: string; challenge: Blob64; rp_id: string; credential_ids: Blob64[] }
export interface RegistrationCredential { raw_id: Blob64; attestation_object: Blob64; client_data_json: Blob64 }
export interface AssertionCredential { raw_id: Blob64; authenticator_data: Blob64; client_data_json: Blob64; signature: Blob64; user_handle?: Blob64 | null }
export interface SetupBegin { setup_token: string; vault_id: string }
export interface SetupFinish { setup_token: string; vault_id: string; change: Change }
export interface SessionFinish { ceremony_id: string; credential: AssertionCredential }
export interface SessionInfo { vault_id: string; unlocker_id: string; idle_until_ms: number; ends_ms: number; fresh_until_ms: number; now_ms: number }
export interface UnlockerState { id: string; record: Blob64; sealed_vmk: Blob64; synced?: boolean | null; last_used_ms?: number | null }
export interface UnlockerList { unlockers: UnlockerState[] }
export interface VaultState {
  vault_id: string; unlocker: UnlockerState; manifest: Blob64; usk: Blob64; names?: Blob64 | null; previous_vmks: Blob64[];
  checkpoint: string; consistency: Blob64[]; recovery_pending_until_ms?: number | null;
}
export interface RecoveryRequest { vault_id: string; proof: Blob64 }
export interface RecoveryStarted { release_at_ms: number; now_ms: number }

export interface Change {
  manifest?: Blob64; names?: Blob64; usk?: Blob64; previous_vmk?: Blob64; unlockers?: UnlockerChange[]; scope_wraps?: ScopeWrap[];
  enrolments?: NewEnrolment[]; hosted_tokens?: NewHostedToken[]; entries?: EntryChange[]; grants?: EntryGrant[];
}
export interface UnlockerChange { id: string; record?: Blob64; sealed_vmk: Blob64; passkey?: NewPasskey }
export interface NewPasskey { ceremony_id: string; credential: RegistrationCredential }
export interface ScopeWrap { agent_id: string; scope_id: string; scope_epoch: number; wrap: Blob64 }
export interface NewEnrolment { agent_id: string; auth_hash: Blob64; grant: Blob64; valid_s: number }
export interface NewHostedToken { agent_id: string; auth_hash: Blob64; grants: ScopeGrant[] }
export interface ScopeGrant { scope_id: string; record: Blob64 }
export interface EntryChange { header: Blob64; records: FieldRecord[]; grants?: Grant[] }
export interface FieldRecord { field_id: string; record: Blob64 }
export interface Grant { scope_id: string; tier: number; ek_epoch: number; record: Blob64 }
export interface EntryGrant { entry_id: string; grant: Grant }
export interface Applied { seq: number; manifest_version: number; log_size: number }

export interface EntrySummary { entry_id: string; header: Blob64; summary?: Blob64 | null; grants: Grant[] }
export interface EntryPage { entries: EntrySummary[]; next?: string | null; total: number }
export interface EntryDetail { entry_id: string; header: Blob64; records: FieldRecord[]; grants: Grant[] }
export interface EntryHistory { versions: EntryDetail[] }
export interface ExportPage { entries: EntryDetail[]; next?: string | null }

export interface BudgetUse { used: number; limit: number }
export interface EnrolmentAnswer { ed25519: Blob64; x25519: Blob64; mac: Blob64 }
export interface AgentStatus {
  agent_id: string; enrolment?: { expires_ms: number; answer?: EnrolmentAnswer | null } | null; last_seen_ms?: number | null;
  locked: boolean; cooling_until_ms?: number | null; minute: BudgetUse; hour: BudgetUse;
}
export interface AgentList { agents: AgentStatus[] }
export type UseMode = "use" | "totp" | "reveal" | "write";
export interface Learnt { entry_id: string; field_id: string; field_version: number; mode: UseMode; first_ms: number; last_ms: number; times: number }
export interface LearntList { fields: Learnt[] }

export interface AuditEvent {
  seq: number; time_ms: number; actor_kind: string; actor_id?: string | null; action: string; outcome: string; entry_id?: string | null;
  field_id?: string | null; tier?: number | null; detail?: string | null; bytes: Blob64;
}
export interface AuditPage { events: AuditEvent[]; next?: number | null; size: number }
export interface Checkpoint { checkpoint: string; consistency: Blob64[] }

export interface ErrorBody {
  code: string; message: string; exists?: boolean; allowed_modes?: UseMode[]; remedy?: string; retry_after_s?: number; current_version?: number; now_ms?: number;
}
