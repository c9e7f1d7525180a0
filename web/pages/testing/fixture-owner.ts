// The owner's side of the vault in memory: ways in, agents, scopes, activity.
import type { Agent, ActivityEvent, LearntField, OpenVault, RecoveryDraft, WayIn } from "../../vault/index.ts";
import type { FixtureOptions } from "./fixture.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const CODE = "7K3M-9QWE-R2T4-Y6HP-4ZXC-V8BN-MJ5G-FD0S-A2";

export function fixtureWays({ nowMs, recoveryPending }: FixtureOptions, vaultId: string): OpenVault["ways"] {
  const way = (id: string, kind: WayIn["kind"], name: string, synced: boolean | null, current: boolean): WayIn => ({
    id: id.repeat(64),
    kind,
    name,
    addedMs: nowMs - 40 * DAY_MS,
    synced,
    lastUsedMs: current ? nowMs : nowMs - 12 * DAY_MS,
    current,
  });
  const plain = (text: string): string => text.replace(/[\s-]/g, "").toUpperCase();
  const draft: RecoveryDraft = {
    code: CODE,
    vaultId,
    node: "http://localhost:1984",
    matches: (typed) => plain(typed) === plain(CODE),
    confirm: () => Promise.resolve(),
  };
  return {
    list: () =>
      Promise.resolve({
        list: [way("1", "passkey", "Laptop", false, true), way("2", "passkey", "Phone", true, false), way("3", "recovery", "", null, false)],
        safe: true,
        recoveryPendingUntilMs: recoveryPending ? nowMs + 20 * HOUR_MS : null,
      }),
    addPasskey: () => Promise.resolve(),
    remove: () => Promise.resolve(),
    makeRecovery: () => Promise.resolve(draft),
    cancelRecovery: () => Promise.resolve(),
  };
}

function sampleAgents(nowMs: number): Agent[] {
  const capabilities = { use: true, totp: true, reveal: false, write: false };
  const seen = (locked: boolean) => ({
    lastSeenMs: nowMs - 4 * 60_000,
    locked,
    coolingUntilMs: null,
    minute: { used: 1, limit: 3 },
    hour: { used: 6, limit: 10 },
  });
  const base = {
    perMinute: 3,
    perHour: 10,
    notAfterS: Math.floor((nowMs + 60 * DAY_MS) / 1000),
    scopes: [{ scopeId: "384".padStart(32, "0"), capabilities }],
  };
  return [
    { ...base, id: "b".repeat(32), name: "deploy-bot", kind: "enrolled", state: "active", seen: seen(false) },
    {
      ...base,
      id: "c".repeat(32),
      name: "Home automation",
      kind: "hosted",
      state: "active",
      seen: seen(true),
      scopes: [{ scopeId: "0".repeat(32), capabilities: { ...capabilities, use: false, reveal: true } }],
    },
    { ...base, id: "d".repeat(32), name: "Laptop assistant", kind: "enrolled", state: "answered", seen: null },
  ];
}

export function fixtureAgents({ nowMs }: FixtureOptions): OpenVault["agents"] {
  const agents = sampleAgents(nowMs);
  const learnt: LearntField[] = [
    {
      entryId: "3e8".padStart(32, "0"),
      entryTitle: "Code forge",
      fieldId: "2".padStart(32, "0"),
      fieldLabel: "Password",
      mode: "use",
      current: true,
      firstMs: nowMs - 9 * DAY_MS,
      lastMs: nowMs - HOUR_MS,
      times: 14,
    },
    {
      entryId: "3e9".padStart(32, "0"),
      entryTitle: null,
      fieldId: "9".padStart(32, "0"),
      fieldLabel: null,
      mode: "totp",
      current: false,
      firstMs: nowMs - 9 * DAY_MS,
      lastMs: nowMs - 8 * DAY_MS,
      times: 1,
    },
  ];
  const first = agents[0] as Agent;
  return {
    list: () => Promise.resolve(agents),
    invite: () =>
      Promise.resolve({
        agentId: first.id,
        enrolment: `cvte1-${"XwxqC-L5TRyKfjstkMQfbt1Mq2-q1k3".repeat(5)}`,
        expiresMs: nowMs + 15 * 60_000,
        finished: () => new Promise<Agent>(() => undefined),
      }),
    finishInvitation: () => Promise.resolve(first),
    makeHosted: () => Promise.resolve({ agentId: first.id, token: `cvt1-${"b0Kd9_x2".repeat(9)}` }),
    change: () => Promise.resolve(first),
    lock: () => Promise.resolve(),
    unlock: () => Promise.resolve(),
    revokeEffect: () => ({ ends: [agents[1] as Agent], entries: 12 }),
    revoke: () => Promise.resolve(),
    suspicionEffect: () => ({ ends: [agents[1] as Agent], scopes: ["0".repeat(32)], entries: 10 }),
    suspectNode: () => Promise.resolve(),
    learnt: () => Promise.resolve(learnt),
    waiting: () => 12,
    reseal: () => Promise.resolve(),
  };
}

export function fixtureScopes(): OpenVault["scopes"] {
  const scopes = [
    { id: "0".repeat(32), name: "The whole vault", entries: 10, whole: true },
    { id: "384".padStart(32, "0"), name: "Deployment", entries: 4, whole: false },
  ];
  return { list: () => scopes, create: () => Promise.resolve(scopes[1] as (typeof scopes)[number]), remove: () => Promise.resolve() };
}

export function fixtureActivity({ nowMs }: FixtureOptions): OpenVault["activity"] {
  const event = (seq: number, change: Partial<ActivityEvent>): ActivityEvent => ({
    seq,
    atMs: nowMs - (50 - seq) * HOUR_MS,
    actorKind: "person",
    actorId: null,
    actor: "You",
    action: "session.start",
    outcome: "ok",
    entryId: null,
    entryTitle: null,
    fieldId: null,
    fieldLabel: null,
    tier: null,
    detail: null,
    ...change,
  });
  const bot = { actorKind: "agent", actorId: "b".repeat(32), actor: "deploy-bot", entryId: "3e8".padStart(32, "0"), entryTitle: "Code forge" };
  const events = [
    event(49, {}),
    event(48, { ...bot, action: "field.release", fieldLabel: "Password", tier: 2, detail: "deploy release 1.4 to staging" }),
    event(47, { ...bot, action: "field.release", fieldLabel: "First pet", tier: 3, outcome: "tier_too_high" }),
    event(46, { actorKind: "anonymous", actor: "A stranger", action: "recovery.claim", outcome: "unauthenticated" }),
  ];
  return {
    page: () => Promise.resolve({ events, next: null, size: 50 }),
    verify: () => Promise.resolve({ size: 50, root: "9f".repeat(32), sinceSize: 46 }),
  };
}
