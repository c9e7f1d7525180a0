// The hostile node and agents, together or alone: M08, M10, M11, M17, M25. Each case is refused with one alarm.
import { describe, expect, it } from "vitest";
import { makeRandom, toBase64 } from "../crypto/bytes.ts";
import { sha256 } from "../crypto/hash.ts";
import { encodeHeader, type Header, readHeader } from "../crypto/header.ts";
import { makeX25519, unwrapKey } from "../crypto/hpke.ts";
import { idBytes, zeroBytes32, zeroId } from "../crypto/ids.ts";
import { AgentState } from "../crypto/manifest.ts";
import { derivePublic, PublicKey, SigningKey } from "../crypto/sign.ts";
import { enrolMac, parseEnrol } from "../crypto/token.ts";
import { openScope } from "../crypto/wrap.ts";
import { allTerms, expectAlarm, expectDead, forgedManifest, ownKey, reopen, stored, tamper, unblob } from "./testing/evil.ts";
import type { StoredEntry } from "./testing/node.ts";
import { agentRunMax } from "./takeover.ts";
import { byLabel, byTitle, type Full, makeVault, secondBrowser } from "./testing/world.ts";
import type { AgentTerms } from "./types.ts";
import type { AgentList, VaultState } from "./wire.ts";

/** An enrolled agent of the test, active, with its keys. */
async function enrol(world: Full, scopeId: string, terms = allTerms(scopeId)) {
  const invitation = await world.vault.agents.invite("Writer", terms);
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
    await put(world, entry, next, agent.key);
  }

  /** Stores a version as it was signed, whatever a client would say to it. */
  async function put(world: Full, entry: StoredEntry, header: Header, key: SigningKey) {
    const body = encodeHeader(header);
    const signed = toBase64(await key.signed("header", idBytes(world.vault.vaultId), body));
    entry.versions.unshift({ signed, header, hash: sha256(body), records: entry.versions[0]?.records ?? [] });
  }

  /** Alpha in a scope where an agent may write, seen by a browser; then a version "of the owner" that nobody signed, and one of the agent that names it. */
  async function withInsertedVersion(edit: (header: Header) => void) {
    const world = await makeVault(["Alpha"]);
    const scope = await world.vault.scopes.create("Work");
    const alpha = byTitle(world.vault, "Alpha");
    await world.vault.entries.setScopes([alpha.id], [scope.id]);
    const agent = await enrol(world, scope.id);
    const entry = stored(world.node, alpha.id);
    const [last] = entry.versions;
    if (last === undefined) throw new Error("no version");
    const inserted = { ...structuredClone(last.header), version: last.header.version + 1, previous: last.hash };
    edit(inserted);
    await put(world, entry, inserted, await ownKey());
    await written(world, agent, () => undefined);
    return { world, alpha, entry };
  }

  it.each([
    ["destinations", (header: Header) => void header.destinations.push("https://z.example")],
    ["scopes", (header: Header) => (header.scopes = [...header.scopes, "77".repeat(16)])],
    ["a lower tier", (header: Header) => header.fields.forEach((field) => field.kind === 5 && Object.assign(field, { tier: 1, version: header.version }))],
  ])("M25: an unsigned version of the owner with other %s, named by an agent's signed one", async (_, edit) => {
    const { world } = await withInsertedVersion(edit);
    const changes = world.node.asked.filter((path) => path === "POST /v1/changes").length;
    await expectAlarm(world, () => reopen(world), /^signature/);
    await expectAlarm(world, () => world.vault.entries.load().then(() => world.vault.entries.history(byTitle(world.vault, "Alpha").id)), /^signature/);
    await expectDead(world, world.vault);
    const other = secondBrowser(world);
    await expectAlarm({ ...world, client: other.client }, async () => (await other.client.unlock()).entries.load(), /^signature/);
    expect(world.node.asked.filter((path) => path === "POST /v1/changes").length).toBe(changes);
  });

  it("the same under a history that a browser had seen before", async () => {
    const { world, alpha } = await withInsertedVersion((header) => void header.destinations.push("https://z.example"));
    const [newest] = stored(world.node, alpha.id).versions;
    if (newest) await world.pins.raiseEntries(world.vault.vaultId, new Map([[alpha.id, { version: newest.header.version, hash: newest.hash }]]));
    const vault = await world.client.unlock();
    await expectAlarm(world, () => vault.entries.load().then(() => vault.entries.history(alpha.id)), /^signature/);
    await expectDead(world, vault);
  });

  it.each([["the trash", 1], ["the end for ever", 2]])("an agent puts %s under an entry", async (_, deleted) => {
    const world = await makeVault();
    const agent = await enrol(world, zeroId);
    await written(world, agent, ((header: Header) => Object.assign(header, { deleted, fields: deleted === 2 ? [] : header.fields })) as never);
    await expectAlarm(world, () => reopen(world), /^rule: agents delete nothing/);
  });

  it.each([
    ["M10: a destination", (header: { destinations: string[] }) => header.destinations.push("https://z.example"), /^chain: agent: destinations/],
    ["M08: a lower tier", (header: { fields: { kind: number; tier: number }[] }) => header.fields.forEach((field) => field.kind === 5 && (field.tier = 1)), /^chain: (agent: kind or tier|old field)/],
    ["a field of tier 3", (header: { fields: { tier: number }[] }) => (header.fields = header.fields.filter((field) => field.tier !== 3)), /^chain: agent: tier 3/],
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

  it.each([
    ["write in one of two scopes", ({ scopes: [a, b], ...more }: AgentTerms) => ({ ...more, scopes: [{ ...a, capabilities: { ...a?.capabilities, write: false } }, b] })],
    ["one of two scopes", ({ scopes: [, b], ...more }: AgentTerms) => ({ ...more, scopes: [b] })],
  ])("what an agent wrote is taken over when it loses %s, also what the browser had not loaded yet", async (_, edit) => {
    const world = await makeVault();
    const [a, b] = [await world.vault.scopes.create("A"), await world.vault.scopes.create("B")];
    const [alpha, beta] = [byTitle(world.vault, "Alpha"), byTitle(world.vault, "Beta")];
    await world.vault.entries.setScopes([alpha.id], [a.id]);
    await world.vault.entries.setScopes([beta.id], [b.id]);
    const terms = { ...allTerms(a.id), scopes: [...allTerms(a.id).scopes, ...allTerms(b.id).scopes] };
    const agent = await enrol(world, a.id, terms);
    await written(world, agent, () => undefined);
    await written(world, agent, () => undefined, "Beta");
    await world.vault.agents.change(agent.id, edit(terms) as AgentTerms);
    const fresh = await secondBrowser(world).client.unlock();
    await fresh.entries.load();
    expect([fresh.entries.get(alpha.id)?.author, fresh.entries.get(alpha.id)?.version]).toEqual([null, 4]);
    expect(fresh.entries.get(beta.id)?.author).toBe(agent.id);
    await written(world, agent, () => undefined);
    await expectAlarm(world, () => reopen(world), /^rule: the author may not write/);
  });

  it.each([
    ["loses write", async (world: Full, id: string, terms: AgentTerms) => {
      const scopes = terms.scopes.map((scope) => ({ ...scope, capabilities: { ...scope.capabilities, write: false } }));
      await world.vault.agents.change(id, { ...terms, scopes });
    }],
    ["is revoked", async (world: Full, id: string) => world.vault.agents.revoke(id)],
  ])("an agent that writes just before it %s leaves nothing that another browser refuses", async (_, lose) => {
    const world = await makeVault(["Alpha", "Beta"]);
    const scope = await world.vault.scopes.create("Work");
    for (const title of ["Alpha", "Beta"]) await world.vault.entries.setScopes([byTitle(world.vault, title).id], [scope.id]);
    const terms = allTerms(scope.id);
    const agent = await enrol(world, scope.id, terms);
    await written(world, agent, () => undefined, "Beta");
    world.node.beforeNext = () => written(world, agent, () => undefined);
    await lose(world, agent.id, terms);
    const fresh = await secondBrowser(world).client.unlock();
    await fresh.entries.load();
    for (const title of ["Alpha", "Beta"]) expect([byTitle(fresh, title).author, byTitle(fresh, title).version]).toEqual([null, 4]);
    expect(await fresh.entries.openField(byTitle(fresh, "Alpha").id, byLabel(byTitle(fresh, "Alpha"), "Password"))).toBe("password-of-Alpha");
  });

  it("the owner's browser signs again what agents wrote many times in a row, long before the node's limit", async () => {
    const world = await makeVault(["Alpha", "Beta"]);
    const agent = await enrol(world, zeroId);
    for (let version = 0; version < agentRunMax; version++) await written(world, agent, () => undefined);
    await written(world, agent, () => undefined, "Beta");
    const fresh = await secondBrowser(world).client.unlock();
    await fresh.entries.load();
    expect([byTitle(fresh, "Alpha").author, byTitle(fresh, "Alpha").version]).toEqual([null, agentRunMax + 2]);
    expect([byTitle(fresh, "Beta").author, byTitle(fresh, "Beta").version]).toEqual([agent.id, 2]);
    await written(world, agent, () => undefined);
    await fresh.entries.reload();
    expect([byTitle(fresh, "Alpha").author, byTitle(fresh, "Alpha").version]).toEqual([agent.id, agentRunMax + 3]);
  });

  it("what a revoked agent wrote beneath another's version stays provable", async () => {
    const world = await makeVault(["Alpha"]);
    const [gone, stays] = [await enrol(world, zeroId), await enrol(world, zeroId)];
    await written(world, gone, () => undefined);
    await written(world, stays, () => undefined);
    await world.vault.agents.revoke(gone.id);
    const fresh = await secondBrowser(world).client.unlock();
    await fresh.entries.load();
    const alpha = byTitle(fresh, "Alpha");
    expect([alpha.author, alpha.version]).toEqual([null, 4]);
    expect((await fresh.entries.history(alpha.id)).length).toBe(4);
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
