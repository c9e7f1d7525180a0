// What this browser has last verified of each vault (docs/FORMAT.md section 12). A pin only ever rises.
import { type Bytes, equal } from "../crypto/bytes.ts";
import { demand } from "../crypto/refused.ts";
import type { Incident, KnownVault } from "./types.ts";

/** What is remembered of a vault. */
export interface VaultPin {
  readonly vaultId: string;
  readonly name: string;
  readonly uskPublic: Bytes;
  readonly manifestVersion: number;
  readonly manifestHash: Bytes;
  /** True when the node keeps every manifest from this one on. Absent in pins from before nodes did. */
  readonly linked?: boolean;
  readonly vaultEpoch: number;
  readonly logSize: number;
  readonly logRoot: Bytes;
}

/** What is remembered of an entry. */
export interface EntryPin {
  readonly version: number;
  readonly hash: Bytes;
}

/** The pins of a vault's entries as they stood when they were asked for. */
export interface StoredPins {
  get(entry: string): EntryPin | undefined;
  keys(): Iterable<string>;
  readonly size: number;
}

/** Where pins and incidents are kept. */
export interface PinStore {
  vault(vaultId: string): Promise<VaultPin | undefined>;
  /** Keeps the higher of this pin and the stored one. */
  raiseVault(pin: VaultPin): Promise<void>;
  entries(vaultId: string): Promise<StoredPins>;
  /** Keeps the higher of each pin and the stored one. */
  raiseEntries(vaultId: string, pins: ReadonlyMap<string, EntryPin>): Promise<void>;
  known(): Promise<KnownVault[]>;
  addIncident(incident: Incident): Promise<void>;
  incidents(): Promise<Incident[]>;
  /** When a recovery was started here, Unix ms, or undefined. */
  recoveryStarted(vaultId: string): Promise<number | undefined>;
  setRecoveryStarted(vaultId: string, atMs: number): Promise<void>;
}

/** The incident list keeps no more than this. */
export const incidentsMax = 200;

/** Refuses an object that is older than its pin, or another one of the same version. True when it is exactly the pinned one. */
export function checkAgainst(pin: EntryPin | undefined, version: number, hash: Bytes, previous: Bytes): boolean {
  if (pin === undefined) return false;
  demand(version >= pin.version, "pin", "older than what was seen");
  if (version === pin.version) demand(equal(hash, pin.hash), "pin", "two objects of one version");
  if (version === pin.version + 1) demand(equal(previous, pin.hash), "pin", "does not follow what was seen");
  return version === pin.version;
}

/** The higher of two entry pins. Two objects of one version are refused, also when another page of this browser has seen the other one. */
export function higher(a: EntryPin | undefined, b: EntryPin): EntryPin {
  demand(a?.version !== b.version || equal(a.hash, b.hash), "pin", "two objects of one version");
  return a !== undefined && a.version >= b.version ? a : b;
}

/** The pin to keep: manifest and log each rise by themselves. */
export function higherVault(old: VaultPin | undefined, pin: VaultPin): VaultPin {
  if (old === undefined) return pin;
  demand(old.manifestVersion !== pin.manifestVersion || equal(old.manifestHash, pin.manifestHash), "pin", "two manifests of one version");
  demand(old.logSize !== pin.logSize || equal(old.logRoot, pin.logRoot), "pin", "two logs of one size");
  const manifest = old.manifestVersion > pin.manifestVersion ? old : pin;
  const log = old.logSize > pin.logSize ? old : pin;
  return { ...manifest, logSize: log.logSize, logRoot: log.logRoot };
}

/** The pins of one session: those that were stored when it began, and over them what it has verified since. */
export class SessionPins {
  readonly #newer = new Map<string, EntryPin>();

  constructor(private readonly stored: StoredPins) {}

  get(entry: string): EntryPin | undefined {
    return this.#newer.get(entry) ?? this.stored.get(entry);
  }

  set(entry: string, pin: EntryPin): void {
    this.#newer.set(entry, pin);
  }

  /** What is pinned now. The ids are gathered when they are asked for: ten thousand are nothing to begin with. */
  pinned(): () => Iterable<string> {
    const newer = [...this.#newer.keys()];
    return () => [...this.stored.keys(), ...newer];
  }
}

/** Pins in memory, for tests and for browsers that refuse storage. */
export class MemoryPins implements PinStore {
  readonly #vaults = new Map<string, VaultPin>();
  readonly #entries = new Map<string, Map<string, EntryPin>>();
  readonly #started = new Map<string, number>();
  #incidents: Incident[] = [];

  async vault(vaultId: string): Promise<VaultPin | undefined> {
    return this.#vaults.get(vaultId);
  }

  async raiseVault(pin: VaultPin): Promise<void> {
    this.#vaults.set(pin.vaultId, higherVault(this.#vaults.get(pin.vaultId), pin));
  }

  async entries(vaultId: string): Promise<Map<string, EntryPin>> {
    return new Map(this.#entries.get(vaultId));
  }

  async raiseEntries(vaultId: string, pins: ReadonlyMap<string, EntryPin>): Promise<void> {
    const kept = this.#entries.get(vaultId) ?? new Map<string, EntryPin>();
    for (const [id, pin] of pins) kept.set(id, higher(kept.get(id), pin));
    this.#entries.set(vaultId, kept);
  }

  async known(): Promise<KnownVault[]> {
    return [...this.#vaults.values()].map(({ vaultId, name }) => ({ vaultId, name }));
  }

  async addIncident(incident: Incident): Promise<void> {
    this.#incidents = [incident, ...this.#incidents].slice(0, incidentsMax);
  }

  async incidents(): Promise<Incident[]> {
    return [...this.#incidents];
  }

  async recoveryStarted(vaultId: string): Promise<number | undefined> {
    return this.#started.get(vaultId);
  }

  async setRecoveryStarted(vaultId: string, atMs: number): Promise<void> {
    this.#started.set(vaultId, atMs);
  }
}
