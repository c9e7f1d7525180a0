// The hostile node and the entries: M01, M02, M04, M05, M07 to M10, M15, M17, M18. Each case is refused with one alarm, and nothing is opened or sealed afterwards.
import { describe, expect, it } from "vitest";
import { concat, toBase64, utf8 } from "../crypto/bytes.ts";
import { sha256 } from "../crypto/hash.ts";
import { Deleted } from "../crypto/header.ts";
import { idBytes, zeroBytes16, zeroBytes32, zeroId } from "../crypto/ids.ts";
import { Kind, open, RecordKey, seal } from "../crypto/record.ts";
import { openTokenGrant, parseToken } from "../crypto/token.ts";
import { allTerms, expectAlarm, expectDead, flipped, forgedHeader, ownKey, reopen, stored, tamper, tamperDetail, unblob } from "./testing/evil.ts";
import { byLabel, byTitle, type Full, login, makeVault, secondBrowser } from "./testing/world.ts";
import type { Entry } from "./types.ts";
import type { EntryDetail, EntryHistory, EntryPage } from "./wire.ts";

/** Two versions of Alpha, the second with another password. */
async function withTwoVersions(): Promise<Full & { alpha: Entry }> {
  const world = await makeVault();
  const alpha = byTitle(world.vault, "Alpha");
  const fields = alpha.fields.map((field) => ({ id: field.id, kind: field.kind, label: field.label, ...(field.label !== "Card" && { value: `new ${field.label}` }) }));
  return Object.assign(world, { alpha: await world.vault.entries.edit(alpha.id, 1, { ...login("Alpha"), fields }) });
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
