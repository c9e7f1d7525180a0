// The hostile node and the vault itself: M03, M05, M06, M07, M12 to M14, M19, M20. Each case is refused with one alarm.
import { describe, expect, it } from "vitest";
import { makeRandom, toBase64, utf8 } from "../crypto/bytes.ts";
import { makeX25519 } from "../crypto/hpke.ts";
import { idBytes, makeId, recoveryUnlockerId, zeroBytes32, zeroId } from "../crypto/ids.ts";
import { sealVmk } from "../crypto/wrap.ts";
import { Alarm, createVaultClient } from "./index.ts";
import { expectAlarm, expectDead, flipped, forgedManifest, ownKey, tamper, tamperDetail } from "./testing/evil.ts";
import { MemoryPins, type VaultPin } from "./pins.ts";
import { byLabel, byTitle, login, makeVault, secondBrowser } from "./testing/world.ts";
import type { AuditPage, Checkpoint, ManifestPage, SessionInfo, UnlockerList, VaultState } from "./wire.ts";

describe("the manifest, the vault key and the unlocker", () => {
  it("M14: an older manifest", async () => {
    const world = await makeVault([]);
    const old = world.node.manifests[0] ?? "";
    await world.vault.rename("vault", "", "Renamed");
    tamper(world.node, /^GET \/v1\/vault$/, (state: VaultState) => ({ ...state, manifest: old }));
    await expectAlarm(world, () => world.client.unlock(), /^pin: older/);
  });

  it("M05: a consistent rollback of manifest, entries and log", async () => {
    const world = await makeVault(["Alpha"]);
    const [manifest, names, events, entry] = [world.node.manifest, world.node.names, [...world.node.events], structuredClone(world.node.entries)];
    await world.vault.scopes.create("Work");
    await world.vault.entries.create(login("Beta"));
    [world.node.manifest, world.node.names, world.node.events] = [manifest, names, events];
    world.node.entries.clear();
    for (const [id, one] of entry) world.node.entries.set(id, one);
    await expectAlarm(world, () => world.client.unlock(), /^pin: older/);
  });

  it("M07: two pages of one browser are shown two manifests and two entries of one version at once", async () => {
    const world = await makeVault(["Alpha"]);
    const alpha = byTitle(world.vault, "Alpha");
    const second = await world.client.unlock();
    await second.entries.load();
    const [before, entry] = [{ manifest: world.node.manifest, names: world.node.names }, structuredClone(world.node.entries.get(alpha.id))];
    await world.vault.rename("vault", "", "First");
    const first = { manifest: world.node.manifest, names: world.node.names };
    Object.assign(world.node, before);
    await expectAlarm(world, () => second.rename("vault", "", "Second"), /^pin: two manifests/);
    await expectDead(world, second);
    Object.assign(world.node, first);
    const third = await world.client.unlock();
    await third.entries.load();
    await world.vault.entries.edit(alpha.id, 1, login("Alpha of the first"));
    if (entry) world.node.entries.set(alpha.id, entry);
    await expectAlarm(world, () => third.entries.edit(alpha.id, 1, login("Alpha of the second")), /^pin: two objects/);
    await expectDead(world, third);
  });

  /** The node shows two browsers two histories: the first sees one version of its own, the second several of the other. */
  async function forkedBehind(versions: number) {
    const world = await makeVault([]);
    const second = await secondBrowser(world).client.unlock();
    const [before, kept] = [{ manifest: world.node.manifest, names: world.node.names }, [...world.node.manifests]];
    await world.vault.rename("vault", "", "First");
    Object.assign(world.node, before);
    world.node.manifests.splice(0, Infinity, ...kept);
    for (let i = 0; i < versions; i++) await second.rename("vault", "", `Second ${i}`);
    return world;
  }

  it.each([3, 4, 7])("M07: a fork that hides behind %d versions, at the next unlock and while open", async (versions) => {
    const world = await forkedBehind(versions);
    await expectAlarm(world, () => world.client.unlock(), /^pin: does not come from what was seen/);
    await expectAlarm(world, () => world.vault.entries.reload(), /^pin: does not come from what was seen/);
    await expectDead(world, world.vault);
  });

  it("M07: a fork whose versions in between are held back, or are those of the other history", async () => {
    const hidden = await forkedBehind(4);
    tamper(hidden.node, /^GET \/v1\/manifests/, () => ({ manifests: [], next: null }));
    await expectAlarm(hidden, () => hidden.client.unlock(), /^pin: manifests in between are missing/);
    const mixed = await forkedBehind(4);
    tamper(mixed.node, /^GET \/v1\/manifests/, (page: ManifestPage) => ({ ...page, manifests: page.manifests.map(() => mixed.node.manifests[0] ?? "") }));
    await expectAlarm(mixed, () => mixed.client.unlock(), /^pin: does not come from what was seen/);
  });

  it("what another browser changed in many steps is followed link by link; a pin from before there were links is believed once", async () => {
    const world = await makeVault([]);
    const other = await secondBrowser(world).client.unlock();
    for (let i = 0; i < 5; i++) await other.rename("vault", "", `Step ${i}`);
    expect((await world.client.unlock()).name).toBe("Step 4");
    const pin = await world.pins.vault(world.vault.vaultId);
    expect(pin?.linked).toBe(true);
    const { linked: _, ...old } = pin as VaultPin;
    for (let i = 0; i < 3; i++) await other.rename("vault", "", `Later ${i}`);
    tamper(world.node, /^GET \/v1\/manifests/, () => ({ manifests: [], next: null }));
    const [pins, fresh] = [new MemoryPins(), new MemoryPins()];
    await pins.raiseVault(old);
    const client = createVaultClient({ transport: world.node, pins, authenticator: world.authenticator, now: () => world.clock });
    expect((await client.unlock()).name).toBe("Later 2");
    expect((await pins.vault(world.vault.vaultId))?.linked).toBe(true);
    await fresh.raiseVault({ ...old, linked: true });
    const strict = createVaultClient({ transport: world.node, pins: fresh, authenticator: world.authenticator, now: () => world.clock });
    await expectAlarm({ ...world, client: strict }, () => strict.unlock(), /^pin: manifests in between are missing/);
  });

  it("M07: another manifest of the same version, and one that follows another past", async () => {
    const world = await makeVault([]);
    const before = { manifest: world.node.manifest, names: world.node.names };
    const other = secondBrowser(world);
    const second = await other.client.unlock();
    await world.vault.rename("vault", "", "First");
    Object.assign(world.node, before);
    await second.rename("vault", "", "Second");
    await expectAlarm(world, () => world.client.unlock(), /^pin: two manifests/);
    await second.rename("vault", "", "Third");
    await expectAlarm(world, () => world.client.unlock(), /^pin: does not follow/);
  });

  it.each([
    ["M12: another key for an unlocker", (manifest: { unlockers: { x25519: Uint8Array }[] }) => manifest.unlockers.forEach((one) => (one.x25519 = makeRandom(32)))],
    ["an unlocker of the node", (manifest: { unlockers: unknown[] }) => manifest.unlockers.push({ id: "77".repeat(32), kind: 1, x25519: makeRandom(32), addedS: 1 })],
    ["M20: a shorter delay", (manifest: { recovery: { delayS: number } }) => (manifest.recovery.delayS = 0)],
    ["a scope epoch turned back", (manifest: { scopes: { ekEpochMin: number }[] }) => manifest.scopes.forEach((one) => (one.ekEpochMin = 9))],
    ["another log key", (manifest: { logPin: { size: number } }) => (manifest.logPin.size = 0)],
  ])("%s, under the old signature, in a browser that has never seen the vault", async (_, edit) => {
    const world = await makeVault([]);
    await world.vault.rename("vault", "", "Again");
    const vault = idBytes(world.vault.vaultId);
    const forged = await forgedManifest(world.node.manifest?.signed ?? "", vault, edit as never);
    const changed = forged !== world.node.manifest?.signed;
    tamper(world.node, /^GET \/v1\/vault$/, (state: VaultState) => ({ ...state, manifest: forged }));
    const other = secondBrowser(world);
    if (changed) await expectAlarm({ ...world, client: other.client }, () => other.client.unlock(), /^signature/);
  });

  it("M13: a vault key of the node's own making, unsigned and signed by its own key, with its own manifest", async () => {
    const world = await makeVault([]);
    const [unlocker] = world.node.manifest?.body.unlockers ?? [];
    const evil = await ownKey();
    const vault = idBytes(world.vault.vaultId);
    const own = await sealVmk(evil, world.vault.vaultId, unlocker?.id ?? "", unlocker?.x25519 ?? zeroBytes32, makeRandom(32), 1);
    const manifest = await forgedManifest(world.node.manifest?.signed ?? "", vault, (next) => void (next.uskPublic = evil.publicKey.bytes), evil);
    const serve = (more: (state: VaultState) => object) => tamper(world.node, /^GET \/v1\/vault$/, (state: VaultState) => ({ ...state, ...more(state) }));
    serve((state) => ({ unlocker: { ...state.unlocker, sealed_vmk: toBase64(own) } }));
    await expectAlarm(world, () => world.client.unlock(), /^signature/);
    serve((state) => ({ unlocker: { ...state.unlocker, sealed_vmk: toBase64(own) }, manifest }));
    await expectAlarm(world, () => world.client.unlock(), /^signature: not the signing key/);
  });

  it("M03: another vault of the same person, whole and in parts", async () => {
    const world = await makeVault(["Alpha"]);
    const foreign = await makeVault(["Beta"]);
    const state = await foreign.node.state();
    tamper(world.node, /^GET \/v1\/vault$/, () => state);
    await expectAlarm(world, () => world.client.unlock(), /^rule: another vault/);
    for (const part of ["manifest", "usk", "names", "checkpoint"] as const) {
      tamper(world.node, /^GET \/v1\/vault$/, (own: VaultState) => ({ ...own, [part]: state[part] }));
      await expectAlarm(world, () => world.client.unlock(), /^(signature|commitment|hash|checkpoint)/);
    }
  });

  it("an unlocker record of the node's making opens nothing, and the person is told", async () => {
    const world = await makeVault([]);
    tamper(world.node, /^GET \/v1\/vault$/, (state: VaultState) => ({ ...state, unlocker: { ...state.unlocker, record: flipped(state.unlocker.record, 50) } }));
    await expect(world.client.unlock()).rejects.toMatchObject({ name: "PasskeyProblem", trouble: "differs" });
  });

  it("old names under a new manifest, and previous vault keys left out", async () => {
    const world = await makeVault([]);
    const names = world.node.names;
    await world.vault.rename("vault", "", "Renamed");
    tamper(world.node, /^GET \/v1\/vault$/, (state: VaultState) => ({ ...state, names }));
    await expectAlarm(world, () => world.client.unlock(), /^hash: names/);
    const rotated = await makeVault(["Alpha"]);
    await rotated.vault.ways.addPasskey("Phone");
    rotated.authenticator.pick = 0;
    const phone = (await rotated.vault.ways.list()).list.find((way) => way.name === "Phone");
    await rotated.vault.ways.remove(phone?.id ?? "");
    tamper(rotated.node, /^GET \/v1\/vault$/, (state: VaultState) => ({ ...state, previous_vmks: [] }));
    const vault = await rotated.client.unlock();
    await vault.entries.load();
    const alpha = byTitle(vault, "Alpha");
    await expectAlarm(rotated, () => vault.entries.openField(alpha.id, byLabel(alpha, "Card"), 1), /^rule: previous vault key/);
    await expectDead(rotated, vault);
  });

  it("M12: the rotation wraps the vault key to the keys the owner signed, whatever the node lists", async () => {
    const world = await makeVault(["Alpha"]);
    await world.vault.ways.addPasskey("Phone");
    await world.vault.ways.addPasskey("Tablet");
    world.authenticator.pick = 0;
    const ways = (await world.vault.ways.list()).list;
    const evil = await makeX25519();
    tamper(world.node, /^GET \/v1\/unlockers$/, (list: UnlockerList) => ({ unlockers: list.unlockers.map((one) => ({ ...one, x25519: toBase64(evil.publicKey) })) }));
    await world.vault.ways.remove(ways.find((way) => way.name === "Tablet")?.id ?? "");
    world.authenticator.pick = 1;
    const phone = await secondBrowser(world).client.unlock();
    await phone.entries.load();
    expect(phone.entries.all().length).toBe(1);
  });

  it("a new way in that was stored differently than sent", async () => {
    const world = await makeVault([]);
    let kept: UnlockerList | undefined;
    tamper(world.node, /^GET \/v1\/unlockers$/, (list: UnlockerList) => {
      kept = list;
      return { unlockers: list.unlockers.map((one) => ({ ...one, sealed_vmk: list.unlockers[0]?.sealed_vmk ?? "" })) };
    });
    await expectAlarm(world, () => world.vault.ways.addPasskey("Phone"), /^signature/);
    expect(kept?.unlockers.length).toBe(2);
    await expectDead(world, world.vault);
  });

  it("a new recovery code in the place of the old one that was stored differently than sent", async () => {
    for (const part of ["record", "sealed_vmk"] as const) {
      const world = await makeVault(["Alpha"]);
      const first = await world.vault.ways.makeRecovery();
      await first.confirm(first.code, 86_400);
      const second = await world.vault.ways.makeRecovery();
      const before = [...world.node.unlockers.values()].find((one) => one.id === recoveryUnlockerId());
      tamper(world.node, /^GET \/v1\/unlockers$/, (list: UnlockerList) => ({
        unlockers: list.unlockers.map((one) => (one.id === before?.id ? { ...one, [part]: before[part] } : one)),
      }));
      await expectAlarm(world, () => second.confirm(second.code, 86_400), /^(commitment|signature)/);
      await expectDead(world, world.vault);
    }
  });

  it("a clock far from this device's own is not signed, so that nothing can be frozen at a time far ahead", async () => {
    for (const apartMs of [86_400_000 + 1, -86_400_000 - 1, 40 * 365 * 86_400_000]) {
      const world = await makeVault(["Alpha"]);
      tamper(world.node, /^POST \/v1\/session\/finish$/, (info: SessionInfo) => ({ ...info, now_ms: info.now_ms + apartMs, fresh_until_ms: info.fresh_until_ms + apartMs }));
      const vault = await world.client.unlock();
      await vault.entries.load();
      const events = world.node.events.length;
      for (const work of [() => vault.rename("vault", "", "x"), () => vault.entries.create(login("Beta")), () => vault.scopes.create("x")]) {
        await expect(work()).rejects.toMatchObject({ name: "BadDraft", message: expect.stringContaining("clocks") as string });
      }
      expect(world.node.events.length).toBe(events);
      expect(await world.client.incidents()).toEqual([]);
      expect(vault.entries.all().length).toBe(1);
    }
  });

  it("a change that was answered with another manifest version", async () => {
    const world = await makeVault([]);
    tamper(world.node, /^POST \/v1\/changes$/, (applied: object) => ({ ...applied, manifest_version: 99 }));
    await expectAlarm(world, () => world.vault.rename("vault", "", "x"), /^rule: another manifest version/);
    await expectDead(world, world.vault);
  });
});

describe("the log", () => {
  it("M06: the newest events left out", async () => {
    const world = await makeVault();
    await world.vault.activity.verify();
    world.node.events = world.node.events.slice(0, -2);
    await expectAlarm(world, () => world.client.unlock(), /^merkle/);
  });

  it("M07: an event of the past changed, at the next unlock and while open", async () => {
    const world = await makeVault();
    await world.vault.activity.verify();
    const [first] = world.node.events;
    if (first) first.bytes = toBase64(utf8("something else"));
    await expectAlarm(world, () => world.vault.activity.verify(), /^merkle/);
    await expectDead(world, world.vault);
    await expectAlarm(world, () => world.client.unlock(), /^merkle/);
  });

  it("a checkpoint of another log or another key", async () => {
    const world = await makeVault([]);
    const foreign = await makeVault([]);
    const note = (await foreign.node.checkpoint(0)) as Checkpoint;
    tamper(world.node, /^GET \/v1\/vault$/, (state: VaultState) => ({ ...state, ...note }));
    await expectAlarm(world, () => world.client.unlock(), /^checkpoint/);
  });

  it("events left out of a page, or others than those that were signed", async () => {
    const gap = await makeVault();
    tamper(gap.node, /^GET \/v1\/audit\?/, (page: AuditPage) => ({ ...page, events: page.events.filter((_, at) => at !== 2) }));
    await expectAlarm(gap, () => gap.vault.activity.page(), /^merkle: an event is missing/);
    const other = await makeVault();
    tamper(other.node, /^GET \/v1\/audit\?/, (page: AuditPage) => ({ ...page, events: page.events.map((event, at) => (at === 2 ? { ...event, bytes: page.events[0]?.bytes ?? "" } : event)) }));
    await expectAlarm(other, () => other.vault.activity.verify(), /^merkle: an event of another place/);
    const garbage = await makeVault();
    tamper(garbage.node, /^GET \/v1\/audit\?/, (page: AuditPage) => ({ ...page, events: page.events.map((event, at) => (at === 2 ? { ...event, bytes: "AAAA" } : event)) }));
    await expectAlarm(garbage, () => garbage.vault.activity.page(), /^merkle: the events are not those/);
  });

  it("what stands beside an event's bytes is not looked at", async () => {
    const { vault, node } = await makeVault(["Alpha"]);
    const honest = await vault.activity.page();
    tamper(node, /^GET \/v1\/audit\?/, (page: AuditPage) => ({
      ...page, next: null, events: page.events.map((event) => ({ bytes: event.bytes, seq: 7, time_ms: 1, actor_kind: "node", action: "nothing", outcome: "ok" })),
    }));
    expect((await vault.activity.page()).events).toEqual(honest.events);
  });

  it.each([1, 199, 230, 256, 457, 700])("of %d events is read page by page, each hanging on the one after it", async (more) => {
    const world = await makeVault([]);
    for (let i = 0; i < more; i++) world.node.log("field.release", { actor_kind: "agent", detail: `event ${i}` });
    const seen: number[] = [];
    let before: number | undefined;
    do {
      const page = await world.vault.activity.page(before);
      seen.push(...page.events.map((event) => event.seq));
      before = page.next ?? undefined;
    } while (before !== undefined);
    expect(seen).toEqual(Array.from({ length: world.node.events.length }, (_, at) => world.node.events.length - 1 - at));
  });

  it("an older page with another event, or with another beginning", async () => {
    for (const [route, change] of [
      [/^GET \/v1\/audit\?/, (page: AuditPage) => ({ ...page, events: page.events.map((event, at) => (at === 5 ? { ...event, bytes: page.events[6]?.bytes ?? "" } : event)) })],
      [/^GET \/v1\/audit\/checkpoint/, (answer: Checkpoint) => ({ ...answer, consistency: answer.consistency.map((_, at) => (at === 0 ? toBase64(new Uint8Array(32)) : (answer.consistency[at] ?? ""))) })],
    ] as const) {
      const world = await makeVault([]);
      for (let i = 0; i < 700; i++) world.node.log("field.release", { actor_kind: "agent", detail: `event ${i}` });
      const first = await world.vault.activity.page();
      tamper(world.node, route, change as never);
      await expectAlarm(world, () => world.vault.activity.page(first.next ?? 0), /^merkle: the events are not those/);
      await expectDead(world, world.vault);
    }
  });
});

describe("recovery and errors", () => {
  it("M20: a recovery that the node releases before the delay the owner signed", async () => {
    const world = await makeVault(["Alpha"]);
    const draft = await world.vault.ways.makeRecovery();
    await draft.confirm(draft.code, 86_400);
    const kit = { vaultId: draft.vaultId, code: draft.code };
    await world.client.startRecovery(kit);
    world.clock += 3_600_000;
    world.node.recoveryReleaseMs = world.clock - 1;
    await expectAlarm(world, () => world.client.claimRecovery(kit), /released early/);
    const reloaded = createVaultClient({ transport: world.node, pins: world.pins, authenticator: world.authenticator, now: () => world.clock });
    await reloaded.startRecovery(kit);
    world.node.recoveryReleaseMs = world.clock - 1;
    await expectAlarm(world, () => reloaded.claimRecovery(kit), /released early/);
  });

  it("M20: what was released early is not opened, whatever else came with it", async () => {
    const world = await makeVault(["Alpha"]);
    const draft = await world.vault.ways.makeRecovery();
    await draft.confirm(draft.code, 86_400);
    const kit = { vaultId: draft.vaultId, code: draft.code };
    await world.client.startRecovery(kit);
    world.node.recoveryReleaseMs = world.clock - 1;
    tamper(world.node, /^GET \/v1\/vault$/, (state: VaultState) => ({ ...state, usk: "", unlocker: { ...state.unlocker, sealed_vmk: flipped(state.unlocker.sealed_vmk) } }));
    await expectAlarm(world, () => world.client.claimRecovery(kit), /^rule: the recovery was released early/);
  });

  it("M20: a recovery asked for again after a reload began when it was first asked for", async () => {
    const world = await makeVault(["Alpha"]);
    const draft = await world.vault.ways.makeRecovery();
    await draft.confirm(draft.code, 86_400);
    const kit = { vaultId: draft.vaultId, code: draft.code };
    await world.client.startRecovery(kit);
    world.clock += 86_400_000;
    const reloaded = createVaultClient({ transport: world.node, pins: world.pins, authenticator: world.authenticator, now: () => world.clock });
    await reloaded.startRecovery(kit);
    expect((await reloaded.claimRecovery(kit)).recovered).toBe(true);
  });

  it("M19: every refusal has the same words, tells the node nothing, and is tried once", async () => {
    const sentences = new Set<string>();
    for (const change of [(record: string) => flipped(record), (record: string) => flipped(record, 2), (record: string) => flipped(record, 41), () => ""]) {
      const world = await makeVault(["Alpha"]);
      const alpha = byTitle(world.vault, "Alpha");
      tamperDetail(world.node, alpha.id, (detail) => ({ ...detail, grants: detail.grants.map((grant) => ({ ...grant, record: change(grant.record) })) }));
      const asked = world.node.asked.length;
      const error = await world.vault.entries.openField(alpha.id, byLabel(alpha, "Password")).catch((caught: unknown) => caught);
      sentences.add((error as Alarm).message);
      expect(world.node.asked.length).toBe(asked + 1);
    }
    expect([...sentences]).toEqual([Alarm.sentence]);
  });

  it("garbage instead of answers", async () => {
    for (const garbage of [null, [], "text", 7, {}, { vault_id: 3 }]) {
      const world = await makeVault([]);
      tamper(world.node, /^GET \/v1\/vault$/, () => garbage);
      await expectAlarm(world, () => world.client.unlock(), /^(shape|rule)/);
    }
  });

  it("an entry the owner never made does not come in by importing or exporting", async () => {
    const world = await makeVault();
    world.node.entries.delete(byTitle(world.vault, "Gamma").id);
    const values: string[] = [];
    const run = async () => {
      for await (const entry of world.vault.entries.exportAll()) values.push(entry.title);
    };
    await expectAlarm(world, run, /^pin: an entry has disappeared/);
    expect(makeId()).not.toBe(zeroId);
  });
});
