// What the pages see of a vault: plain data, ids in lower-case hexadecimal, times in Unix milliseconds unless the name says otherwise.
import type { EntryKind, FieldKindName, Tier } from "../crypto/kinds.ts";

export type { EntryKind, FieldKindName, Tier };

/** What whoever runs the node has to mend. `days`: until the certificate ends, or since the newest backup. */
export interface NodeNotice {
  readonly kind: "certificate_ending" | "backup_old" | "disk_low";
  readonly days: number | null;
}

/** One entry in the list. Everything here was opened from its summary and checked against its signed header. */
export interface Entry {
  readonly id: string;
  /** The version an edit must name. */
  readonly version: number;
  readonly title: string;
  readonly kind: EntryKind;
  readonly folder: string;
  readonly tags: readonly string[];
  readonly favorite: boolean;
  readonly archived: boolean;
  readonly trashed: boolean;
  /** In the order on screen. */
  readonly fields: readonly FieldView[];
  /** Origins where agents may use the entry. */
  readonly destinations: readonly string[];
  /** Scopes that hold the entry besides the whole vault. */
  readonly scopes: readonly string[];
  readonly changedMs: number;
  /** The agent that signed this version; null for the owner. */
  readonly author: string | null;
  /** Where an import took it from. */
  readonly origin: Origin | null;
}

/** One field of an entry, without its secret. */
export interface FieldView {
  readonly id: string;
  readonly kind: FieldKindName;
  readonly label: string;
  readonly tier: Tier;
  /** The entry version in which it was last sealed. */
  readonly version: number;
  /** Present for descriptive fields at tier 1 only; every other value takes `openField`. */
  readonly value?: string;
}

/** Names a row of an import, so that importing the same file again changes nothing. */
export interface Origin {
  readonly source: string;
  /** Keyed by `importMac`: it stands in the tier-1 summary, where a plain hash would let a node guess passwords. */
  readonly fingerprint: string;
  /** What the source said about the row and is no field: its own id, dates. Kept in the summary as it is. */
  readonly details?: Readonly<Record<string, string>>;
}

/** A new entry, or the whole of what an edited entry shall be. */
export interface EntryDraft {
  title: string;
  kind: EntryKind;
  folder?: string;
  tags?: string[];
  favorite?: boolean;
  archived?: boolean;
  destinations?: string[];
  /** Scope ids besides the whole vault. */
  scopes?: string[];
  fields: FieldDraft[];
  origin?: Origin;
}

/** A field of a draft. */
export interface FieldDraft {
  /** Absent for a new field. */
  id?: string;
  kind: FieldKindName;
  label: string;
  /** Absent: the default tier of the kind. Never below the lowest tier of the kind. */
  tier?: Tier;
  /** Absent: the value stays as it is stored (needs `id`). A new tier alone seals the stored value again. */
  value?: string | Uint8Array;
}

/** Narrows a search. */
export interface EntryFilter {
  kind?: EntryKind;
  folder?: string;
  tag?: string;
  scope?: string;
  favorite?: boolean;
  /** Absent: neither archive nor trash. */
  place?: "live" | "archive" | "trash" | "any";
}

/** How far a long piece of work is. */
export interface Progress {
  readonly done: number;
  readonly total: number;
}

/** Options of long pieces of work. */
export interface Work {
  onProgress?: (progress: Progress) => void;
  /** What comes behind the first rows of a list is asked for when this ends: once they are on screen. */
  drawn?: () => Promise<void>;
  signal?: AbortSignal;
}

/** One version of an entry. */
export interface EntryVersion {
  readonly version: number;
  readonly atMs: number;
  readonly author: string | null;
  readonly trashed: boolean;
  readonly title: string;
  readonly fields: readonly VersionField[];
  readonly destinations: readonly string[];
  /** What differs from the version before, in words for a list. */
  readonly changes: readonly VersionChange[];
}

/** A field as it was in one version. */
export interface VersionField extends FieldView {
  /** Compared with the version before. */
  readonly since: "added" | "changed" | "same";
}

/** One difference between a version and the one before. */
export interface VersionChange {
  readonly what: "created" | "title" | "field added" | "field removed" | "value changed" | "tier changed" | "label changed" | "destinations" | "scopes" | "trashed" | "restored" | "details";
  /** The field concerned. */
  readonly fieldId?: string;
  readonly before?: string;
  readonly after?: string;
}

/** A way into the vault. */
export interface WayIn {
  readonly id: string;
  readonly kind: "passkey" | "recovery";
  readonly name: string;
  readonly addedMs: number;
  /** Null when the node did not say. */
  readonly synced: boolean | null;
  readonly lastUsedMs: number | null;
  /** The one this session came in by. */
  readonly current: boolean;
}

/** "You have N ways in." */
export interface WaysIn {
  readonly list: readonly WayIn[];
  /** True when losing any single one still leaves one. */
  readonly safe: boolean;
  /** A recovery that somebody started; cancel it when it was not the owner. */
  readonly recoveryPendingUntilMs: number | null;
}

/** A recovery code that is not in force before it was typed back. */
export interface RecoveryDraft {
  /** Groups of four with hyphens. */
  readonly code: string;
  /** What stands on the printed kit besides the code. */
  readonly vaultId: string;
  readonly node: string;
  /** True when the text typed back is the code. */
  matches(typed: string): boolean;
  /** Puts it in force, replacing an older recovery code. Refuses (`BadCode`) when `typed` is not the code. */
  confirm(typed: string, delaySeconds: number): Promise<void>;
}

/** What agents of a scope may do. */
export interface Capabilities {
  use: boolean;
  totp: boolean;
  reveal: boolean;
  write: boolean;
}

/** A scope given to an agent. */
export interface AgentScope {
  scopeId: string;
  capabilities: Capabilities;
}

/** What the owner decides about an agent. */
export interface AgentTerms {
  scopes: AgentScope[];
  perMinute: number;
  perHour: number;
  /** Unix seconds. */
  notAfterS: number;
}

/** An agent as the signed manifest lists it, and what the node says of it. */
export interface Agent extends Readonly<AgentTerms> {
  readonly id: string;
  readonly name: string;
  readonly kind: "enrolled" | "hosted";
  /** `answered`: it sent its keys, and `finishInvitation` has to verify them. */
  readonly state: "active" | "suspended" | "invited" | "answered" | "expired";
  /** The node's view; null when it has none. */
  readonly seen: AgentSeen | null;
}

/** What the node says of an agent. Not signed by anybody. */
export interface AgentSeen {
  readonly lastSeenMs: number | null;
  readonly locked: boolean;
  readonly coolingUntilMs: number | null;
  readonly minute: { readonly used: number; readonly limit: number };
  readonly hour: { readonly used: number; readonly limit: number };
}

/** An enrolment string, shown once. */
export interface Invitation {
  readonly agentId: string;
  /** `cvte1-…`, for `clavitor agent enroll`. */
  readonly enrolment: string;
  readonly expiresMs: number;
  /** Waits for the agent's answer, verifies it, and signs its keys into the manifest. */
  finished(signal?: AbortSignal): Promise<Agent>;
}

/** A bearer token for a hosted agent, shown once. */
export interface HostedToken {
  readonly agentId: string;
  /** `cvt1-…`. */
  readonly token: string;
}

/** What revoking an agent does to others. */
export interface RevokeEffect {
  /** Hosted agents that lose the same scopes, because their tokens cannot get the new keys; without any other scope they end. */
  readonly ends: readonly Agent[];
  /** Entries whose keys are sealed again at once. */
  readonly entries: number;
}

/** What ending all hosted tokens does, when the node itself is suspected. */
export interface SuspicionEffect {
  /** Every hosted agent: its token ends. */
  readonly ends: readonly Agent[];
  /** Ids of the scopes that get new keys. */
  readonly scopes: readonly string[];
  /** Entries whose keys are sealed again at once. */
  readonly entries: number;
}

/** A field that was released to an agent. */
export interface LearntField {
  readonly entryId: string;
  /** Null when the entry is not there any more. */
  readonly entryTitle: string | null;
  readonly fieldId: string;
  readonly fieldLabel: string | null;
  readonly mode: "use" | "totp" | "reveal" | "write";
  /** False when the value was changed since. */
  readonly current: boolean;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly times: number;
}

/** A named set of entries that agents can be given. */
export interface Scope {
  readonly id: string;
  readonly name: string;
  /** Live entries in it. */
  readonly entries: number;
  /** True for the whole vault, which always exists. */
  readonly whole: boolean;
}

/** The plain answer to "who can open this, and by which path". */
export interface WhoCanOpen {
  readonly tier: Tier;
  /** "Only me", "Agents" or "Hosted". */
  readonly word: string;
  /** One sentence. */
  readonly sentence: string;
  readonly paths: readonly OpenPath[];
}

/** One party that can open a field. */
export interface OpenPath {
  readonly who: "you" | "agent" | "hosted agent" | "node";
  readonly agentId?: string;
  readonly name: string;
  /** How, in a sentence. */
  readonly path: string;
}

/** One line of the activity page. */
export interface ActivityEvent {
  readonly seq: number;
  readonly atMs: number;
  readonly actorKind: string;
  readonly actorId: string | null;
  /** The agent's name, "You", or the node. */
  readonly actor: string;
  readonly action: string;
  readonly outcome: string;
  readonly entryId: string | null;
  readonly entryTitle: string | null;
  readonly fieldId: string | null;
  readonly fieldLabel: string | null;
  readonly tier: Tier | null;
  readonly detail: string | null;
}

/** A page of the activity, newest first. */
export interface ActivityPage {
  readonly events: readonly ActivityEvent[];
  /** Ask with this for older ones. */
  readonly next: number | null;
  readonly size: number;
}

/** The log grew from what this browser had seen, and nothing in between was changed. */
export interface LogProof {
  readonly size: number;
  /** Hexadecimal. */
  readonly root: string;
  readonly sinceSize: number;
}

/** What an import has done; enough to undo it. */
export interface ImportReceipt {
  /** In the order of the drafts; null for one that was not stored because work was stopped before it. */
  readonly entryIds: readonly (string | null)[];
}

/** An entry with every value opened, for an export file. */
export interface OpenedEntry extends Entry {
  /** Values by field id; bytes for fields of kind `file`. */
  readonly values: ReadonlyMap<string, string | Uint8Array>;
}

/** A refusal that this browser raised, kept on this device. */
export interface Incident {
  readonly atMs: number;
  readonly vaultId: string;
  /** The sentence that was shown. */
  readonly sentence: string;
  /** What did not hold, for a report. */
  readonly reason: string;
}

/** A vault this browser has seen before. */
export interface KnownVault {
  readonly vaultId: string;
  readonly name: string;
}

/** Whether passkeys can open a vault here. */
export type Support = { readonly ok: true } | { readonly ok: false; readonly sentence: string };
