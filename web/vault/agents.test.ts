// Agents, scopes, names and activity against an honest node.
import { describe, expect, it } from "vitest";
import { toHex, fromBase64, utf8 } from "../crypto/bytes.ts";
import { makeX25519, unwrapKey } from "../crypto/hpke.ts";
import { idBytes, zeroId } from "../crypto/ids.ts";
import { AgentState } from "../crypto/manifest.ts";
import { derivePublic, PublicKey } from "../crypto/sign.ts";
import { enrolMac, openEnrolGrant, parseEnrol, parseToken, openTokenGrant } from "../crypto/token.ts";
import { openScope } from "../crypto/wrap.ts";
import { BadDraft, Conflict } from "./errors.ts";
import type { TestNode } from "./testing/node.ts";
import { byLabel, byTitle, makeVault, secondBrowser } from "./testing/world.ts";
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

  it("that are hosted all end when the node is suspected: one change, new keys in their scopes, the others go on, new tokens are possible", async () => {
    const { vault, node, client } = await makeVault();
    const [work, home] = [await vault.scopes.create("Work"), await vault.scopes.create("Home")];
    const [alpha, beta] = [byTitle(vault, "Alpha"), byTitle(vault, "Beta")];
    await vault.entries.setScopes([alpha.id], [work.id]);
    await vault.entries.setScopes([beta.id], [home.id]);
    const stays = await vault.agents.invite("Stays", terms(work.id));
    const staySide = await answer(node, stays.enrolment);
    await stays.finished();
    const old = parseToken((await vault.agents.makeHosted("Curl", terms(work.id))).token);
    await vault.agents.makeHosted("Paused", terms(work.id));
    const kept = fromBase64(node.tokens.get(old.agent)?.grants[0]?.record ?? "") ?? utf8("");
    const sk1Before = await openTokenGrant(old, idBytes(vault.vaultId), work.id, 1, kept);
    const effect = vault.agents.suspicionEffect();
    expect(effect.ends.map((agent) => agent.name).sort()).toEqual(["Curl", "Paused"]);
    expect(effect).toMatchObject({ scopes: [work.id], entries: 1 });
    const [manifests, changes] = [node.manifests.length, node.asked.filter((path) => path === "POST /v1/changes").length];
    await vault.agents.suspectNode();
    expect([node.manifests.length, node.asked.filter((path) => path === "POST /v1/changes").length]).toEqual([manifests + 1, changes + 1]);
    const scopes = node.manifest?.body.scopes ?? [];
    expect(scopes.map(({ id, epoch }) => [id, epoch]).filter(([, epoch]) => epoch !== 1)).toEqual([[work.id, 2]]);
    expect((await vault.agents.list()).map((agent) => agent.name)).toEqual(["Stays"]);
    expect(node.tokens.size).toBe(0);
    const wrap = node.wraps.get(`${stays.agentId} ${work.id}`);
    const usk = new PublicKey(staySide.grant.uskPublic);
    const keys = await openScope(usk, vault.vaultId, stays.agentId, staySide.wrapKey, work.id, 2, fromBase64(wrap?.wrap ?? "") ?? utf8(""));
    expect(toHex(keys.sk1)).not.toBe(toHex(sk1Before));
    expect(vault.agents.waiting()).toBe(1);
    await vault.agents.reseal();
    expect(vault.agents.waiting()).toBe(0);
    expect(vault.agents.suspicionEffect()).toMatchObject({ ends: [], scopes: [], entries: 0 });
    const asked = node.manifests.length;
    await vault.agents.suspectNode();
    expect(node.manifests.length).toBe(asked);
    const fresh = parseToken((await vault.agents.makeHosted("Curl again", terms(work.id))).token);
    const record = fromBase64(node.tokens.get(fresh.agent)?.grants[0]?.record ?? "") ?? utf8("");
    expect(toHex(await openTokenGrant(fresh, idBytes(vault.vaultId), work.id, 2, record))).toBe(toHex(keys.sk1));
    const again = await client.unlock();
    await again.entries.load();
    const now = byTitle(again, "Alpha");
    expect(await again.entries.openField(now.id, byLabel(now, "Password"))).toBe("password-of-Alpha");
  });

  it("are all ended when the node is suspected, also the token that another browser made since", async () => {
    const world = await makeVault([]);
    const { vault, node } = world;
    const [work, home] = [await vault.scopes.create("Work"), await vault.scopes.create("Home")];
    await vault.agents.makeHosted("First", terms(work.id));
    const other = await secondBrowser(world).client.unlock();
    await other.agents.makeHosted("Second", terms(home.id));
    await vault.agents.suspectNode();
    expect(node.tokens.size).toBe(0);
    expect(node.manifest?.body.agents).toEqual([]);
    const raised = (node.manifest?.body.scopes ?? []).filter((scope) => scope.epoch === 2).map((scope) => scope.id);
    expect(raised.sort()).toEqual([work.id, home.id].sort());
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

  it("are not narrowed while they are only invited: the enrolment holds the keys of all their scopes", async () => {
    const { vault, node } = await makeVault([]);
    const [a, b] = [await vault.scopes.create("A"), await vault.scopes.create("B")];
    const both = terms(a.id, { scopes: [...terms(a.id).scopes, ...terms(b.id).scopes] });
    const { agentId } = await vault.agents.invite("Mover", both);
    const manifests = node.manifests.length;
    await expect(vault.agents.change(agentId, terms(a.id))).rejects.toBeInstanceOf(BadDraft);
    expect(node.manifests.length).toBe(manifests);
    expect((await vault.agents.change(agentId, { ...both, perHour: 5 })).perHour).toBe(5);
  });

  it("are changed as they stand in the newest manifest, or the person is asked to repeat", async () => {
    const world = await makeVault([]);
    const { vault, node } = world;
    const first = await vault.agents.invite("First", terms(zeroId));
    const second = await vault.agents.invite("Second", terms(zeroId));
    const other = await secondBrowser(world).client.unlock();
    for (const { enrolment } of [first, second]) await answer(node, enrolment);
    const now = (id: string) => node.manifest?.body.agents.find((agent) => agent.id === id);
    await other.agents.change(first.agentId, terms(zeroId, { perHour: 77 }));
    expect(await vault.agents.finishInvitation(first.agentId)).toMatchObject({ state: "active", perHour: 77 });
    expect(now(first.agentId)).toMatchObject({ state: AgentState.active, perHour: 77 });
    await vault.agents.finishInvitation(second.agentId);
    await expect(other.agents.change(second.agentId, terms(zeroId, { perHour: 5 }))).rejects.toBeInstanceOf(Conflict);
    expect([now(second.agentId)?.state, now(second.agentId)?.ed25519.length]).toEqual([AgentState.active, 32]);
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
