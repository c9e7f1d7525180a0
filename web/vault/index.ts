// The client of a vault, for the pages: what can be asked of it, and where it begins. The pages use nothing else of this folder.
import type {
  ActivityPage, Agent, AgentTerms, Entry, EntryDraft, EntryFilter, EntryVersion, HostedToken, ImportReceipt, Incident, Invitation, KnownVault,
  LearntField, LogProof, NodeNotice, OpenedEntry, RecoveryDraft, RevokeEffect, Scope, Support, SuspicionEffect, WaysIn, WhoCanOpen, Work,
} from "./types.ts";
import type { NodeInfo } from "./wire.ts";

export * from "./errors.ts";
export type * from "./types.ts";
export type { NodeInfo } from "./wire.ts";
export { createVaultClient } from "./client.ts";
export { entryKinds, fieldKinds, kindByName } from "../crypto/kinds.ts";

/** A node, before a vault of it is open. */
export interface VaultClient {
  /** What the node says of itself. */
  node(): Promise<NodeInfo>;
  /** Whether a passkey can open a vault in this browser at this address. Asks for nothing. */
  support(): Promise<Support>;
  /** Vaults this browser has opened before. */
  known(): Promise<KnownVault[]>;
  /**
   * Makes a vault: makes a passkey, uses it once, compares both answers, wraps, stores, reads back, opens. Only then it returns.
   * Asks the person twice for the passkey. Go on with `ways.makeRecovery()` at once.
   */
  setUp(options: { setupToken: string; vaultName: string; passkeyName: string }): Promise<OpenVault>;
  /** Opens a vault with a passkey. Several vaults on one node: the passkey says which. */
  unlock(): Promise<OpenVault>;
  /** Starts a recovery. `code` and `vaultId` stand on the printed kit. Returns when it may be claimed. */
  startRecovery(kit: { vaultId: string; code: string }): Promise<{ releaseAtMs: number; nowMs: number }>;
  /** Opens the vault with the kit after the delay. Go on with `ways.addPasskey()` at once. */
  claimRecovery(kit: { vaultId: string; code: string }): Promise<OpenVault>;
  /** Refusals that this browser has raised, newest first. */
  incidents(): Promise<Incident[]>;
}

/** An unlocked vault. After `lock()` or an `Alarm` every call refuses. */
export interface OpenVault {
  readonly vaultId: string;
  /** True when it was opened with the recovery code. */
  readonly recovered: boolean;
  readonly name: string;
  /** The session ends then if nothing happens before, by this browser's clock; later after every answer of the node. */
  readonly idleUntilMs: number;
  /** What whoever runs the node has to mend, as it said when it was asked last. */
  readonly notices: readonly NodeNotice[];
  /** Asks the node what there is to mend. It keeps the session alive, so ask only while somebody is there. */
  askNotices(): Promise<void>;
  readonly entries: Entries;
  readonly ways: Ways;
  readonly agents: Agents;
  readonly scopes: Scopes;
  readonly activity: Activity;
  /** Names the vault, an agent, a scope or a passkey. */
  rename(what: "vault" | "agent" | "scope" | "passkey", id: string, name: string): Promise<void>;
  /** Forgets every key, ends the session. */
  lock(): Promise<void>;
  /** Called once when the vault closes, and why. Returns how to stop listening. */
  onClosed(listener: (why: "locked" | "alarm" | "session over") => void): () => void;
  /** Called after anything changed that the pages show. Returns how to stop listening. */
  onChange(listener: () => void): () => void;
}

/** The entries. */
export interface Entries {
  /** Loads and opens all summaries, page by page; the first ones are there long before the last. `onChange` fires for each page. */
  load(work?: Work): Promise<void>;
  readonly loaded: boolean;
  /** Takes over what other browsers and agents wrote since. */
  reload(work?: Work): Promise<void>;
  /** Live entries, archive and trash included. */
  all(): readonly Entry[];
  get(id: string): Entry | undefined;
  /** Instant, from memory: title, labels, descriptive values, tags, folder. The best matches first. */
  search(text: string, filter?: EntryFilter, limit?: number): Entry[];
  folders(): string[];
  tags(): string[];
  /** Opens one value. `version` of the entry: an older one, from its history. */
  openField(entryId: string, fieldId: string, version?: number): Promise<string>;
  /** Opens one value as bytes, for files. The caller wipes them. */
  openBytes(entryId: string, fieldId: string, version?: number): Promise<Uint8Array>;
  create(draft: EntryDraft): Promise<Entry>;
  /** Stores a new version. Throws `Conflict` when `version` is not the stored one. */
  edit(id: string, version: number, draft: EntryDraft): Promise<Entry>;
  /** The same for many, in pieces: `change` makes the draft from the entry as it is stored then. An entry in which nothing differs keeps its version. */
  editMany(ids: readonly string[], change: (entry: Entry) => EntryDraft, work?: Work): Promise<void>;
  /** Puts entries into the trash. Undo: `restore`. */
  trash(ids: readonly string[]): Promise<void>;
  restore(ids: readonly string[]): Promise<void>;
  /** Ends entries in the trash for ever; asks for the passkey. */
  purge(ids: readonly string[]): Promise<void>;
  /** Puts entries into scopes or takes them out. */
  setScopes(ids: readonly string[], scopeIds: readonly string[], work?: Work): Promise<void>;
  /** Puts an old version's content on top of the newest. */
  revert(id: string, toVersion: number): Promise<Entry>;
  /** All versions, newest first, each checked against the chain. Values: `openField` with the version. */
  history(id: string): Promise<EntryVersion[]>;
  /** Stores many, in chunks. Stopped by the signal, the receipt says how far it came. */
  importMany(drafts: readonly EntryDraft[], work?: Work): Promise<ImportReceipt>;
  /** Puts everything an import made into the trash. */
  undoImport(receipt: ImportReceipt, work?: Work): Promise<void>;
  /** HMAC-SHA-256 of the text under a key derived from KX, in lower-case hexadecimal: what `web/import` makes fingerprints with. */
  importMac(text: string): Promise<string>;
  /** Entry ids by `source + " " + fingerprint` of every import so far. */
  origins(): ReadonlyMap<string, string>;
  /** Every live entry with every value, for an export; asks for the passkey. */
  exportAll(work?: Work): AsyncIterable<OpenedEntry>;
  /** Who can open a field, and by which path. */
  whoCanOpen(entryId: string, fieldId: string): WhoCanOpen;
}

/** The ways into the vault. Every change asks for the passkey. */
export interface Ways {
  list(): Promise<WaysIn>;
  /** Makes a further passkey: on this device, another one, or a security key. */
  addPasskey(name: string): Promise<void>;
  /** Removes a way in and gives the vault a new key. Hosted tokens and open invitations end. Safe to repeat after it was cut off. */
  remove(id: string, work?: Work): Promise<void>;
  /**
   * Makes a recovery code; it is in force after it was typed back. A second code replaces the first and gives the vault a new key, as `remove` does.
   * In a session that was opened with the old code it also locks the vault: go on with a passkey.
   */
  makeRecovery(): Promise<RecoveryDraft>;
  /** Ends a recovery that somebody has started. */
  cancelRecovery(): Promise<void>;
}

/** The agents. Every change of who may do what asks for the passkey. */
export interface Agents {
  list(): Promise<Agent[]>;
  /** Makes an enrolment string, valid 15 minutes, once. */
  invite(name: string, terms: AgentTerms): Promise<Invitation>;
  /** Verifies the keys of an agent that has answered, after a reload; throws `Alarm` when they were exchanged on the way. */
  finishInvitation(agentId: string): Promise<Agent>;
  /** Makes a bearer token for a hosted agent. It opens tier 1 of its scopes. */
  makeHosted(name: string, terms: AgentTerms): Promise<HostedToken>;
  /** Changes scopes, capabilities, limits. Taking a scope away rotates that scope. */
  change(agentId: string, terms: AgentTerms): Promise<Agent>;
  /** Stops an agent at once, reversibly, without asking for the passkey. */
  lock(agentId: string): Promise<void>;
  unlock(agentId: string): Promise<void>;
  /** What a revocation would do. */
  revokeEffect(agentId: string): RevokeEffect;
  /** Ends an agent and rotates its scopes. */
  revoke(agentId: string, work?: Work): Promise<void>;
  /** What `suspectNode` would do. */
  suspicionEffect(): SuspicionEffect;
  /**
   * Ends every hosted token and gives the scopes they had new keys, in one change: for when the node itself may not have been honest. Enrolled agents go on.
   * Then run `reseal`. New tokens can be made afterwards.
   */
  suspectNode(work?: Work): Promise<void>;
  /** What an agent ever learnt. */
  learnt(agentId: string): Promise<LearntField[]>;
  /** Entries that still wait to be sealed with a new key after a revocation. */
  waiting(): number;
  /** Seals them, in small steps; run it when the page is idle. */
  reseal(work?: Work): Promise<void>;
}

/** The scopes. */
export interface Scopes {
  list(): Scope[];
  create(name: string): Promise<Scope>;
  /** Ends a scope; its entries stay, agents lose it. Refuses while an agent has no other scope. */
  remove(id: string): Promise<void>;
}

/** The audit log. */
export interface Activity {
  /** A page, newest first; each event is checked to be in the log that the node has signed. */
  page(before?: number): Promise<ActivityPage>;
  /** Checks that the log only grew since this browser last saw it. */
  verify(): Promise<LogProof>;
}
