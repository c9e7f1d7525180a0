// Entries against an honest node: writing, tiers, trash, history, import and export.
import { describe, expect, it } from "vitest";
import { BadDraft, Conflict, Locked } from "./errors.ts";
import { byLabel, byTitle, login, makeVault, secondBrowser } from "./testing/world.ts";
import type { Entry, FieldDraft } from "./types.ts";
import { firstPage } from "./unlocking.ts";

describe("entries", () => {
  it("keep what was written, each field at its tier", async () => {
    const { vault } = await makeVault();
    const alpha = byTitle(vault, "Alpha");
    expect(alpha.fields.map((field) => [field.label, field.tier, field.value])).toEqual([
      ["User name", 1, "user-of-Alpha"], ["Password", 2, undefined], ["Card", 3, undefined],
    ]);
    expect(await vault.entries.openField(alpha.id, byLabel(alpha, "Password"))).toBe("password-of-Alpha");
    expect(await vault.entries.openField(alpha.id, byLabel(alpha, "User name"))).toBe("user-of-Alpha");
    expect(vault.entries.search("alp user").map((entry) => entry.title)).toEqual(["Alpha"]);
  });

  it("refuse tiers below the lowest, values without content, and unknown scopes before anything is sent", async () => {
    const { vault, node } = await makeVault([]);
    const sent = node.wire.length;
    const draft = (fields: Parameters<typeof login>[1]) => vault.entries.create(login("X", fields));
    await expect(draft({ fields: [{ kind: "card_number", label: "n", tier: 2, value: "1" }] })).rejects.toBeInstanceOf(BadDraft);
    await expect(draft({ fields: [{ kind: "password", label: "n" }] })).rejects.toBeInstanceOf(BadDraft);
    await expect(draft({ scopes: ["ab".repeat(16)] })).rejects.toBeInstanceOf(BadDraft);
    await expect(draft({ fields: [{ kind: "file", label: "f", value: new Uint8Array(1_032_189) }] })).rejects.toBeInstanceOf(BadDraft);
    expect(node.wire.length).toBe(sent);
    await vault.entries.create(login("Y"));
  });

  it("change tiers and values, keep the rest, and refuse a version that is not the newest", async () => {
    const { vault } = await makeVault();
    const before = byTitle(vault, "Beta");
    const fields = before.fields.map((field) => ({ id: field.id, kind: field.kind, label: field.label, tier: field.label === "Password" ? (3 as const) : field.tier }));
    const next = await vault.entries.edit(before.id, before.version, { ...login("Beta 2"), fields });
    expect(next.version).toBe(2);
    expect(next.fields.map((field) => field.tier)).toEqual([1, 3, 3]);
    expect(await vault.entries.openField(next.id, byLabel(next, "Password"))).toBe("password-of-Beta");
    expect(await vault.entries.openField(next.id, byLabel(next, "Card"))).toBe("4111-Beta");
    await expect(vault.entries.edit(before.id, 1, { ...login("Beta 3"), fields })).rejects.toBeInstanceOf(Conflict);
    const lowered = fields.map((field) => (field.label === "Password" ? { ...field, tier: 1 as const } : field));
    const hosted = await vault.entries.edit(next.id, 2, { ...login("Beta 4"), fields: lowered });
    expect(await vault.entries.openField(hosted.id, byLabel(hosted, "Password"))).toBe("password-of-Beta");
    expect(hosted.fields[1]?.value).toBeUndefined();
  });

  it("see what another browser wrote", async () => {
    const world = await makeVault();
    const other = await secondBrowser(world).client.unlock();
    await other.entries.load();
    for (let i = 0; i < 3; i++) {
      const beta = byTitle(other, "Beta");
      await other.entries.edit(beta.id, beta.version, login("Beta", { folder: `f${i}` }));
    }
    await expect(world.vault.entries.edit(byTitle(world.vault, "Beta").id, 1, login("Beta"))).rejects.toBeInstanceOf(Conflict);
    expect(byTitle(world.vault, "Beta").folder).toBe("f2");
    const again = await world.client.unlock();
    await again.entries.load();
    expect(byTitle(again, "Beta").version).toBe(4);
  });

  it("go to the trash, come back, and end for ever", async () => {
    const world = await makeVault();
    const { vault } = world;
    const ids = vault.entries.all().map((entry) => entry.id);
    await vault.entries.trash(ids);
    expect(vault.entries.search("")).toEqual([]);
    expect(vault.entries.search("", { place: "trash" }).length).toBe(3);
    await vault.entries.restore(ids.slice(0, 2));
    await expect(vault.entries.purge(ids.slice(0, 1))).rejects.toBeInstanceOf(BadDraft);
    await vault.entries.purge(ids.slice(2));
    expect(vault.entries.all().length).toBe(2);
    const again = await world.client.unlock();
    await again.entries.load();
    expect(again.entries.all().length).toBe(2);
  });

  it("show their history with differences, open old values, and revert", async () => {
    const { vault } = await makeVault(["Alpha"]);
    let alpha = byTitle(vault, "Alpha");
    const fields = (password: string) => [
      { id: byLabel(alpha, "User name"), kind: "username" as const, label: "User name", value: "someone" },
      { id: byLabel(alpha, "Password"), kind: "password" as const, label: "Password", value: password },
      { id: byLabel(alpha, "Card"), kind: "card_number" as const, label: "Card" },
    ];
    alpha = await vault.entries.edit(alpha.id, 1, login("Alpha!", { fields: fields("second") }));
    await vault.entries.trash([alpha.id]);
    await vault.entries.restore([alpha.id]);
    const history = await vault.entries.history(alpha.id);
    expect(history.map((version) => version.changes.map((change) => change.what))).toEqual([
      ["restored"], ["trashed"], ["title", "destinations", "value changed", "value changed"], ["created"],
    ]);
    expect(history[2]?.fields.map((field) => field.since)).toEqual(["changed", "changed", "same"]);
    expect(await vault.entries.openField(alpha.id, byLabel(alpha, "Password"), 1)).toBe("password-of-Alpha");
    const back = await vault.entries.revert(alpha.id, 1);
    expect([back.version, back.title]).toEqual([5, "Alpha"]);
    expect(await vault.entries.openField(back.id, byLabel(back, "Password"))).toBe("password-of-Alpha");
  });

  it("many are changed at once: folder, tag and tier, each a version that opens; what does not differ keeps its version", async () => {
    const { vault, node, client } = await makeVault();
    const ids = vault.entries.all().map((entry) => entry.id);
    const fields = (entry: Entry): FieldDraft[] => entry.fields.map(({ id, kind, label, tier }) => ({ id, kind, label, tier: kind === "password" ? 3 : tier }));
    const done: number[] = [];
    const draft = (entry: Entry) => ({ title: entry.title, kind: entry.kind, folder: "Home", tags: [...entry.tags, "new"], fields: fields(entry) });
    await vault.entries.editMany(ids, draft, { onProgress: (now) => done.push(now.done) });
    expect(done.at(-1)).toBe(ids.length);
    for (const entry of vault.entries.all()) {
      expect(entry).toMatchObject({ folder: "Home", tags: ["new"], version: 2 });
      expect(entry.fields.find((field) => field.kind === "password")?.tier).toBe(3);
    }
    const asked = node.asked.filter((path) => path === "POST /v1/changes").length;
    await vault.entries.editMany(ids, (entry) => ({ ...draft(entry), tags: ["new"] }));
    expect(node.asked.filter((path) => path === "POST /v1/changes").length).toBe(asked);
    const again = await client.unlock();
    await again.entries.load();
    const alpha = byTitle(again, "Alpha");
    expect([alpha.version, await again.entries.openField(alpha.id, byLabel(alpha, "Password"))]).toEqual([2, "password-of-Alpha"]);
  });

  it("import many, again without change, and undo", async () => {
    const { vault, node } = await makeVault([]);
    const drafts = Array.from({ length: 620 }, (_, i) => login(`Row ${i}`, { origin: { source: "csv", fingerprint: String(i) } }));
    const seen: number[] = [];
    const receipt = await vault.entries.importMany(drafts, { onProgress: ({ done }) => seen.push(done) });
    expect(receipt.entryIds.every((id) => id !== null)).toBe(true);
    expect(seen.at(-1)).toBe(620);
    expect(node.asked.filter((path) => path === "POST /v1/changes").length).toBe(3);
    expect(vault.entries.origins().get("csv 619")).toBe(receipt.entryIds[619]);
    await vault.entries.undoImport(receipt);
    expect(vault.entries.search("", {}).length).toBe(0);
  });

  it("ask for what is behind the first rows when these are on screen", async () => {
    const world = await makeVault([]);
    await world.vault.entries.importMany(Array.from({ length: firstPage + 1 }, (_, i) => login(`Row ${i}`)));
    const other = await secondBrowser(world).client.unlock();
    const pages = () => world.node.asked.filter((path) => path.startsWith("GET /v1/entries?after="));
    const atDrawing: number[] = [];
    const drawn = async () => void atDrawing.push(other.entries.all().length, pages().length);
    await other.entries.load({ drawn });
    expect(atDrawing).toEqual([firstPage, 0]);
    expect([other.entries.all().length, pages().length]).toEqual([firstPage + 1, 1]);
  });

  it("load page by page in another browser, and export with every value", async () => {
    const world = await makeVault([]);
    await world.vault.entries.importMany(Array.from({ length: 230 }, (_, i) => login(`Row ${i}`)));
    const other = await secondBrowser(world).client.unlock();
    const progress: number[] = [];
    await other.entries.load({ onProgress: ({ done }) => progress.push(done) });
    expect([progress[0], progress.at(-1)]).toEqual([firstPage, 230]);
    const values = new Set<string>();
    for await (const entry of other.entries.exportAll()) for (const value of entry.values.values()) values.add(String(value));
    expect(values.size).toBe(690);
  });
});

describe("several browsers at once", () => {
  it("an address somebody typed is no reason for an alarm", async () => {
    const { vault, client } = await makeVault(["Alpha"]);
    for (const id of ["nonsense", "../session", ""]) {
      await expect(vault.entries.openField(id, "x")).rejects.toBeInstanceOf(BadDraft);
      await expect(vault.entries.history(id)).rejects.toBeInstanceOf(BadDraft);
    }
    await expect(vault.entries.history("ab".repeat(16))).rejects.toMatchObject({ status: 404 });
    expect(await client.incidents()).toEqual([]);
    await vault.entries.create(login("Beta"));
  });

  it("a browser that slept through a new scope key takes the new manifest over, and reads on", async () => {
    const world = await makeVault(["Alpha"]);
    const other = await secondBrowser(world).client.unlock();
    await other.entries.load();
    const { agentId } = await other.agents.makeHosted("Curl", {
      scopes: [{ scopeId: "0".repeat(32), capabilities: { use: true, totp: true, reveal: true, write: false } }], perMinute: 3, perHour: 10, notAfterS: 2_000_000_000,
    });
    await other.agents.revoke(agentId);
    await other.entries.create(login("Beta"));
    const alpha = byTitle(world.vault, "Alpha");
    expect(await world.vault.entries.openField(alpha.id, byLabel(alpha, "Password"))).toBe("password-of-Alpha");
    await world.vault.entries.reload();
    expect(world.vault.entries.all().length).toBe(2);
  });

  it("a browser that slept through a new vault key has to unlock again", async () => {
    const world = await makeVault(["Alpha"]);
    const other = await secondBrowser(world).client.unlock();
    await other.ways.addPasskey("Phone");
    world.authenticator.pick = 0;
    await other.ways.remove((await other.ways.list()).list.find((way) => way.name === "Phone")?.id ?? "");
    let why = "";
    world.vault.onClosed((reason) => (why = reason));
    await expect(world.vault.entries.reload()).rejects.toBeInstanceOf(Locked);
    expect(why).toBe("session over");
    expect(await world.client.incidents()).toEqual([]);
  });

  it("what was sealed under a manifest that is not in force any more is a conflict", async () => {
    const world = await makeVault(["Alpha"]);
    const other = await secondBrowser(world).client.unlock();
    await other.scopes.create("Work");
    world.node.refuseNext = "not_valid";
    await expect(world.vault.entries.create(login("Beta"))).rejects.toBeInstanceOf(Conflict);
    await world.vault.entries.create(login("Beta"));
    world.node.refuseNext = "not_valid";
    await expect(world.vault.entries.create(login("Gamma"))).rejects.toMatchObject({ body: { code: "not_valid" } });
  });

  it("a session ends by the node's clock, later after every answer", async () => {
    const world = await makeVault(["Alpha"]);
    const first = world.vault.idleUntilMs;
    world.clock += 600_000;
    await world.vault.ways.list();
    expect(world.vault.idleUntilMs).toBe(first + 600_000);
  });
});
