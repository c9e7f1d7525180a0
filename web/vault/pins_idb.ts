// Pins in IndexedDB. Entry pins lie in 256 shards by the first byte of the entry id, so that one edit writes two kilobytes and not all of 10,000.
import { type Bytes, concat, readU32, toHex, u64be } from "../crypto/bytes.ts";
import { idBytes } from "../crypto/ids.ts";
import { type EntryPin, higher, higherVault, incidentsMax, type PinStore, type StoredPins, type VaultPin } from "./pins.ts";
import type { Incident, KnownVault } from "./types.ts";

const databaseName = "clavitor";
const pinBytes = 16 + 8 + 32;

interface Shard { readonly vaultId: string; readonly shard: string; readonly pins: Bytes }

function request<T>(work: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    work.onsuccess = () => resolve(work.result);
    work.onerror = () => reject(work.error ?? new Error("the browser's storage failed"));
  });
}

function finished(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error("the browser's storage failed"));
  });
}

function upgrade(database: IDBDatabase): void {
  database.createObjectStore("vaults", { keyPath: "vaultId" });
  database.createObjectStore("shards", { keyPath: ["vaultId", "shard"] });
  database.createObjectStore("incidents", { autoIncrement: true });
  database.createObjectStore("recoveries");
}

function unpack(packed: Bytes): Map<string, EntryPin> {
  const into = new Map<string, EntryPin>();
  for (let at = 0; at + pinBytes <= packed.length; at += pinBytes) {
    const version = readU32(packed, at + 16) * 0x1_0000_0000 + readU32(packed, at + 20);
    into.set(toHex(packed.subarray(at, at + 16)), { version, hash: packed.slice(at + 24, at + pinBytes) });
  }
  return into;
}

function shardOf(entry: string): string {
  return entry.slice(0, 2);
}

function pack(pins: ReadonlyMap<string, EntryPin>): Bytes {
  return concat(...[...pins].flatMap(([id, pin]) => [idBytes(id), u64be(pin.version), pin.hash]));
}

/** Shards, each unpacked when an entry of it is looked for: the first rows need one or two of them. */
class ShardedPins implements StoredPins {
  readonly #packed: ReadonlyMap<string, Bytes>;
  readonly #unpacked = new Map<string, ReadonlyMap<string, EntryPin>>();

  constructor(shards: readonly Shard[]) {
    this.#packed = new Map(shards.map(({ shard, pins }) => [shard, pins]));
  }

  get size(): number {
    let bytes = 0;
    for (const packed of this.#packed.values()) bytes += packed.length;
    return bytes / pinBytes;
  }

  get(entry: string): EntryPin | undefined {
    return this.#shard(shardOf(entry)).get(entry);
  }

  *keys(): Generator<string> {
    for (const shard of this.#packed.keys()) yield* this.#shard(shard).keys();
  }

  #shard(name: string): ReadonlyMap<string, EntryPin> {
    let shard = this.#unpacked.get(name);
    if (shard === undefined) {
      shard = unpack(this.#packed.get(name) ?? new Uint8Array(0));
      this.#unpacked.set(name, shard);
    }
    return shard;
  }
}

/** The store of a browser. */
export class IndexedDbPins implements PinStore {
  #database: Promise<IDBDatabase> | undefined;

  #open(): Promise<IDBDatabase> {
    this.#database ??= (async () => {
      const opening = indexedDB.open(databaseName, 1);
      opening.onupgradeneeded = () => upgrade(opening.result);
      return request(opening);
    })();
    return this.#database;
  }

  async #in<T>(stores: string[], mode: IDBTransactionMode, work: (transaction: IDBTransaction) => Promise<T>): Promise<T> {
    const transaction = (await this.#open()).transaction(stores, mode);
    const done = finished(transaction);
    const result = await work(transaction);
    await done;
    return result;
  }

  vault(vaultId: string): Promise<VaultPin | undefined> {
    return this.#in(["vaults"], "readonly", (tx) => request(tx.objectStore("vaults").get(vaultId) as IDBRequest<VaultPin | undefined>));
  }

  raiseVault(pin: VaultPin): Promise<void> {
    return this.#in(["vaults"], "readwrite", async (tx) => {
      const store = tx.objectStore("vaults");
      const old = await request(store.get(pin.vaultId) as IDBRequest<VaultPin | undefined>);
      await request(store.put(higherVault(old, pin)));
    });
  }

  async entries(vaultId: string): Promise<StoredPins> {
    const range = IDBKeyRange.bound([vaultId, ""], [vaultId, "g"]);
    return new ShardedPins(await this.#in(["shards"], "readonly", (tx) => request(tx.objectStore("shards").getAll(range) as IDBRequest<Shard[]>)));
  }

  raiseEntries(vaultId: string, pins: ReadonlyMap<string, EntryPin>): Promise<void> {
    const shards = new Map<string, [string, EntryPin][]>();
    for (const item of pins) {
      const shard = shardOf(item[0]);
      const list = shards.get(shard);
      if (list) list.push(item);
      else shards.set(shard, [item]);
    }
    return this.#in(["shards"], "readwrite", async (tx) => {
      const store = tx.objectStore("shards");
      await Promise.all([...shards].map(([shard, items]) => this.#raiseShard(store, vaultId, shard, items)));
    });
  }

  async #raiseShard(store: IDBObjectStore, vaultId: string, shard: string, items: readonly [string, EntryPin][]): Promise<void> {
    const old = await request(store.get([vaultId, shard]) as IDBRequest<Shard | undefined>);
    const merged = old ? unpack(old.pins) : new Map<string, EntryPin>();
    for (const [id, pin] of items) merged.set(id, higher(merged.get(id), pin));
    await request(store.put({ vaultId, shard, pins: pack(merged) } satisfies Shard));
  }

  async known(): Promise<KnownVault[]> {
    const all = await this.#in(["vaults"], "readonly", (tx) => request(tx.objectStore("vaults").getAll() as IDBRequest<VaultPin[]>));
    return all.map(({ vaultId, name }) => ({ vaultId, name }));
  }

  addIncident(incident: Incident): Promise<void> {
    return this.#in(["incidents"], "readwrite", async (tx) => {
      const store = tx.objectStore("incidents");
      await request(store.add(incident));
      const keys = await request(store.getAllKeys());
      for (const key of keys.slice(0, -incidentsMax)) await request(store.delete(key));
    });
  }

  async incidents(): Promise<Incident[]> {
    const all = await this.#in(["incidents"], "readonly", (tx) => request(tx.objectStore("incidents").getAll() as IDBRequest<Incident[]>));
    return all.reverse();
  }

  recoveryStarted(vaultId: string): Promise<number | undefined> {
    return this.#in(["recoveries"], "readonly", (tx) => request(tx.objectStore("recoveries").get(vaultId) as IDBRequest<number | undefined>));
  }

  setRecoveryStarted(vaultId: string, atMs: number): Promise<void> {
    return this.#in(["recoveries"], "readwrite", async (tx) => {
      await request(tx.objectStore("recoveries").put(atMs, vaultId));
    });
  }
}
