// The vault client against an honest node: making, unlocking, and the ways in.
import { describe, expect, it } from "vitest";
import { toHex } from "../crypto/bytes.ts";
import { hmac } from "../crypto/hash.ts";
import { prfInput } from "../crypto/keys.ts";
import { BadCode, BadDraft, Locked, PasskeyProblem } from "./errors.ts";
import { byLabel, byTitle, makeVault, makeWorld, secondBrowser, setup } from "./testing/world.ts";

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
