// The vault client against an honest node: everything the pages can ask for, and what it leaves behind.
import { describe, expect, it } from "vitest";
import { toHex, fromBase64, utf8 } from "../crypto/bytes.ts";
import { hmac } from "../crypto/hash.ts";
import { makeX25519, unwrapKey } from "../crypto/hpke.ts";
import { idBytes, zeroId } from "../crypto/ids.ts";
import { prfInput } from "../crypto/keys.ts";
import { derivePublic, PublicKey } from "../crypto/sign.ts";
import { enrolMac, openEnrolGrant, parseEnrol, parseToken, openTokenGrant } from "../crypto/token.ts";
import { openScope } from "../crypto/wrap.ts";
import { BadCode, BadDraft, Conflict, Locked, PasskeyProblem } from "./errors.ts";
import type { TestNode } from "./testing/node.ts";
import { byLabel, byTitle, login, makeVault, makeWorld, secondBrowser, setup } from "./testing/world.ts";
import type { AgentTerms } from "./types.ts";

const terms = (scopeId: string, more: Partial<AgentTerms> = {}): AgentTerms => ({
  scopes: [{ scopeId, capabilities: { use: true, totp: true, reveal: false, write: false } }], perMinute: 3, perHour: 10, notAfterS: 2_000_000_000, ...more,
});

/** An agent's machine: reads the string, makes keys, answers. */
async function answer(node: TestNode, enrolment: string) {
  const parts = parseEnrol(enrolment);
  const grant = await openEnrolGrant(parts, fromBase64(node.enrolments.get(parts.agent)?.grant ?? "") ?? utf8(""));
  const seed = new Uint8Array(32).fill(9);
  const [ed25519, wrap] = [await derivePublic(seed), await makeX25519()];
  const mac = await enrolMac(parts.secret, idBytes(parts.vault), parts.agent, ed25519, wrap.publicKey);
  const b64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");
  const enrolled = node.enrolments.get(parts.agent);
  if (enrolled) enrolled.answer = { ed25519: b64(ed25519), x25519: b64(wrap.publicKey), mac: b64(mac) };
  return { parts, grant, wrapKey: await unwrapKey(wrap.privateKey) };
}

describe("making a vault", () => {
  it("asks twice, stores, reads back, opens", async () => {
    const world = await makeWorld();
    const vault = await world.client.setUp(setup);
    expect(vault.name).toBe("Home");
    expect(world.authenticator.asked).toBe(2);
    expect(world.node.asked).toContain("GET /v1/vault");
    const ways = await vault.ways.list();
    expect(ways.list.map((way) => [way.kind, way.name, way.current])).toEqual([["passkey", "Laptop", true]]);
    expect(ways.safe).toBe(false);
    expect(await world.client.known()).toEqual([{ vaultId: vault.vaultId, name: "Home" }]);
  });

  it("asks a third time when nothing came at creation", async () => {
    const world = await makeWorld();
    world.authenticator.mode = "late";
    await world.client.setUp(setup);
    expect(world.authenticator.asked).toBe(3);
  });

  it.each([["none", "no prf"], ["zero", "unstable prf"], ["short", "unstable prf"], ["unstable", "unstable prf"]] as const)(
    "refuses a passkey whose PRF is %s, before anything is stored",
    async (mode, trouble) => {
      const world = await makeWorld();
      world.authenticator.mode = mode;
      await expect(world.client.setUp(setup)).rejects.toMatchObject({ name: "PasskeyProblem", trouble });
      expect(world.node.vaultId).toBe("");
    },
  );

  it("fixes user verification, resident key and PRF input, whatever the node says", async () => {
    const world = await makeWorld();
    const more = { user_verification: "discouraged", extensions: { prf: { eval: { first: "AAAA" } } } };
    world.node.evil = (_, path, body) => (path.endsWith("/begin") ? { ...(body as object), ...more } : body);
    await world.client.setUp(setup);
    await world.client.unlock();
    const options = world.authenticator.lastOptions as PublicKeyCredentialRequestOptions;
    expect(options.userVerification).toBe("required");
    expect(toHex(new Uint8Array(options.extensions?.prf?.eval?.first as ArrayBuffer))).toBe(toHex(prfInput()));
  });

  it("sends no PRF output and nothing that was written down in clear", async () => {
    const { node, authenticator, vault } = await makeVault();
    await (await vault.ways.makeRecovery()).confirm("", 0).catch(() => undefined);
    const wire = node.wire.join("\n");
    for (const passkey of authenticator.passkeys) {
      const prf = hmac(passkey.secret, prfInput());
      expect(wire).not.toContain(Buffer.from(prf).toString("base64url"));
      expect(wire).not.toContain(toHex(prf));
    }
    for (const text of ["user-of-Alpha", "password-of-Alpha", "4111-Alpha", "Home", "Laptop"]) {
      expect(wire).not.toContain(text);
      expect(wire).not.toContain(Buffer.from(text).toString("base64url").slice(0, -2));
    }
  });
});

describe("unlocking", () => {
  it("opens in the same browser, another one, and closes", async () => {
    const world = await makeVault();
    const again = await world.client.unlock();
    await again.entries.load();
    expect(again.entries.all().map((entry) => entry.title)).toEqual(["Alpha", "Beta", "Gamma"]);
    const other = await secondBrowser(world).client.unlock();
    await other.entries.load();
    const alpha = byTitle(other, "Alpha");
    expect(await other.entries.openField(alpha.id, byLabel(alpha, "Card"))).toBe("4111-Alpha");
    await other.lock();
    await expect(other.entries.openField(alpha.id, byLabel(alpha, "Card"))).rejects.toBeInstanceOf(Locked);
  });

  it("says that a passkey answers differently, and raises no alarm for it", async () => {
    const world = await makeVault([]);
    const [passkey] = world.authenticator.passkeys;
    if (passkey) passkey.secret = passkey.secret.map((byte) => byte ^ 1);
    await expect(world.client.unlock()).rejects.toBeInstanceOf(PasskeyProblem);
    expect(await world.client.incidents()).toEqual([]);
  });
});

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

  it("load page by page in another browser, and export with every value", async () => {
    const world = await makeVault([]);
    await world.vault.entries.importMany(Array.from({ length: 230 }, (_, i) => login(`Row ${i}`)));
    const other = await secondBrowser(world).client.unlock();
    const progress: number[] = [];
    await other.entries.load({ onProgress: ({ done }) => progress.push(done) });
    expect([progress[0], progress.at(-1)]).toEqual([100, 230]);
    const values = new Set<string>();
    for await (const entry of other.entries.exportAll()) for (const value of entry.values.values()) values.add(String(value));
    expect(values.size).toBe(690);
  });
});

describe("ways in", () => {
  it("a second passkey, on another device", async () => {
    const world = await makeVault();
    await world.vault.ways.addPasskey("Phone");
    expect((await world.vault.ways.list()).safe).toBe(true);
    world.authenticator.pick = 1;
    const other = await secondBrowser(world).client.unlock();
    expect((await other.ways.list()).list.find((way) => way.current)?.name).toBe("Phone");
  });

  it("a recovery code, typed back, claimed after its delay, then a new passkey", async () => {
    const world = await makeVault();
    const draft = await world.vault.ways.makeRecovery();
    await expect(draft.confirm(draft.code.slice(1), 3600)).rejects.toBeInstanceOf(BadCode);
    expect((await world.vault.ways.list()).safe).toBe(false);
    await draft.confirm(draft.code.toLowerCase().replaceAll("-", " "), 3600);
    const kit = { vaultId: draft.vaultId, code: draft.code };
    world.authenticator.passkeys.length = 0;
    const { client } = secondBrowser(world);
    await client.startRecovery(kit);
    await expect(client.claimRecovery(kit)).rejects.toMatchObject({ body: { code: "recovery_delay" } });
    world.clock += 3_600_000;
    const vault = await client.claimRecovery(kit);
    expect(vault.recovered).toBe(true);
    await vault.ways.addPasskey("New laptop");
    await vault.entries.load();
    expect(vault.entries.all().length).toBe(3);
    const back = await client.unlock();
    await back.entries.load();
    const alpha = byTitle(back, "Alpha");
    expect(await back.entries.openField(alpha.id, byLabel(alpha, "Card"))).toBe("4111-Alpha");
  });

  it("a passkey that is removed opens nothing of what comes after, and the history stays", async () => {
    const world = await makeVault();
    const { vault, node, authenticator } = world;
    await vault.ways.addPasskey("Phone");
    const phone = (await vault.ways.list()).list.find((way) => way.name === "Phone");
    const alpha = byTitle(vault, "Alpha");
    const mac = await vault.entries.importMac("row");
    const oldSealed = node.unlockers.get(phone?.id ?? "");
    authenticator.pick = 0;
    await vault.ways.remove(phone?.id ?? "");
    expect(node.manifest?.body.vaultEpoch).toBe(2);
    expect(node.unlockers.has(phone?.id ?? "")).toBe(false);
    expect(oldSealed).toBeDefined();
    expect(await vault.entries.openField(alpha.id, byLabel(alpha, "Card"))).toBe("4111-Alpha");
    const again = await secondBrowser(world).client.unlock();
    await again.entries.load();
    const now = byTitle(again, "Alpha");
    expect(now.version).toBe(2);
    expect(await again.entries.openField(now.id, byLabel(now, "Card"))).toBe("4111-Alpha");
    expect(await again.entries.openField(now.id, byLabel(now, "Card"), 1)).toBe("4111-Alpha");
    expect(await again.entries.openField(now.id, byLabel(now, "Password"), 1)).toBe("password-of-Alpha");
    expect((await again.entries.history(now.id))[0]?.changes).toEqual([]);
    expect(await again.entries.importMac("row")).toBe(mac);
    expect(again.agents.waiting()).toBe(3);
    await again.agents.reseal();
    expect(again.agents.waiting()).toBe(0);
    expect(await again.entries.openField(now.id, byLabel(now, "Password"), 1)).toBe("password-of-Alpha");
    expect(await again.entries.openField(now.id, byLabel(now, "Password"))).toBe("password-of-Alpha");
    authenticator.pick = 1;
    await expect(secondBrowser(world).client.unlock()).rejects.toMatchObject({ status: 401 });
  });

  it("rotates twice, after entries were sealed again, and every old version still opens", async () => {
    const world = await makeVault(["Alpha"]);
    const { vault, authenticator } = world;
    authenticator.pick = 0;
    for (const name of ["One", "Two"]) {
      await vault.ways.addPasskey(name);
      await vault.ways.remove((await vault.ways.list()).list.find((way) => way.name === name)?.id ?? "");
      await vault.agents.reseal();
    }
    const alpha = byTitle(vault, "Alpha");
    const other = await secondBrowser(world).client.unlock();
    await other.entries.load();
    for (let version = 1; version <= alpha.version; version++) {
      expect(await other.entries.openField(alpha.id, byLabel(alpha, "Card"), version)).toBe("4111-Alpha");
      expect(await other.entries.openField(alpha.id, byLabel(alpha, "Password"), version)).toBe("password-of-Alpha");
    }
  });

  it("a second recovery code ends the first", async () => {
    const world = await makeVault(["Alpha"]);
    const first = await world.vault.ways.makeRecovery();
    await first.confirm(first.code, 0);
    const second = await world.vault.ways.makeRecovery();
    await second.confirm(second.code, 0);
    expect(world.node.manifest?.body.vaultEpoch).toBe(2);
    await expect(world.client.startRecovery({ vaultId: first.vaultId, code: first.code })).rejects.toMatchObject({ status: 404 });
    await world.client.startRecovery({ vaultId: second.vaultId, code: second.code });
    expect((await world.client.claimRecovery({ vaultId: second.vaultId, code: second.code })).recovered).toBe(true);
  });

  it("a new code in a session that came in by the old one needs a passkey, and ends the session", async () => {
    const world = await makeVault(["Alpha"]);
    const first = await world.vault.ways.makeRecovery();
    await first.confirm(first.code, 0);
    const kit = { vaultId: first.vaultId, code: first.code };
    await world.client.startRecovery(kit);
    const vault = await world.client.claimRecovery(kit);
    const second = await vault.ways.makeRecovery();
    await second.confirm(second.code, 0);
    await expect(vault.ways.list()).rejects.toBeInstanceOf(Locked);
    await (await world.client.unlock()).entries.load();
  });

  it("the only one, and the one in use, are not removed", async () => {
    const world = await makeVault([]);
    const [only] = (await world.vault.ways.list()).list;
    await expect(world.vault.ways.remove(only?.id ?? "")).rejects.toBeInstanceOf(BadDraft);
  });

  it("asks for the passkey again when the last use is long ago", async () => {
    const world = await makeVault([]);
    await world.vault.scopes.create("Work");
    const asked = world.authenticator.asked;
    world.clock += 301_000;
    await world.vault.scopes.create("Play");
    expect(world.authenticator.asked).toBe(asked + 1);
  });
});

describe("agents", () => {
  it("are invited, answer, are verified, and get their scope's keys", async () => {
    const { vault, node } = await makeVault();
    const scope = await vault.scopes.create("Work");
    await vault.entries.setScopes([byTitle(vault, "Alpha").id], [scope.id]);
    const invitation = await vault.agents.invite("Builder", terms(scope.id));
    expect((await vault.agents.list())[0]?.state).toBe("invited");
    const agent = await answer(node, invitation.enrolment);
    expect(agent.grant.vaultName).toBe("Home");
    expect((await vault.agents.list())[0]?.state).toBe("answered");
    expect((await invitation.finished()).state).toBe("active");
    const wrap = node.wraps.get(`${agent.parts.agent} ${scope.id}`);
    const usk = new PublicKey(agent.grant.uskPublic);
    const keys = await openScope(usk, agent.parts.vault, agent.parts.agent, agent.wrapKey, scope.id, 1, fromBase64(wrap?.wrap ?? "") ?? utf8(""));
    expect(toHex(keys.sk2)).toBe(toHex(agent.grant.scopes[0]?.sk2 ?? utf8("")));
    const alpha = byTitle(vault, "Alpha");
    const who = vault.entries.whoCanOpen(alpha.id, byLabel(alpha, "Password"));
    expect(who.paths.map((path) => path.name)).toEqual(["You", "Builder"]);
    expect(vault.entries.whoCanOpen(alpha.id, byLabel(alpha, "Card")).paths.map((path) => path.name)).toEqual(["You"]);
    const beta = byTitle(vault, "Beta");
    expect(vault.entries.whoCanOpen(beta.id, byLabel(beta, "Password")).paths.length).toBe(1);
  });

  it("that are hosted get a token that opens their scope's first-tier key and no more", async () => {
    const { vault, node } = await makeVault();
    const { token, agentId } = await vault.agents.makeHosted("Curl", terms(zeroId));
    const parts = parseToken(token);
    expect(parts.agent).toBe(agentId);
    const record = fromBase64(node.tokens.get(agentId)?.grants[0]?.record ?? "") ?? utf8("");
    expect((await openTokenGrant(parts, idBytes(vault.vaultId), zeroId, 1, record)).length).toBe(32);
    const alpha = byTitle(vault, "Alpha");
    expect(vault.entries.whoCanOpen(alpha.id, byLabel(alpha, "User name")).paths.map((path) => path.who)).toEqual(["you", "hosted agent", "node"]);
    expect(vault.entries.whoCanOpen(alpha.id, byLabel(alpha, "Password")).paths.map((path) => path.who)).toEqual(["you"]);
  });

  it("that are revoked lose the scope's keys; everything is sealed again", async () => {
    const { vault, node, client } = await makeVault();
    const scope = await vault.scopes.create("Work");
    const alpha = byTitle(vault, "Alpha");
    await vault.entries.setScopes([alpha.id], [scope.id]);
    const gone = await vault.agents.invite("Gone", terms(scope.id));
    const goneSide = await answer(node, gone.enrolment);
    await gone.finished();
    const stays = await vault.agents.invite("Stays", terms(scope.id));
    const staySide = await answer(node, stays.enrolment);
    await stays.finished();
    await vault.agents.makeHosted("Curl", terms(scope.id));
    expect(vault.agents.revokeEffect(gone.agentId)).toMatchObject({ entries: 1, ends: [{ name: "Curl" }] });
    const grantBefore = node.entries.get(alpha.id)?.grants.find((grant) => grant.scope_id === scope.id && grant.tier === 2)?.record;
    await vault.agents.revoke(gone.agentId);
    expect((await vault.agents.list()).map((agent) => agent.name)).toEqual(["Stays"]);
    expect(node.tokens.size).toBe(0);
    const after = node.entries.get(alpha.id)?.grants.find((grant) => grant.scope_id === scope.id && grant.tier === 2)?.record;
    expect(after).not.toBe(grantBefore);
    const wrap = node.wraps.get(`${stays.agentId} ${scope.id}`);
    expect(wrap?.scope_epoch).toBe(2);
    const usk = new PublicKey(staySide.grant.uskPublic);
    const keys = await openScope(usk, vault.vaultId, stays.agentId, staySide.wrapKey, scope.id, 2, fromBase64(wrap?.wrap ?? "") ?? utf8(""));
    expect(toHex(keys.sk1)).not.toBe(toHex(goneSide.grant.scopes[0]?.sk1 ?? utf8("")));
    expect(vault.agents.waiting()).toBe(1);
    await vault.agents.reseal();
    expect(vault.agents.waiting()).toBe(0);
    const again = await client.unlock();
    await again.entries.load();
    const now = byTitle(again, "Alpha");
    expect(await again.entries.openField(now.id, byLabel(now, "Password"))).toBe("password-of-Alpha");
    expect((await again.entries.history(now.id))[0]?.changes).toEqual([]);
  });

  it("lose a scope, gain a scope, and keep their limits as signed", async () => {
    const { vault, node } = await makeVault();
    const [a, b] = [await vault.scopes.create("A"), await vault.scopes.create("B")];
    const invitation = await vault.agents.invite("Mover", terms(a.id));
    await answer(node, invitation.enrolment);
    await invitation.finished();
    const moved = await vault.agents.change(invitation.agentId, terms(b.id, { perHour: 7 }));
    expect(moved.scopes.map((scope) => scope.scopeId)).toEqual([b.id]);
    expect(node.manifest?.body.scopes.find((scope) => scope.id === a.id)?.epoch).toBe(2);
    expect(node.wraps.get(`${invitation.agentId} ${b.id}`)?.scope_epoch).toBe(1);
    expect(node.manifest?.body.agents[0]?.perHour).toBe(7);
  });

  it("are locked and unlocked, and show what they learnt", async () => {
    const { vault, node } = await makeVault();
    const { agentId } = await vault.agents.makeHosted("Curl", terms(zeroId));
    await vault.agents.lock(agentId);
    expect((await vault.agents.list())[0]?.seen?.locked).toBe(true);
    await vault.agents.unlock(agentId);
    const alpha = byTitle(vault, "Alpha");
    node.learnt = [{ entry_id: alpha.id, field_id: byLabel(alpha, "Password"), field_version: 1, mode: "use", first_ms: 1, last_ms: 2, times: 3 }];
    expect(await vault.agents.learnt(agentId)).toMatchObject([{ entryTitle: "Alpha", fieldLabel: "Password", current: true, times: 3 }]);
  });
});

describe("scopes, names and activity", () => {
  it("a scope ends, its entries get new keys", async () => {
    const { vault, node } = await makeVault();
    const scope = await vault.scopes.create("Work");
    const alpha = byTitle(vault, "Alpha");
    await vault.entries.setScopes([alpha.id], [scope.id]);
    expect(vault.scopes.list().find((one) => one.id === scope.id)).toMatchObject({ name: "Work", entries: 1, whole: false });
    await vault.scopes.remove(scope.id);
    expect(vault.scopes.list().map((one) => one.name)).toEqual(["The whole vault"]);
    expect(node.entries.get(alpha.id)?.versions[0]?.header.ekEpoch).toBe(2);
    expect(await vault.entries.openField(alpha.id, byLabel(alpha, "Password"))).toBe("password-of-Alpha");
  });

  it("names change for everybody, also when another browser was faster", async () => {
    const world = await makeVault([]);
    const other = await secondBrowser(world).client.unlock();
    await other.rename("vault", "", "Family");
    await world.vault.rename("passkey", (await world.vault.ways.list()).list[0]?.id ?? "", "Old laptop");
    expect(world.vault.name).toBe("Family");
    expect((await (await world.client.unlock()).ways.list()).list[0]?.name).toBe("Old laptop");
  });

  it("the log is read without gaps and proved as a whole", async () => {
    const { vault, node } = await makeVault();
    const page = await vault.activity.page();
    expect(page.size).toBe(node.events.length);
    expect(page.events[0]?.seq).toBe(page.size - 1);
    expect(await vault.activity.verify()).toMatchObject({ size: node.events.length });
  });
});
