// The agents: inviting, verifying their keys, terms, tokens, revocation, and sealing again what a revoked one could open.
import { type Bytes, makeRandom, toBase64, wipe } from "../crypto/bytes.ts";
import { makeId } from "../crypto/ids.ts";
import { AgentKind, AgentState, Capability, type Manifest, type ManifestAgent } from "../crypto/manifest.ts";
import { enrolAuthHash, formatEnrol, formatToken, sealEnrolGrant, sealTokenGrant, tokenAuthHash, verifyEnrolMac } from "../crypto/token.ts";
import { planRekey } from "./draft.ts";
import { BadDraft, Conflict } from "./errors.ts";
import type { Agents } from "./index.ts";
import { blob, list, object } from "./read.ts";
import { isKeyed, narrowAgent, rotateScopes, type WriteLoss, wrapScopes } from "./rotate.ts";
import { epochNeeded, sealVersion } from "./sealing.ts";
import type { Session } from "./session.ts";
import { batches, type EntryStore, type Held } from "./store.ts";
import { countHeld, endHostedTokens, hostedAgents, scopesOf } from "./suspicion.ts";
import type { Agent, AgentSeen, AgentTerms, Capabilities, HostedToken, Invitation, LearntField, RevokeEffect, SuspicionEffect, Work } from "./types.ts";
import type { AgentList, AgentStatus, LearntList, NewHostedToken, ScopeGrant } from "./wire.ts";

/** An enrolment string is good for this long. */
const enrolSeconds = 900;
const pollMs = 2000;
const resealBatch = 16;
const budgetMax = 100_000;

function bits(capabilities: Capabilities): number {
  return (Object.keys(Capability) as (keyof Capabilities)[]).reduce((sum, name) => sum | (capabilities[name] ? Capability[name] : 0), 0);
}

function capabilities(value: number): Capabilities {
  const has = (bit: number) => (value & bit) !== 0;
  return { use: has(Capability.use), totp: has(Capability.totp), reveal: has(Capability.reveal), write: has(Capability.write) };
}

function seenOf(status: AgentStatus | undefined): AgentSeen | null {
  if (status === undefined) return null;
  const { last_seen_ms, cooling_until_ms, locked, minute, hour } = status;
  return { lastSeenMs: last_seen_ms ?? null, coolingUntilMs: cooling_until_ms ?? null, locked, minute, hour };
}

function stateOf(agent: ManifestAgent, status: AgentStatus | undefined, nowMs: number): Agent["state"] {
  if (agent.state === AgentState.active) return "active";
  if (agent.state === AgentState.suspended) return "suspended";
  const enrolment = status?.enrolment;
  if (enrolment?.answer) return "answered";
  return enrolment && enrolment.expires_ms > nowMs ? "invited" : "expired";
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    }, { once: true });
  });
}

export class VaultAgents implements Agents {
  constructor(private readonly session: Session, private readonly store: EntryStore) {}

  async #statuses(): Promise<Map<string, AgentStatus>> {
    const answer = object<AgentList>(await this.session.parts.transport.send("GET", "/v1/agents"), "agents");
    return new Map(list(answer.agents).map((status) => [status.agent_id, status]));
  }

  #view(agent: ManifestAgent, status: AgentStatus | undefined): Agent {
    return {
      id: agent.id,
      name: this.session.names.agents[agent.id] ?? "An agent without a name",
      kind: agent.kind === AgentKind.hosted ? "hosted" : "enrolled",
      state: stateOf(agent, status, this.session.parts.now()),
      scopes: agent.scopes.map((scope) => ({ scopeId: scope.id, capabilities: capabilities(scope.capabilities) })),
      perMinute: agent.perMinute,
      perHour: agent.perHour,
      notAfterS: agent.notAfterS,
      seen: seenOf(status),
    };
  }

  #agent(id: string): ManifestAgent {
    const agent = this.session.manifest.agents.find((one) => one.id === id);
    if (agent === undefined) throw new BadDraft("This agent is not in the vault any more.");
    return agent;
  }

  list(): Promise<Agent[]> {
    return this.session.run(async () => {
      const statuses = await this.#statuses();
      return this.session.manifest.agents.map((agent) => this.#view(agent, statuses.get(agent.id)));
    });
  }

  #terms(terms: AgentTerms): Pick<ManifestAgent, "scopes" | "perMinute" | "perHour" | "notAfterS"> {
    const known = new Set(this.session.manifest.scopes.map((scope) => scope.id));
    const ids = new Set(terms.scopes.map((scope) => scope.scopeId));
    if (ids.size === 0 || ids.size !== terms.scopes.length) throw new BadDraft("Choose at least one scope, each once.");
    if ([...ids].some((id) => !known.has(id))) throw new BadDraft("One of the scopes does not exist any more.");
    const whole = (value: number) => Number.isSafeInteger(value) && value >= 0;
    if (![terms.perMinute, terms.perHour, terms.notAfterS].every(whole) || Math.max(terms.perMinute, terms.perHour) > budgetMax) throw new BadDraft("The limits are not whole numbers in range.");
    const scopes = terms.scopes.map((scope) => ({ id: scope.scopeId, capabilities: bits(scope.capabilities) }));
    return { scopes, perMinute: terms.perMinute, perHour: terms.perHour, notAfterS: terms.notAfterS };
  }

  #new(id: string, kind: number, state: number, terms: AgentTerms): ManifestAgent {
    const none: Bytes = new Uint8Array(0);
    return { id, kind, state, ed25519: none, x25519: none, ...this.#terms(terms) };
  }

  #scopesOf(agent: ManifestAgent) {
    const held = new Set(agent.scopes.map((scope) => scope.id));
    return this.session.manifest.scopes.filter((scope) => held.has(scope.id));
  }

  invite(name: string, terms: AgentTerms): Promise<Invitation> {
    return this.session.change(async () => {
      const { session } = this;
      const agent = this.#new(makeId(), AgentKind.enrolled, AgentState.invited, terms);
      await session.fresh();
      const parts = { vault: session.vaultId, agent: agent.id, secret: await session.keys.enrolSecret(agent.id), node: session.manifest.homeNode };
      const expiresMs = session.parts.now() + enrolSeconds * 1000;
      await session.changeManifest(async (names) => {
        names.agents[agent.id] = name;
        const change = async (signed: { signed: Bytes }) => {
          const scopes = await Promise.all(
            this.#scopesOf(agent).map(async ({ id, epoch }) => {
              const [sk1, sk2] = await Promise.all([session.keys.scopeBytes(1, id, epoch), session.keys.scopeBytes(2, id, epoch)]);
              return { id, epoch, sk1, sk2 };
            }),
          );
          const grant = await sealEnrolGrant(parts, { uskPublic: session.usk.bytes, manifest: signed.signed, vaultName: names.vault, scopes });
          for (const { sk1, sk2 } of scopes) wipe(sk1, sk2);
          const auth = toBase64(await enrolAuthHash(parts.secret, session.vaultBytes));
          return { enrolments: [{ agent_id: agent.id, auth_hash: auth, grant: toBase64(grant), valid_s: enrolSeconds }] };
        };
        return { names: true, edit: (next) => void next.agents.push(agent), change };
      });
      const enrolment = formatEnrol(parts);
      wipe(parts.secret);
      return { agentId: agent.id, enrolment, expiresMs, finished: (signal) => this.#finished(agent.id, signal) };
    });
  }

  async #finished(agentId: string, signal: AbortSignal | undefined): Promise<Agent> {
    for (;;) {
      signal?.throwIfAborted();
      const status = await this.session.run(async () => (await this.#statuses()).get(agentId));
      if (status?.enrolment?.answer) return this.finishInvitation(agentId);
      if (status?.enrolment && status.enrolment.expires_ms <= this.session.parts.now()) throw new BadDraft("The enrolment string has expired. Make a new one.");
      await sleep(pollMs, signal);
    }
  }

  finishInvitation(agentId: string): Promise<Agent> {
    return this.session.change(async () => {
      const { session } = this;
      const status = (await this.#statuses()).get(agentId);
      const agent = this.#agent(agentId);
      if (agent.state !== AgentState.invited) return this.#view(agent, status);
      const answer = status?.enrolment?.answer;
      if (!answer) throw new BadDraft("The agent has not answered yet.");
      const [ed25519, x25519] = [blob(answer.ed25519), blob(answer.x25519)];
      const secret = await session.keys.enrolSecret(agentId);
      await verifyEnrolMac(secret, session.vaultBytes, agentId, ed25519, x25519, blob(answer.mac)).finally(() => wipe(secret));
      await session.fresh();
      let active = agent;
      await session.changeManifest(async () => ({
        edit: (next) => void (active = amend(next, agent, { ed25519, x25519, state: AgentState.active })),
        change: async () => ({ scope_wraps: await wrapScopes(session, session.keys, active, this.#scopesOf(active)) }),
      }));
      return this.#view(active, { ...(status as AgentStatus), enrolment: null });
    });
  }

  makeHosted(name: string, terms: AgentTerms): Promise<HostedToken> {
    return this.session.change(async () => {
      const { session } = this;
      const agent = this.#new(makeId(), AgentKind.hosted, AgentState.active, terms);
      await session.fresh();
      const parts = { agent: agent.id, secret: makeRandom(32) };
      await session.changeManifest(async (names) => {
        names.agents[agent.id] = name;
        const change = async (): Promise<{ hosted_tokens: NewHostedToken[] }> => {
          const grants = await Promise.all(
            this.#scopesOf(agent).map(async ({ id, epoch }): Promise<ScopeGrant> => {
              const sk1 = await session.keys.scopeBytes(1, id, epoch);
              const record = await sealTokenGrant(parts, session.vaultBytes, id, epoch, sk1).finally(() => wipe(sk1));
              return { scope_id: id, record: toBase64(record) };
            }),
          );
          return { hosted_tokens: [{ agent_id: agent.id, auth_hash: toBase64(await tokenAuthHash(parts.secret, session.vaultBytes)), grants }] };
        };
        return { names: true, edit: (next) => void next.agents.push(agent), change };
      });
      const token = formatToken(parts);
      wipe(parts.secret);
      return { agentId: agent.id, token };
    });
  }

  change(agentId: string, terms: AgentTerms): Promise<Agent> {
    return this.session.change(async () => {
      const { session } = this;
      const agent = this.#agent(agentId);
      const wanted = this.#terms(terms);
      let next: ManifestAgent = { ...agent, ...wanted };
      const [had, has] = [new Set(agent.scopes.map((scope) => scope.id)), new Set(next.scopes.map((scope) => scope.id))];
      const added = [...has].filter((scope) => !had.has(scope));
      const gone = [...had].filter((scope) => !has.has(scope));
      if (added.length > 0 && agent.kind === AgentKind.hosted) throw new BadDraft("A hosted token cannot get another scope. Make a new token.");
      // The enrolment that waits at the node holds the keys of all its scopes.
      if (gone.length > 0 && agent.state === AgentState.invited) throw new BadDraft("An invitation cannot lose a scope. Revoke it and invite the agent again.");
      const kept = { ...wanted, scopes: wanted.scopes.filter((scope) => had.has(scope.id)) };
      const between = { ...agent, ...kept };
      const narrow = (manifest: Manifest): void => void amend(manifest, agent, kept);
      const loses = gone.length > 0 || losesWrite(agent, next);
      if (gone.length > 0) await this.#rotate(gone, { agent, next: between }, narrow);
      else if (loses) await narrowAgent(this.store, { agent, next: between }, narrow);
      if (loses && added.length === 0) return this.#view(between, (await this.#statuses()).get(agentId));
      await session.fresh();
      await session.changeManifest(async () => ({
        edit: (manifest) => void (next = amend(manifest, loses ? between : agent, wanted)),
        change: async () => {
          const scopes = session.manifest.scopes.filter((scope) => added.includes(scope.id));
          return isKeyed(next) ? { scope_wraps: await wrapScopes(session, session.keys, next, scopes) } : {};
        },
      }));
      return this.#view(next, (await this.#statuses()).get(agentId));
    });
  }

  lock(agentId: string): Promise<void> {
    return this.session.run(async () => {
      await this.session.parts.transport.send("POST", `/v1/agents/${agentId}/lock`);
      this.session.changed();
    });
  }

  unlock(agentId: string): Promise<void> {
    return this.session.change(async () => {
      await this.session.fresh();
      await this.session.parts.transport.send("POST", `/v1/agents/${agentId}/unlock`);
      this.session.changed();
    });
  }

  /** Hosted agents that hold the first-tier key of one of these scopes and cannot be given the next. */
  #ending(scopes: readonly string[], except: string): ManifestAgent[] {
    const ids = new Set(scopes);
    return this.session.manifest.agents.filter((one) => one.id !== except && one.kind === AgentKind.hosted && one.scopes.some((scope) => ids.has(scope.id)));
  }

  /** Takes rotated scopes away from hosted agents; one that has no other ends. */
  #endHosted(next: Manifest, scopes: readonly string[], except: string): void {
    const ending = new Set(this.#ending(scopes, except).map((agent) => agent.id));
    for (const agent of next.agents) {
      if (ending.has(agent.id)) agent.scopes = agent.scopes.filter((scope) => !scopes.includes(scope.id));
    }
    next.agents = next.agents.filter((agent) => !ending.has(agent.id) || agent.scopes.length > 0);
  }

  revokeEffect(agentId: string): RevokeEffect {
    const scopes = this.#agent(agentId).scopes.map((scope) => scope.id);
    return { ends: this.#ending(scopes, agentId).map((agent) => this.#view(agent, undefined)), entries: countHeld(this.store, scopes) };
  }

  suspicionEffect(): SuspicionEffect {
    const ends = hostedAgents(this.session.manifest);
    const scopes = scopesOf(ends);
    return { ends: ends.map((agent) => this.#view(agent, undefined)), scopes, entries: countHeld(this.store, scopes) };
  }

  suspectNode(work: Work = {}): Promise<void> {
    return this.session.change(() => endHostedTokens(this.store, work));
  }

  async #rotate(scopes: readonly string[], adopt: WriteLoss, edit: (next: Manifest) => void, work: Work = {}): Promise<void> {
    const rotation = {
      scopes,
      adopt,
      edit: (next: Manifest) => {
        this.#endHosted(next, scopes, adopt.agent.id);
        edit(next);
      },
    };
    await rotateScopes(this.store, rotation, work);
  }

  revoke(agentId: string, work: Work = {}): Promise<void> {
    return this.session.change(async () => {
      const agent = this.session.manifest.agents.find((one) => one.id === agentId);
      if (agent === undefined) return;
      const remove = (next: Manifest) => {
        const now = next.agents.find((one) => one.id === agentId);
        if (now && !sameScopes(now, agent)) throw new Conflict(null);
        next.agents = next.agents.filter((one) => one.id !== agentId);
      };
      await this.#rotate(agent.scopes.map((scope) => scope.id), { agent }, remove, work);
    });
  }

  learnt(agentId: string): Promise<LearntField[]> {
    return this.session.run(async () => {
      const answer = object<LearntList>(await this.session.parts.transport.send("GET", `/v1/agents/${agentId}/learnt`), "fields");
      return list(answer.fields).map((one): LearntField => {
        const view = this.store.get(one.entry_id)?.view;
        const field = view?.fields.find((candidate) => candidate.id === one.field_id);
        return {
          entryId: one.entry_id, entryTitle: view?.title ?? null, fieldId: one.field_id, fieldLabel: field?.label ?? null, mode: one.mode,
          current: field?.version === one.field_version, firstMs: one.first_ms, lastMs: one.last_ms, times: one.times,
        };
      });
    });
  }

  #waiting(): Held[] {
    return [...this.store.all()].filter(({ signed: { header } }) => header.ekEpoch < epochNeeded(this.session, header.scopes));
  }

  waiting(): number {
    return this.session.closed ? 0 : this.#waiting().length;
  }

  async reseal(work: Work = {}): Promise<void> {
    await this.session.run(() => this.store.load());
    const due = this.#waiting().map(({ view }) => view.id);
    let done = 0;
    for (const part of batches(due, resealBatch)) {
      if (work.signal?.aborted) return;
      await this.session.change(() => this.#resealPart(part)).catch((error: unknown) => {
        if (!(error instanceof Conflict)) throw error;
      });
      work.onProgress?.({ done: (done += part.length), total: due.length });
    }
  }

  async #resealPart(entries: readonly string[]): Promise<void> {
    const written = await Promise.all(
      entries.map(async (id) => {
        const { detail, summary } = await this.store.detail(id);
        const { header } = detail.signed;
        if (header.ekEpoch >= epochNeeded(this.session, header.scopes)) return undefined;
        return { version: await sealVersion(this.session, await planRekey(this.session, detail, summary)), summary };
      }),
    );
    const due = written.filter((one) => one !== undefined);
    if (due.length > 0) await this.store.write(due);
  }
}

/** Whether write goes in any scope, also where another one keeps it. */
function losesWrite(agent: ManifestAgent, next: ManifestAgent): boolean {
  const keeps = new Set(writable(next));
  return writable(agent).some((scope) => !keeps.has(scope));
}

function writable(agent: ManifestAgent): string[] {
  return agent.scopes.filter((scope) => (scope.capabilities & Capability.write) !== 0).map((scope) => scope.id);
}

function sameScopes(a: ManifestAgent, b: ManifestAgent): boolean {
  const ids = (agent: ManifestAgent) => agent.scopes.map((scope) => `${scope.id} ${scope.capabilities}`).sort().join();
  return ids(a) === ids(b);
}

/** Edits the agent as it stands in this manifest, which may be newer than the one the person saw; when it is another one there, the person repeats the change. */
function amend(manifest: Manifest, before: ManifestAgent, edit: Partial<ManifestAgent>): ManifestAgent {
  const now = manifest.agents.find((one) => one.id === before.id);
  if (now === undefined || now.state !== before.state || !sameScopes(now, before)) throw new Conflict(null);
  const next = { ...now, ...edit };
  manifest.agents = manifest.agents.map((one) => (one.id === next.id ? next : one));
  return next;
}

