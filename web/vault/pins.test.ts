// Pins in memory and in IndexedDB keep the same promises: they only rise, and they outlive the page.
import "fake-indexeddb/auto";
import { describe, expect, it } from "vitest";
import { makeRandom } from "../crypto/bytes.ts";
import { makeId } from "../crypto/ids.ts";
import { createVaultClient } from "./client.ts";
import { type EntryPin, incidentsMax, MemoryPins, type PinStore, type VaultPin } from "./pins.ts";
import { IndexedDbPins } from "./pins_idb.ts";
import { byLabel, byTitle, login, makeWorld, setup } from "./testing/world.ts";

const vaultPin = (vaultId: string, more: Partial<VaultPin> = {}): VaultPin => ({
  vaultId, name: "Home", uskPublic: makeRandom(32), manifestVersion: 1, manifestHash: makeRandom(32), vaultEpoch: 1, logSize: 1, logRoot: makeRandom(32), ...more,
});
const entryPin = (version: number): EntryPin => ({ version, hash: makeRandom(32) });

describe.each<[string, () => PinStore]>([["memory", () => new MemoryPins()], ["IndexedDB", () => new IndexedDbPins()]])("pins in %s", (_, make) => {
  it("of a vault rise by manifest and by log, each by itself", async () => {
    const [store, vault] = [make(), makeId()];
    expect(await store.vault(vault)).toBeUndefined();
    const [first, newerLog] = [vaultPin(vault, { manifestVersion: 5, logSize: 10 }), vaultPin(vault, { manifestVersion: 4, logSize: 20 })];
    await store.raiseVault(first);
    await store.raiseVault(newerLog);
    expect(await store.vault(vault)).toEqual({ ...first, logSize: 20, logRoot: newerLog.logRoot });
    expect(await store.known()).toContainEqual({ vaultId: vault, name: "Home" });
  });

  it("of entries rise, and stay apart by vault", async () => {
    const [store, vault, other] = [make(), makeId(), makeId()];
    const ids = Array.from({ length: 600 }, makeId);
    const pins = new Map(ids.map((id) => [id, entryPin(3)]));
    await store.raiseEntries(vault, pins);
    await store.raiseEntries(other, new Map([[ids[0] ?? "", entryPin(9)]]));
    const [lower, higher] = [entryPin(2), entryPin(2 ** 40)];
    await store.raiseEntries(vault, new Map([[ids[0] ?? "", lower], [ids[1] ?? "", higher]]));
    const kept = await store.entries(vault);
    expect(kept.size).toBe(600);
    expect(kept.get(ids[0] ?? "")).toEqual(pins.get(ids[0] ?? ""));
    expect(kept.get(ids[1] ?? "")).toEqual(higher);
    expect((await store.entries(other)).size).toBe(1);
  });

  it("never hold two objects of one version", async () => {
    const [store, vault, entry] = [make(), makeId(), makeId()];
    const pin = vaultPin(vault, { manifestVersion: 5, logSize: 10 });
    await store.raiseVault(pin);
    await store.raiseVault({ ...pin });
    for (const other of [{ manifestHash: makeRandom(32) }, { logRoot: makeRandom(32) }]) {
      await expect(store.raiseVault({ ...pin, ...other })).rejects.toMatchObject({ layer: "pin" });
    }
    expect(await store.vault(vault)).toEqual(pin);
    const seen = entryPin(3);
    await store.raiseEntries(vault, new Map([[entry, seen]]));
    await store.raiseEntries(vault, new Map([[entry, { ...seen }]]));
    await expect(store.raiseEntries(vault, new Map([[entry, entryPin(3)]]))).rejects.toMatchObject({ layer: "pin" });
    expect((await store.entries(vault)).get(entry)).toEqual(seen);
  });

  it("incidents are kept, newest first, and not without end", async () => {
    const store = make();
    for (let atMs = 0; atMs < incidentsMax + 5; atMs++) await store.addIncident({ atMs, vaultId: "", sentence: "s", reason: "r" });
    const incidents = await store.incidents();
    expect([incidents.length, incidents[0]?.atMs]).toEqual([incidentsMax, incidentsMax + 4]);
  });

  it("when a recovery was started", async () => {
    const [store, vault] = [make(), makeId()];
    expect(await store.recoveryStarted(vault)).toBeUndefined();
    await store.setRecoveryStarted(vault, 7);
    expect(await store.recoveryStarted(vault)).toBe(7);
  });
});

it("pins of one page refuse a rollback in the next", async () => {
  const world = await makeWorld();
  const page = () => createVaultClient({ transport: world.node, pins: new IndexedDbPins(), authenticator: world.authenticator, now: () => world.clock });
  const vault = await page().setUp(setup);
  const alpha = await vault.entries.create(login("Alpha"));
  await vault.entries.edit(alpha.id, 1, login("Alpha 2"));
  const next = await page().unlock();
  await next.entries.load();
  const now = byTitle(next, "Alpha 2");
  expect(await next.entries.openField(now.id, byLabel(now, "Card"))).toBe("4111-Alpha 2");
  world.node.entries.get(alpha.id)?.versions.shift();
  const third = await page().unlock();
  await expect(third.entries.load()).rejects.toMatchObject({ name: "Alarm", reason: "pin: older than what was seen" });
  expect((await page().incidents())[0]?.vaultId).toBe(vault.vaultId);
});
