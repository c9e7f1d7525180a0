// A vault in memory, for looking at pages and checking their accessibility without a server. It seals nothing: never built into the app.
import type { Entry, FieldView, OpenVault, VaultClient } from "../../vault/index.ts";
import { fixtureActivity, fixtureAgents, fixtureScopes, fixtureWays } from "./fixture-owner.ts";
import { sampleEntries, sampleValue } from "./samples.ts";

const VAULT_ID = "5f0c6a0be2f94d1c8a7e3b2d90c41f6e";
const DAY_MS = 86_400_000;

/** What a page under test may choose. */
export interface FixtureOptions {
  entries: number;
  nowMs: number;
  recoveryPending: boolean;
  serverAiling: boolean;
}

/** A client whose vault opens at once. */
export function fixtureClient(options: FixtureOptions): VaultClient {
  const vault = fixtureVault(options);
  return {
    node: () =>
      Promise.resolve({
        setup_needed: true,
        rp_id: "localhost",
        origin: "http://localhost:1984",
        edition: "community",
        version: "0.1.0",
        log_key: "",
      }),
    support: () => Promise.resolve({ ok: true }),
    known: () => Promise.resolve([{ vaultId: VAULT_ID, name: "Home" }]),
    setUp: () => Promise.resolve(vault),
    unlock: () => Promise.resolve(vault),
    startRecovery: () => Promise.resolve({ releaseAtMs: options.nowMs + DAY_MS, nowMs: options.nowMs }),
    claimRecovery: () => Promise.resolve(vault),
    incidents: () => Promise.resolve([]),
  };
}

function fixtureVault(options: FixtureOptions): OpenVault {
  const listeners = new Set<() => void>();
  const changed = (): void => listeners.forEach((listener) => listener());
  return {
    vaultId: VAULT_ID,
    recovered: false,
    name: "Home",
    idleUntilMs: Number.MAX_SAFE_INTEGER,
    notices: options.serverAiling
      ? [
          { kind: "certificate_ending", days: 6 },
          { kind: "backup_old", days: 9 },
        ]
      : [],
    askNotices: () => Promise.resolve(),
    entries: fixtureEntries(options, changed),
    ways: fixtureWays(options, VAULT_ID),
    agents: fixtureAgents(options),
    scopes: fixtureScopes(),
    activity: fixtureActivity(options),
    rename: () => Promise.resolve(),
    lock: () => Promise.resolve(),
    onClosed: () => () => undefined,
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function fixtureEntries(options: FixtureOptions, changed: () => void): OpenVault["entries"] {
  let all: Entry[] = sampleEntries(options.entries, options.nowMs);
  const replace = (ids: readonly string[], patch: Partial<Entry>): Promise<void> => {
    all = all.map((entry) => (ids.includes(entry.id) ? { ...entry, ...patch } : entry));
    changed();
    return Promise.resolve();
  };
  const get = (id: string): Entry | undefined => all.find((entry) => entry.id === id);
  const must = (id: string): Entry => {
    const entry = get(id);
    if (entry === undefined) throw new Error("no such entry");
    return entry;
  };
  return {
    loaded: true,
    reload: () => Promise.resolve(),
    load: () => Promise.resolve(),
    all: () => all,
    get,
    search: (text, filter = {}) =>
      all.filter(
        (entry) =>
          visible(entry, filter.place ?? "live") &&
          (filter.favorite !== true || entry.favorite) &&
          (filter.scope === undefined || entry.scopes.includes(filter.scope)) &&
          (filter.kind === undefined || entry.kind === filter.kind) &&
          text
            .toLowerCase()
            .split(/\s+/)
            .every((word) => haystack(entry).includes(word)),
      ),
    folders: () => ["Work", "Work/Servers"],
    tags: () => ["deploy", "family"],
    openField: (id, fieldId, version) => Promise.resolve(sampleValue(fieldOf(must(id), fieldId), version)),
    openBytes: () => Promise.resolve(new Uint8Array([1])),
    create: () => Promise.resolve(all[0] as Entry),
    edit: (id) => Promise.resolve(must(id)),
    editMany: (ids, change) => {
      for (const id of ids) {
        const { folder = "", tags = [] } = change(must(id));
        void replace([id], { folder, tags });
      }
      return Promise.resolve();
    },
    trash: (ids) => replace(ids, { trashed: true }),
    restore: (ids) => replace(ids, { trashed: false }),
    purge: () => Promise.resolve(),
    setScopes: () => Promise.resolve(),
    revert: (id) => Promise.resolve(must(id)),
    history: (id) => Promise.resolve(sampleHistory(must(id), options.nowMs)),
    importMany: (drafts) => Promise.resolve({ entryIds: drafts.map((_, index) => index.toString(16).padStart(32, "0")) }),
    undoImport: () => Promise.resolve(),
    importMac: async (text) =>
      Array.from(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))), (byte) =>
        byte.toString(16).padStart(2, "0"),
      ).join(""),
    origins: () => new Map(),
    exportAll: async function* () {
      for (const entry of all) yield { ...entry, values: new Map(entry.fields.map((field) => [field.id, sampleValue(field)])) };
    },
    whoCanOpen: (id, fieldId) => whoCanOpen(fieldOf(must(id), fieldId)),
  };
}

const visible = (entry: Entry, place: string): boolean =>
  place === "trash" ? entry.trashed : !entry.trashed && (place === "archive") === entry.archived;
const haystack = (entry: Entry): string => `${entry.title} ${entry.fields.map((field) => field.value ?? "").join(" ")}`.toLowerCase();
const fieldOf = (entry: Entry, id: string): FieldView => entry.fields.find((field) => field.id === id) as FieldView;

function whoCanOpen(field: FieldView): ReturnType<OpenVault["entries"]["whoCanOpen"]> {
  const you = { who: "you", name: "You", path: "in this browser, after your passkey." } as const;
  const bot = { who: "agent", name: "deploy-bot", path: "on its own machine, to use and for one-time codes. This server cannot open it." } as const;
  const hosted = { who: "hosted agent", name: "Home automation", path: "through this server, only inside a request that brings its token." } as const;
  const answers = {
    3: { word: "Only me", sentence: "Only you can open this. No agent and no server, ever.", paths: [you] },
    2: { word: "Agents", sentence: "You, and your enrolled agents on their own machines. This server never has the key.", paths: [you, bot] },
    1: { word: "Hosted", sentence: "You, your agents, and this server while a hosted agent asks with its token.", paths: [you, bot, hosted] },
  } as const;
  return { tier: field.tier, ...answers[field.tier] };
}

function sampleHistory(entry: Entry, nowMs: number): Awaited<ReturnType<OpenVault["entries"]["history"]>> {
  const [first, second] = entry.fields;
  const fields = entry.fields.map((field) => ({ ...field, since: "same" as const }));
  const base = { title: entry.title, fields, destinations: entry.destinations, trashed: false };
  return [
    { ...base, version: 3, atMs: nowMs - 3_600_000, author: "b".repeat(32), changes: [{ what: "value changed", fieldId: second?.id ?? "" }] },
    {
      ...base,
      version: 2,
      atMs: nowMs - 9 * DAY_MS,
      author: null,
      changes: [
        { what: "value changed", fieldId: first?.id ?? "", before: "ada", after: "ada@example.org" },
        { what: "tier changed", fieldId: second?.id ?? "", before: "1", after: "2" },
      ],
    },
    { ...base, version: 1, atMs: nowMs - 90 * DAY_MS, author: null, changes: [{ what: "created" }] },
  ];
}
