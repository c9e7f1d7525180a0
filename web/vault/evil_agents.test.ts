// The hostile node and agents, together or alone: M08, M10, M11, M17, M25. Each case is refused with one alarm.
import { describe, expect, it } from "vitest";
import { makeRandom, toBase64 } from "../crypto/bytes.ts";
import { readHeader, signHeader } from "../crypto/header.ts";
import { makeX25519, unwrapKey } from "../crypto/hpke.ts";
import { idBytes, zeroBytes32, zeroId } from "../crypto/ids.ts";
import { AgentState } from "../crypto/manifest.ts";
import { derivePublic, PublicKey, SigningKey } from "../crypto/sign.ts";
import { enrolMac, parseEnrol } from "../crypto/token.ts";
import { openScope } from "../crypto/wrap.ts";
import { allTerms, expectAlarm, expectDead, forgedManifest, reopen, stored, tamper, unblob } from "./testing/evil.ts";
import { byTitle, type Full, makeVault, secondBrowser } from "./testing/world.ts";
import type { AgentList, VaultState } from "./wire.ts";

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
