// A browser without Ed25519 and X25519: the libraries that are loaded then give and accept the same bytes.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fromHex, toHex, utf8 } from "./bytes.ts";

const without = /ed25519|x25519/i;
const named = (algorithm: unknown) => without.test(typeof algorithm === "string" ? algorithm : String((algorithm as { name?: string } | null)?.name));

function hide(method: "generateKey" | "importKey", at: number): void {
  const native = crypto.subtle[method].bind(crypto.subtle) as (...all: unknown[]) => Promise<unknown>;
  vi.spyOn(crypto.subtle, method).mockImplementation(((...all: unknown[]) =>
    named(all[at]) ? Promise.reject(new DOMException("no such algorithm", "NotSupportedError")) : native(...all)) as never);
}

beforeEach(() => {
  vi.resetModules();
  hide("generateKey", 0);
  hide("importKey", 2);
});
afterEach(() => vi.restoreAllMocks());

describe("without the curves", () => {
  const seed = Uint8Array.from({ length: 32 }, (_, i) => i + 1);

  it("signs and verifies as RFC 8032 says, and is as strict", async () => {
    const { derivePublic, SigningKey } = await import("./sign.ts");
    const rfc = fromHex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60") ?? seed;
    expect(toHex(await derivePublic(rfc))).toBe("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    const key = await SigningKey.fromSeed(rfc, await derivePublic(rfc));
    const signature = await key.raw(new Uint8Array(0));
    expect(toHex(signature).slice(0, 32)).toBe("e5564300c360ac729086e2cc806e828a");
    expect(await key.publicKey.verifyRaw(new Uint8Array(0), signature)).toBe(true);
    expect(await key.publicKey.verifyRaw(utf8("x"), signature)).toBe(false);
  });

  it("wraps and unwraps", async () => {
    const { makeX25519, openWrap, unwrapKey, wrapInfo, wrapTo, x25519Public } = await import("./hpke.ts");
    const pair = await makeX25519();
    expect(toHex(await x25519Public(pair.privateKey))).toBe(toHex(pair.publicKey));
    const info = wrapInfo("vmk", seed);
    const wrap = await wrapTo(pair.publicKey, info, seed);
    expect(toHex(await openWrap(await unwrapKey(pair.privateKey), info, wrap))).toBe(toHex(seed));
    await expect(wrapTo(new Uint8Array(32), info, seed)).rejects.toMatchObject({ layer: "key" });
  });

  it("opens a vault that a browser with the curves has made", async () => {
    vi.restoreAllMocks();
    const world = await (await import("../vault/testing/world.ts")).makeVault(["Alpha"]);
    vi.resetModules();
    hide("generateKey", 0);
    hide("importKey", 2);
    const { createVaultClient } = await import("../vault/client.ts");
    const { MemoryPins } = await import("../vault/pins.ts");
    const parts = { transport: world.node, pins: new MemoryPins(), authenticator: world.authenticator, now: () => world.clock };
    const vault = await createVaultClient(parts).unlock();
    await vault.entries.load();
    expect(vault.entries.all().map((entry) => entry.title)).toEqual(["Alpha"]);
    await vault.entries.create({ title: "Beta", kind: "note", fields: [{ kind: "note", label: "n", value: "v" }] });
    expect(vault.entries.all().length).toBe(2);
  });
});
