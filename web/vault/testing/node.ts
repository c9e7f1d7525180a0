// A node for tests: it keeps what the real client sends and hands it out again, checking versions and chains as a real one does.
// `evil` may change any answer on its way out, or any request before it is stored.
import { type Bytes, equal, fromBase64, fromHex, makeRandom, toBase64, toHex } from "../../crypto/bytes.ts";
import { logOrigin, signCheckpoint } from "../../crypto/checkpoint.ts";
import { type ActorKind, encodeEvent, type LogEvent } from "../../crypto/event.ts";
import { sha256 } from "../../crypto/hash.ts";
import { Deleted, type Header, readHeader } from "../../crypto/header.ts";
import { makeId, passkeyUnlockerId, recoveryUnlockerId } from "../../crypto/ids.ts";
import { AgentState, decodeManifest, type Manifest } from "../../crypto/manifest.ts";
import { leafHash, proveConsistency, rootOf } from "../../crypto/merkle.ts";
import { derivePublic, SigningKey, splitSigned } from "../../crypto/sign.ts";
import { mayWrite } from "../accept.ts";
import { Refusal } from "../errors.ts";
import type { Transport } from "../transport.ts";
import type {
  AgentStatus, AuditEvent, ErrorCode, Ceremony, Change, Checkpoint, EnrolmentAnswer, EntryChange, EntryDetail, EntrySummary, FieldRecord, Grant, Learnt, NewHostedToken,
  RecoveryRequest, ScopeWrap, SessionFinish, SessionInfo, SetupFinish, UnlockerState, VaultState,
} from "../wire.ts";

const rpId = "localhost";
const zero = "0".repeat(32);

export interface StoredEntry {
  versions: { signed: string; header: Header; hash: Bytes; records: FieldRecord[] }[];
  grants: Grant[];
}

/** Changes an answer, or nothing. */
export type Evil = (method: string, path: string, answer: unknown) => unknown;

function bytes(text: string): Bytes {
  const read = fromBase64(text);
  if (read === undefined) throw new Refusal(400, { code: "bad_request", message: "not base64url" });
  return read;
}

function refuse(status: number, code: ErrorCode, more: { current_version?: number } = {}): never {
  throw new Refusal(status, { code, message: code, ...more });
}

export class TestNode implements Transport {
  vaultId = "";
  manifest: { signed: string; body: Manifest; hash: Bytes } | undefined;
  readonly manifests: string[] = [];
  names: string | undefined;
  usk = "";
  previousVmks: string[] = [];
  readonly unlockers = new Map<string, UnlockerState>();
  readonly credentials = new Map<string, string>();
  readonly entries = new Map<string, StoredEntry>();
  readonly wraps = new Map<string, ScopeWrap>();
  readonly enrolments = new Map<string, { authHash: string; grant: string; expiresMs: number; answer?: EnrolmentAnswer }>();
  readonly tokens = new Map<string, NewHostedToken>();
  readonly locked = new Set<string>();
  learnt: Learnt[] = [];
  events: AuditEvent[] = [];
  recoveryReleaseMs: number | undefined;
  /** Everything that ever reached the node, as text. */
  readonly wire: string[] = [];
  /** Paths in the order asked. */
  readonly asked: string[] = [];
  freshSeconds = 300;
  session: SessionInfo | undefined;
  /** What it says about itself. */
  notices: NonNullable<SessionInfo["notices"]> = [];
  evil: Evil | undefined;
  /** Runs when the next change arrives, before it is looked at: what somebody else does just then. */
  beforeNext: (() => Promise<void>) | undefined;
  /** The next change is refused with this. */
  refuseNext: ErrorCode | undefined;
  private constructor(readonly logKey: SigningKey, readonly now: () => number) {}

  static async make(now: () => number = Date.now): Promise<TestNode> {
    const seed = makeRandom(32);
    return new TestNode(await SigningKey.fromSeed(seed, await derivePublic(seed)), now);
  }

  async send(method: "GET" | "POST" | "DELETE", path: string, body?: unknown): Promise<unknown> {
    this.asked.push(`${method} ${path}`);
    this.wire.push(JSON.stringify(body ?? null));
    const answer = structuredClone(await this.answer(method, path, structuredClone(body)));
    return this.evil ? await this.evil(method, path, answer) : answer;
  }

  async answer(method: string, path: string, body: unknown): Promise<unknown> {
    const [route = "", query = ""] = path.split("?");
    const parameters = new URLSearchParams(query);
    const parts = route.split("/").slice(2);
    const open = ["node", "setup", "recovery"].includes(parts[0] ?? "") || route.startsWith("/v1/session/");
    if (!open && this.session === undefined) refuse(401, "unauthenticated");
    switch (`${method} ${parts[0]}`) {
      case "GET node":
        return { setup_needed: this.vaultId === "", rp_id: rpId, origin: "http://localhost:1984", edition: "community", version: "0", log_key: toBase64(this.logKey.publicKey.bytes) };
      case "POST setup":
        return parts[1] === "begin" ? this.ceremony([]) : this.setup(body as SetupFinish);
      case "POST session":
        return parts[1] === "begin" ? this.ceremony([]) : this.signIn(body as SessionFinish);
      case "GET session":
        return { ...this.session, now_ms: this.now(), notices: this.notices };
      case "DELETE session":
        this.session = undefined;
        return {};
      case "GET vault":
        return this.state();
      case "GET manifests":
        return this.manifestsAfter(Number(parameters.get("after")));
      case "GET unlockers":
        return { unlockers: [...this.unlockers.values()] };
      case "POST passkeys":
        return this.ceremony([...this.credentials.keys()]);
      case "POST changes":
        if (this.refuseNext) {
          const code = this.refuseNext;
          this.refuseNext = undefined;
          refuse(400, code);
        }
        await this.meanwhile();
        this.apply(body as Change);
        return { seq: this.events.length, manifest_version: this.manifest?.body.version ?? 0, log_size: this.events.length };
      case "GET entries":
        return parts[1] ? this.entry(parts[1], parts[2]) : this.page(parameters.get("after") ?? "", Number(parameters.get("limit")));
      case "GET export":
        return this.exportPage(parameters.get("after") ?? "");
      case "GET agents":
        return parts[2] === "learnt" ? { fields: this.learnt } : { agents: this.agents() };
      case "POST agents":
        if (parts[2] === "lock") this.locked.add(parts[1] ?? "");
        else this.locked.delete(parts[1] ?? "");
        return {};
      case "GET audit":
        return parts[1] === "checkpoint" ? this.checkpoint(Number(parameters.get("from"))) : this.audit(parameters);
      case "POST recovery":
        return this.recovery(parts[1] ?? "", body as RecoveryRequest);
    }
    refuse(404, "not_found");
  }

  private async meanwhile(): Promise<void> {
    const before = this.beforeNext;
    this.beforeNext = undefined;
    await before?.();
  }

  private ceremony(ids: string[]): Ceremony {
    return { ceremony_id: makeId(), challenge: toBase64(makeRandom(32)), rp_id: rpId, credential_ids: ids };
  }

  private start(unlockerId: string): SessionInfo {
    const now = this.now();
    this.session = { vault_id: this.vaultId, unlocker_id: unlockerId, idle_until_ms: now + 900_000, ends_ms: now + 28_800_000, fresh_until_ms: now + this.freshSeconds * 1000, now_ms: now };
    this.log("session.start", { actor_kind: "person" });
    return { ...this.session, notices: this.notices };
  }

  private setup(finish: SetupFinish): SessionInfo {
    if (this.vaultId !== "") refuse(410, "gone");
    this.vaultId = finish.vault_id;
    this.apply(finish.change);
    return this.start(finish.change.unlockers?.[0]?.id ?? "");
  }

  private signIn({ credential }: SessionFinish): SessionInfo {
    const id = this.credentials.get(credential.raw_id);
    if (id === undefined || !this.unlockers.has(id)) refuse(401, "unauthenticated");
    return this.start(id);
  }

  log(action: string, more: Partial<AuditEvent> = {}): void {
    const seq = this.events.length;
    const none = { actor_id: null, entry_id: null, field_id: null, tier: null, detail: null };
    const event = { ...none, seq, time_ms: this.now(), actor_kind: "person", action, outcome: "ok", ...more };
    const id = (text: string | null | undefined) => fromHex(text ?? "") ?? new Uint8Array(0);
    const sealed = encodeEvent({
      vault: id(this.vaultId), seq, timeMs: event.time_ms, actorKind: event.actor_kind as ActorKind, actorId: id(event.actor_id), action, outcome: event.outcome,
      entryId: id(event.entry_id), fieldId: id(event.field_id), tier: (event.tier ?? null) as LogEvent["tier"], detail: event.detail ?? null,
    });
    this.events.push({ ...event, bytes: toBase64(sealed) });
  }

  leaves(): Bytes[] {
    return this.events.map((event) => leafHash(bytes(event.bytes)));
  }

  async checkpoint(from: number, leaves = this.leaves()): Promise<Checkpoint> {
    const note = await signCheckpoint({ origin: logOrigin(this.vaultId), size: leaves.length, root: rootOf(leaves) }, this.logKey);
    return { checkpoint: note, consistency: proveConsistency(leaves, from).map(toBase64) };
  }

  async state(): Promise<VaultState> {
    const unlocker = this.unlockers.get(this.session?.unlocker_id ?? "");
    if (unlocker === undefined || this.manifest === undefined) refuse(401, "unauthenticated");
    const { checkpoint, consistency } = await this.checkpoint(this.manifest.body.logPin.size);
    return {
      vault_id: this.vaultId, unlocker, manifest: this.manifest.signed, usk: this.usk, names: this.names ?? null, previous_vmks: this.previousVmks,
      checkpoint, consistency, recovery_pending_until_ms: this.recoveryReleaseMs ?? null,
    };
  }

  /** Two at a time, so that there is a next page. */
  private manifestsAfter(after: number): unknown {
    const old = this.manifests.slice(0, -1).map((signed) => ({ signed, version: decodeManifest(splitSigned(bytes(signed)).body).version }));
    const page = old.filter(({ version }) => version > after).slice(0, 2);
    return { manifests: page.map(({ signed }) => signed), next: page.length === 2 ? page.at(-1)?.version : null };
  }

  private apply(change: Change): void {
    const next = change.manifest == null ? undefined : this.checkManifest(change.manifest);
    for (const entry of change.entries ?? []) this.checkEntry(entry);
    if (next) this.checkAuthors(next.body, new Set((change.entries ?? []).map((entry) => readHeader(bytes(entry.header)).header.entry)));
    if (next) this.takeManifest(next, change);
    for (const entry of change.entries ?? []) this.takeEntry(entry);
    for (const { entry_id, grant } of change.grants ?? []) this.takeGrants(this.entries.get(entry_id), [grant]);
    this.log("change.apply");
  }

  private checkManifest(signed: string): NonNullable<TestNode["manifest"]> {
    const { body } = splitSigned(bytes(signed));
    const next = decodeManifest(body);
    if (next.version !== (this.manifest?.body.version ?? 0) + 1) refuse(409, "version_conflict", { current_version: this.manifest?.body.version ?? 0 });
    if (this.manifest && !equal(next.previous, this.manifest.hash)) refuse(400, "not_valid");
    return { signed, body: next, hash: sha256(body) };
  }

  /** No right to write goes while a version rests on it that this change does not take over. */
  private checkAuthors(next: Manifest, takenOver: ReadonlySet<string>): void {
    const before = this.manifest?.body;
    for (const [id, { versions }] of this.entries) {
      const own = versions.findIndex((version) => version.header.author === zero);
      for (const { header } of takenOver.has(id) ? [] : versions.slice(0, own)) {
        const may = (manifest: Manifest | undefined) => mayWrite(manifest?.agents.find((agent) => agent.id === header.author), header);
        if (may(before) && !may(next)) refuse(409, "version_conflict", { current_version: versions[0]?.header.version ?? 0 });
      }
    }
  }

  private takeManifest(next: NonNullable<TestNode["manifest"]>, change: Change): void {
    this.manifest = next;
    this.manifests.push(next.signed);
    if (change.names != null) this.names = change.names;
    if (change.usk != null) this.usk = change.usk;
    if (change.previous_vmk != null) this.previousVmks.push(change.previous_vmk);
    for (const one of change.unlockers ?? []) {
      const record = one.record ?? this.unlockers.get(one.id)?.record ?? "";
      this.unlockers.set(one.id, { id: one.id, record, sealed_vmk: one.sealed_vmk, synced: false, last_used_ms: null });
      const raw = one.passkey?.credential.raw_id;
      if (raw != null) this.credentials.set(raw, passkeyUnlockerId(rpId, bytes(raw)));
    }
    const listed = new Set(next.body.unlockers.map((one) => one.id));
    for (const id of this.unlockers.keys()) if (!listed.has(id)) this.unlockers.delete(id);
    for (const wrap of change.scope_wraps ?? []) this.wraps.set(`${wrap.agent_id} ${wrap.scope_id}`, wrap);
    for (const one of change.enrolments ?? []) this.enrolments.set(one.agent_id, { authHash: one.auth_hash, grant: one.grant, expiresMs: this.now() + one.valid_s * 1000 });
    for (const token of change.hosted_tokens ?? []) this.tokens.set(token.agent_id, token);
    const agents = new Set(next.body.agents.map((agent) => agent.id));
    for (const id of this.tokens.keys()) if (!agents.has(id)) this.tokens.delete(id);
  }

  private checkEntry({ header: signed, records }: EntryChange): void {
    const { header } = readHeader(bytes(signed));
    const last = this.entries.get(header.entry)?.versions[0];
    if (header.version !== (last?.header.version ?? 0) + 1) refuse(409, "version_conflict", { current_version: last?.header.version ?? 0 });
    if (last && !equal(header.previous, last.hash)) refuse(400, "not_valid");
    for (const field of header.fields) {
      const record = records.find((one) => one.field_id === field.id) ?? last?.records.find((one) => one.field_id === field.id);
      if (record === undefined || !equal(sha256(bytes(record.record)), field.hash)) refuse(400, "not_valid");
    }
  }

  private takeEntry({ header: signed, records, grants }: EntryChange): void {
    const { header, hash } = readHeader(bytes(signed));
    const entry = this.entries.get(header.entry) ?? { versions: [], grants: [] };
    const last = entry.versions[0]?.records ?? [];
    const all = header.fields.flatMap((field) => records.find((one) => one.field_id === field.id) ?? last.find((one) => one.field_id === field.id) ?? []);
    entry.versions.unshift({ signed, header, hash, records: all });
    this.entries.set(header.entry, entry);
    this.takeGrants(entry, grants ?? []);
  }

  private takeGrants(entry: StoredEntry | undefined, grants: readonly Grant[]): void {
    for (const grant of grants) {
      if (entry === undefined) refuse(400, "not_valid");
      const same = (one: Grant) => one.scope_id === grant.scope_id && one.tier === grant.tier && one.ek_epoch === grant.ek_epoch;
      entry.grants = [...entry.grants.filter((one) => !same(one)), grant];
    }
  }

  detail(id: string): EntryDetail {
    const entry = this.entries.get(id);
    const newest = entry?.versions[0];
    if (entry === undefined || newest === undefined) refuse(404, "not_found");
    return { entry_id: id, header: newest.signed, records: newest.records, grants: entry.grants };
  }

  private entry(id: string, more: string | undefined): unknown {
    const detail = this.detail(id);
    if (more !== "history") return detail;
    const versions = this.entries.get(id)?.versions ?? [];
    return { versions: versions.map((one, at): EntryDetail => ({ entry_id: id, header: one.signed, records: one.records, grants: at === 0 ? detail.grants : [] })) };
  }

  private ids(after: string, limit: number): { ids: string[]; next: string | null } {
    const all = [...this.entries.keys()].sort().filter((id) => id > after);
    return { ids: all.slice(0, limit), next: all.length > limit ? (all[limit - 1] ?? null) : null };
  }

  private page(after: string, limit: number): unknown {
    const { ids, next } = this.ids(after, limit);
    const entries = ids.map((id): EntrySummary => {
      const { header, records, grants } = this.detail(id);
      return { entry_id: id, header, summary: records.find((one) => one.field_id === zero)?.record ?? null, grants: grants.filter((one) => one.tier === 1) };
    });
    return { entries, next, total: this.entries.size };
  }

  private exportPage(after: string): unknown {
    const { ids, next } = this.ids(after, 50);
    const live = ids.filter((id) => this.entries.get(id)?.versions[0]?.header.deleted !== Deleted.purged);
    return { entries: live.map((id) => this.detail(id)), next };
  }

  private agents(): AgentStatus[] {
    return (this.manifest?.body.agents ?? []).map((agent): AgentStatus => {
      const one = this.enrolments.get(agent.id);
      const waiting = agent.state === AgentState.invited && one ? { expires_ms: one.expiresMs, answer: one.answer ?? null } : null;
      return {
        agent_id: agent.id, enrolment: waiting, last_seen_ms: null, locked: this.locked.has(agent.id), cooling_until_ms: null,
        minute: { used: 0, limit: agent.perMinute }, hour: { used: 0, limit: agent.perHour },
      };
    });
  }

  private audit(parameters: URLSearchParams): unknown {
    const before = Number(parameters.get("before") ?? this.events.length);
    const events = this.events.slice(Math.max(0, before - Number(parameters.get("limit"))), before).reverse();
    return { events, next: events.at(-1)?.seq || null, size: this.events.length };
  }

  private recovery(step: string, { proof }: RecoveryRequest): unknown {
    if (step === "cancel") {
      this.recoveryReleaseMs = undefined;
      return {};
    }
    const { authHash, delayS } = this.manifest?.body.recovery ?? refuse(404, "not_found");
    if (toHex(sha256(bytes(proof))) !== toHex(authHash)) refuse(404, "not_found");
    if (step === "start") {
      this.recoveryReleaseMs ??= this.now() + delayS * 1000;
      return { release_at_ms: this.recoveryReleaseMs, now_ms: this.now() };
    }
    if (this.recoveryReleaseMs === undefined || this.now() < this.recoveryReleaseMs) refuse(425, "recovery_delay");
    this.recoveryReleaseMs = undefined;
    return this.start(recoveryUnlockerId());
  }
}
