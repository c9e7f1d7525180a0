// The hostile node, M01 to M20 and M25 as far as they concern a browser: each case is refused with one alarm, and nothing is opened or sealed afterwards.
import { describe, expect, it } from "vitest";
import { concat, makeRandom, toBase64, utf8 } from "../crypto/bytes.ts";
import { sha256 } from "../crypto/hash.ts";
import { Deleted, readHeader, signHeader } from "../crypto/header.ts";
import { makeX25519, unwrapKey } from "../crypto/hpke.ts";
import { idBytes, makeId, zeroBytes16, zeroBytes32, zeroId } from "../crypto/ids.ts";
import { AgentState } from "../crypto/manifest.ts";
import { Kind, open, RecordKey, seal } from "../crypto/record.ts";
import { derivePublic, PublicKey, SigningKey } from "../crypto/sign.ts";
import { enrolMac, openTokenGrant, parseEnrol, parseToken } from "../crypto/token.ts";
import { openScope, sealVmk } from "../crypto/wrap.ts";
import { Alarm } from "./index.ts";
import { expectAlarm, expectDead, flipped, forgedHeader, forgedManifest, ownKey, tamper, tamperDetail, unblob } from "./testing/evil.ts";
import type { StoredEntry, TestNode } from "./testing/node.ts";
import { byLabel, byTitle, type Full, login, makeVault, secondBrowser } from "./testing/world.ts";
import type { AgentTerms, Entry } from "./types.ts";
import type { AgentList, AuditPage, Checkpoint, EntryDetail, EntryHistory, EntryPage, UnlockerList, VaultState } from "./wire.ts";

const allTerms = (scopeId: string): AgentTerms => ({
  scopes: [{ scopeId, capabilities: { use: true, totp: true, reveal: true, write: true } }], perMinute: 3, perHour: 10, notAfterS: 2_000_000_000,
});

function stored(node: TestNode, id: string): StoredEntry {
  const entry = node.entries.get(id);
  if (entry === undefined) throw new Error("not stored");
  return entry;
}

/** Two versions of Alpha, the second with another password. */
async function withTwoVersions(): Promise<Full & { alpha: Entry }> {
  const world = await makeVault();
  const alpha = byTitle(world.vault, "Alpha");
  const fields = alpha.fields.map((field) => ({ id: field.id, kind: field.kind, label: field.label, ...(field.label !== "Card" && { value: `new ${field.label}` }) }));
  return Object.assign(world, { alpha: await world.vault.entries.edit(alpha.id, 1, { ...login("Alpha"), fields }) });
}

/** Opens the vault again in the same browser and loads everything. */
async function reopen(world: Full): Promise<unknown> {
  const vault = await world.client.unlock();
  await vault.entries.load();
  return "loaded";
}

/** An enrolled agent of the test, active, with its keys. */
async function enrol(world: Full, scopeId: string) {
  const invitation = await world.vault.agents.invite("Writer", allTerms(scopeId));
  const parts = parseEnrol(invitation.enrolment);
  const seed = makeRandom(32);
  const key = await SigningKey.fromSeed(seed, await derivePublic(seed));
  const x25519 = await makeX25519();
  const mac = await enrolMac(parts.secret, idBytes(parts.vault), parts.agent, key.publicKey.bytes, x25519.publicKey);
  const enrolment = world.node.enrolments.get(parts.agent);
  if (enrolment) enrolment.answer = { ed25519: toBase64(key.publicKey.bytes), x25519: toBase64(x25519.publicKey), mac: toBase64(mac) };
  await invitation.finished();
  return { id: parts.agent, key, x25519 };
}

describe("records", () => {
  it("M01: two fields of one entry swapped", async () => {
    const world = await makeVault();
    const alpha = byTitle(world.vault, "Alpha");
    const [password, card] = [byLabel(alpha, "Password"), byLabel(alpha, "Card")];
    tamperDetail(world.node, alpha.id, (detail) => {
      for (const record of detail.records) {
        if (record.field_id === password) record.field_id = card;
        else if (record.field_id === card) record.field_id = password;
      }
    });
    await expectAlarm(world, () => world.vault.entries.openField(alpha.id, password), /^hash/);
    await expectDead(world, world.vault);
  });

  it("M02: another entry in its place", async () => {
    const world = await makeVault();
    const [alpha, beta] = [byTitle(world.vault, "Alpha"), byTitle(world.vault, "Beta")];
    tamperDetail(world.node, alpha.id, () => ({ ...world.node.detail(beta.id), entry_id: alpha.id }));
    await expectAlarm(world, () => world.vault.entries.openField(alpha.id, byLabel(alpha, "Password")), /another entry/);
    await expectDead(world, world.vault);
  });

  it("M02: another entry's records and grants under its own header", async () => {
    for (const part of ["records", "grants"] as const) {
      const world = await makeVault();
      const [alpha, beta] = [byTitle(world.vault, "Alpha"), byTitle(world.vault, "Beta")];
      tamperDetail(world.node, alpha.id, (detail) => ({ ...detail, [part]: world.node.detail(beta.id)[part] }));
      await expectAlarm(world, () => world.vault.entries.openField(alpha.id, byLabel(alpha, "Password")), part === "records" ? /^hash/ : /^commitment/);
    }
  });

  it("M02: summaries swapped in the list", async () => {
    const world = await makeVault();
    tamper(world.node, /^GET \/v1\/entries\?/, (page: EntryPage) => {
      const [a, b] = page.entries;
      if (a && b) [a.summary, b.summary] = [b.summary ?? null, a.summary ?? null];
      return page;
    });
    await expectAlarm(world, () => reopen(world), /^hash: summary/);
  });

  it("M04: an old version of a field", async () => {
    const world = await withTwoVersions();
    const id = byLabel(world.alpha, "Password");
    const old = stored(world.node, world.alpha.id).versions[1]?.records.find((record) => record.field_id === id);
    tamperDetail(world.node, world.alpha.id, (detail) => ({ ...detail, records: detail.records.map((record) => (record.field_id === id ? old : record)) }));
    await expectAlarm(world, () => world.vault.entries.openField(world.alpha.id, id), /^hash/);
    await expectDead(world, world.vault);
  });

  it("M18: truncated, extended, turned bits, other padding, left out", async () => {
    const changes: [string, (record: string) => string | undefined][] = [
      ["truncated", (record) => toBase64(unblob(record).slice(0, -1))],
      ["extended", (record) => toBase64(concat(unblob(record), new Uint8Array(32)))],
      ["a bit of the body", (record) => flipped(record)],
      ["a bit of the commitment", (record) => flipped(record, 40)],
      ["left out", () => undefined],
    ];
    for (const [name, change] of changes) {
      const world = await makeVault(["Alpha"]);
      const alpha = byTitle(world.vault, "Alpha");
      const id = byLabel(alpha, "Card");
      tamperDetail(world.node, alpha.id, (detail) => ({
        ...detail,
        records: detail.records.flatMap((record) => {
          const next = record.field_id === id ? change(record.record) : record.record;
          return next === undefined ? [] : [{ ...record, record: next }];
        }),
      }));
      await expectAlarm(world, () => world.vault.entries.openField(alpha.id, id), /^hash/);
      expect(name).toBeTruthy();
    }
  });

  it("M15, M18: unknown format, suite or kind, and a record under another key, even if the hash were right", async () => {
    const world = await makeVault(["Alpha"]);
    const at = { vault: idBytes(world.vault.vaultId), entry: zeroBytes16, field: zeroBytes16, version: 1 };
    const key = new RecordKey(Kind.tier3, 1, new Uint8Array(32).fill(1));
    const record = await seal(key, at, utf8("secret"));
    for (const [index, value] of [[0, 0xc0], [1, 0x00], [2, 0x01], [3, 0x80]] as const) {
      const other = record.slice();
      other[index] = value;
      await expect(open(key, at, other)).rejects.toMatchObject({ layer: "envelope" });
    }
    await expect(open(new RecordKey(Kind.tier3, 1, new Uint8Array(32).fill(2)), at, record)).rejects.toMatchObject({ layer: "commitment" });
  });

  it("a summary that is not text and not base64url where bytes are promised", async () => {
    for (const summary of [7, "not base64url!", null]) {
      const world = await makeVault(["Alpha"]);
      tamper(world.node, /^GET \/v1\/entries\?/, (page: EntryPage) => ({ ...page, entries: page.entries.map((entry) => ({ ...entry, summary })) }));
      await expectAlarm(world, () => reopen(world), /^(shape|hash)/);
    }
  });
});

describe("headers", () => {
  it("M05: a consistent rollback of header and records", async () => {
    const world = await withTwoVersions();
    const entry = stored(world.node, world.alpha.id);
    entry.versions.shift();
    await expectAlarm(world, () => reopen(world), /^pin: older/);
  });

  it("M05: the same while the vault is open", async () => {
    const world = await withTwoVersions();
    stored(world.node, world.alpha.id).versions.shift();
    await expectAlarm(world, () => world.vault.entries.openField(world.alpha.id, byLabel(world.alpha, "Card")), /^pin: older/);
    await expectDead(world, world.vault);
  });

  it.each([
    ["M08: a tier lowered", (header: { fields: { tier: number; kind: number }[] }) => header.fields.forEach((field) => field.kind === 5 && (field.tier = 1))],
    ["M10: a destination added", (header: { destinations: string[] }) => header.destinations.push("https://evil.example")],
    ["a scope added", (header: { scopes: string[] }) => header.scopes.push("ff".repeat(16))],
    ["M17: a forged tombstone", (header: { deleted: number }) => (header.deleted = Deleted.trash)],
    ["M17: purged without the owner", (header: { deleted: number; fields: unknown[] }) => { header.deleted = Deleted.purged; header.fields = []; }],
    ["another author", (header: { author: string }) => (header.author = "ee".repeat(16))],
  ])("%s, under the old signature, in a browser that has never seen the entry", async (_, edit) => {
    const world = await makeVault();
    const entry = stored(world.node, byTitle(world.vault, "Alpha").id);
    const version = entry.versions[0];
    // Version 2, since agents cannot have made version 1.
    const next = (header: never) => {
      const all = header as { version: number; previous: Uint8Array };
      [all.version, all.previous] = [2, version?.hash ?? zeroBytes32];
      edit(header);
    };
    if (version) version.signed = await forgedHeader(version.signed, idBytes(world.vault.vaultId), next as never);
    const other = secondBrowser(world);
    await expectAlarm({ ...world, client: other.client }, async () => (await other.client.unlock()).entries.load(), /^signature/);
  });

  it("M17: an entry made by the node's own key, by another vault, and by an unknown agent", async () => {
    for (const who of ["own key", "other vault", "unknown agent"]) {
      const world = await makeVault();
      const foreign = await makeVault(["Injected"]);
      const injected = byTitle(foreign.vault, "Injected").id;
      const entry = structuredClone(stored(foreign.node, injected));
      const [version] = entry.versions;
      const vault = idBytes(world.vault.vaultId);
      if (version && who !== "other vault") {
        const edit = (header: { vault: string; author: string }) => {
          header.vault = world.vault.vaultId;
          if (who === "unknown agent") Object.assign(header, { author: "ab".repeat(16), version: 2, previous: version.hash });
        };
        version.signed = await forgedHeader(version.signed, vault, edit as never, await ownKey());
      }
      world.node.entries.set(injected, entry);
      await expectAlarm(world, () => reopen(world), who === "other vault" ? /another entry/ : /^signature/);
    }
  });

  it("the silent disappearance of an entry", async () => {
    const world = await makeVault();
    world.node.entries.delete(byTitle(world.vault, "Beta").id);
    await expectAlarm(world, () => reopen(world), /^pin: an entry has disappeared/);
  });

  it("entries twice or out of order", async () => {
    const world = await makeVault();
    tamper(world.node, /^GET \/v1\/entries\?/, (page: EntryPage) => ({ ...page, entries: [...page.entries, ...page.entries.slice(0, 1)] }));
    await expectAlarm(world, () => reopen(world), /out of order/);
  });

  it("M07: two browsers on two branches of one entry", async () => {
    const world = await makeVault(["Alpha"]);
    const alpha = byTitle(world.vault, "Alpha");
    const other = secondBrowser(world);
    const second = await other.client.unlock();
    await second.entries.load();
    const before = structuredClone(stored(world.node, alpha.id));
    await world.vault.entries.edit(alpha.id, 1, login("Alpha of the first"));
    world.node.entries.set(alpha.id, before);
    await second.entries.edit(alpha.id, 1, login("Alpha of the second"));
    await expectAlarm(world, () => reopen(world), /^pin: two objects/);
    await second.entries.edit(alpha.id, 2, login("Alpha of the second again"));
    await expectAlarm(world, () => reopen(world), /^pin: does not follow/);
    await second.entries.edit(alpha.id, 3, login("Alpha of the second, much later"));
    await expectAlarm(world, () => reopen(world), /^pin: another past/);
  });

  it("a history with versions left out, exchanged, or of another entry", async () => {
    const changes: [RegExp, (history: EntryHistory, other: EntryDetail[]) => EntryDetail[]][] = [
      [/^chain: versions are missing/, (history) => history.versions.slice(0, 1)],
      [/^(chain|pin)/, (history) => [history.versions[0], history.versions[0]] as EntryDetail[]],
      [/^chain/, (history, other) => [history.versions[0], ...other] as EntryDetail[]],
    ];
    for (const [reason, change] of changes) {
      const world = await withTwoVersions();
      const beta = world.node.detail(byTitle(world.vault, "Beta").id);
      tamper(world.node, /history$/, (history: EntryHistory) => ({ versions: change(history, [beta]) }));
      await expectAlarm(world, () => world.vault.entries.history(world.alpha.id), reason);
      await expectDead(world, world.vault);
    }
  });
});

describe("what a key of tier 1 is good for", () => {
  it("M09: a node that saw the first-tier key changes the URL of an entry", async () => {
    const world = await makeVault(["Alpha"]);
    const alpha = byTitle(world.vault, "Alpha");
    const vault = idBytes(world.vault.vaultId);
    const { token, agentId } = await world.vault.agents.makeHosted("Curl", allTerms(zeroId));
    const grant = unblob(world.node.tokens.get(agentId)?.grants[0]?.record);
    const sk1 = await openTokenGrant(parseToken(token), vault, zeroId, 1, grant);
    const entry = stored(world.node, alpha.id);
    const at = (version: number) => ({ vault, entry: idBytes(alpha.id), field: zeroBytes16, version });
    const sealed = entry.grants.find((one) => one.tier === 1);
    const ek1 = await open(new RecordKey(Kind.grant1, 1, sk1), at(1), unblob(sealed?.record));
    const [version] = entry.versions;
    const summary = version?.records.find((record) => record.field_id === zeroId);
    const value = await open(new RecordKey(Kind.tier1, 1, ek1), at(1), unblob(summary?.record));
    const changed = utf8(new TextDecoder().decode(value).replace("user-of-Alpha", "somebody else"));
    const record = await seal(new RecordKey(Kind.tier1, 1, ek1), at(1), changed);
    if (summary) summary.record = toBase64(record);
    await expectAlarm(world, () => reopen(world), /^hash: summary/);
    const rehashed = (header: { fields: { id: string; hash: Uint8Array }[] }) => header.fields.forEach((field) => field.id === zeroId && (field.hash = sha256(record)));
    if (version) version.signed = await forgedHeader(version.signed, vault, rehashed as never);
    const other = secondBrowser(world);
    await expectAlarm({ ...world, client: other.client }, async () => (await other.client.unlock()).entries.load(), /^signature/);
  });
});

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
    tamper(other.node, /^GET \/v1\/audit\?/, (page: AuditPage) => ({ ...page, events: page.events.map((event, at) => (at === 2 ? { ...event, bytes: "AAAA" } : event)) }));
    await expectAlarm(other, () => other.vault.activity.verify(), /^merkle: the events are not those/);
  });
});

describe("agents", () => {
  it("M25: exchanged public keys, and keys nobody may use", async () => {
    for (const which of ["ed25519", "x25519", "mac"] as const) {
      const world = await makeVault([]);
      const invitation = await world.vault.agents.invite("Builder", allTerms(zeroId));
      const parts = parseEnrol(invitation.enrolment);
      const seed = makeRandom(32);
      const [ed25519, x25519] = [await derivePublic(seed), (await makeX25519()).publicKey];
      const mac = await enrolMac(parts.secret, idBytes(parts.vault), parts.agent, ed25519, x25519);
      const answer = { ed25519: toBase64(ed25519), x25519: toBase64(x25519), mac: toBase64(mac), [which]: toBase64(makeRandom(32)) };
      tamper(world.node, /^GET \/v1\/agents$/, (list: AgentList) => ({
        agents: list.agents.map((agent) => ({ ...agent, enrolment: { expires_ms: world.clock + 1000, answer } })),
      }));
      const manifests = world.node.manifests.length;
      await expectAlarm(world, () => invitation.finished(), /^signature: enrolment/);
      expect(world.node.manifests.length).toBe(manifests);
      await expectDead(world, world.vault);
    }
  });

  it("M11: after a rotation the other agent's wrap is for the key the owner signed", async () => {
    const world = await makeVault(["Alpha"]);
    const [stays, gone] = [await enrol(world, zeroId), await enrol(world, zeroId)];
    const evil = await makeX25519();
    tamper(world.node, /^GET \/v1\/agents$/, (list: AgentList) => ({
      agents: list.agents.map((agent) => ({ ...agent, enrolment: { expires_ms: 1, answer: { ed25519: "AA", x25519: toBase64(evil.publicKey), mac: "AA" } } })),
    }));
    await world.vault.agents.revoke(gone.id);
    const wrap = unblob(world.node.wraps.get(`${stays.id} ${zeroId}`)?.wrap);
    const usk = new PublicKey(world.node.manifest?.body.uskPublic ?? zeroBytes32);
    const opened = await openScope(usk, world.vault.vaultId, stays.id, await unwrapKey(stays.x25519.privateKey), zeroId, 2, wrap);
    expect(opened.epoch).toBe(2);
    await expect(openScope(usk, world.vault.vaultId, stays.id, await unwrapKey(evil.privateKey), zeroId, 2, wrap)).rejects.toMatchObject({ layer: "hpke" });
  });

  /** Alpha in a scope, an agent that may write there, and the next header as the agent would sign it. */
  async function written(world: Full, agent: Awaited<ReturnType<typeof enrol>>, edit: (header: never) => void, title = "Alpha") {
    const entry = stored(world.node, byTitle(world.vault, title).id);
    const [version] = entry.versions;
    if (version === undefined) throw new Error("no version");
    const next = { ...structuredClone(version.header), version: version.header.version + 1, previous: version.hash, author: agent.id };
    edit(next as never);
    const signed = await signHeader(next, agent.key);
    entry.versions.unshift({ signed: toBase64(signed.signed), header: signed.header, hash: signed.hash, records: version.records });
  }

  it.each([
    ["M10: a destination", (header: { destinations: string[] }) => header.destinations.push("https://z.example"), /^chain: agent: destinations/],
    ["M08: a lower tier", (header: { fields: { kind: number; tier: number }[] }) => header.fields.forEach((field) => field.kind === 5 && (field.tier = 1)), /^chain: (agent: kind or tier|old field)/],
    ["a field of tier 3", (header: { fields: { tier: number }[] }) => (header.fields = header.fields.filter((field) => field.tier !== 3)), /^chain: agent: tier 3/],
    ["the trash", (header: { deleted: number }) => (header.deleted = 1), /^chain: agent: not a live/],
    ["scopes", (header: { scopes: string[] }) => (header.scopes = []), /^chain: agent: destinations or scopes/],
  ])("with its own key, an agent changes %s, and the node lets it", async (_, edit, reason) => {
    const world = await makeVault();
    const scope = await world.vault.scopes.create("Work");
    await world.vault.entries.setScopes([byTitle(world.vault, "Alpha").id], [scope.id]);
    const agent = await enrol(world, scope.id);
    await written(world, agent, edit as never);
    await expectAlarm(world, () => reopen(world), reason);
  });

  it("writes to an entry outside its scopes, and after it may not write any more", async () => {
    const world = await makeVault();
    const scope = await world.vault.scopes.create("Work");
    await world.vault.entries.setScopes([byTitle(world.vault, "Alpha").id], [scope.id]);
    const agent = await enrol(world, scope.id);
    await written(world, agent, () => undefined, "Beta");
    await expectAlarm(world, () => reopen(world), /^rule: the author may not write/);
  });

  it("what an agent may write is believed, taken over when it is revoked, and refused from then on", async () => {
    const world = await makeVault();
    const scope = await world.vault.scopes.create("Work");
    const alpha = byTitle(world.vault, "Alpha");
    await world.vault.entries.setScopes([alpha.id], [scope.id]);
    const agent = await enrol(world, scope.id);
    await written(world, agent, () => undefined);
    const vault = await world.client.unlock();
    await vault.entries.load();
    expect(vault.entries.get(alpha.id)?.author).toBe(agent.id);
    await vault.agents.revoke(agent.id);
    expect(vault.entries.get(alpha.id)?.author).toBeNull();
    expect(readHeader(unblob(stored(world.node, alpha.id).versions[0]?.signed)).header.author).toBe(zeroId);
    const fresh = await secondBrowser(world).client.unlock();
    await fresh.entries.load();
    expect(fresh.entries.get(alpha.id)?.version).toBe(4);
    await written(world, agent, () => undefined);
    await expectAlarm(world, () => reopen(world), /^signature: unknown author/);
  });

  it("M11: an agent that the node makes active by itself", async () => {
    const world = await makeVault([]);
    await world.vault.agents.invite("Builder", allTerms(zeroId));
    const forged = await forgedManifest(world.node.manifest?.signed ?? "", idBytes(world.vault.vaultId), (manifest) => {
      for (const agent of manifest.agents) Object.assign(agent, { state: AgentState.active, ed25519: world.node.logKey.publicKey.bytes, x25519: makeRandom(32) });
    });
    tamper(world.node, /^GET \/v1\/vault$/, (state: VaultState) => ({ ...state, manifest: forged }));
    const other = secondBrowser(world);
    await expectAlarm({ ...world, client: other.client }, () => other.client.unlock(), /^signature/);
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
