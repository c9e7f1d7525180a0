// The browser's side of WebAuthn: what is asked for, what is refused, and that no extension result leaves for the node.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { toBase64, toHex } from "../crypto/bytes.ts";
import { prfInput } from "../crypto/keys.ts";
import { BrowserAuthenticator } from "./webauthn.ts";

const prf = new Uint8Array(32).fill(0x5e);
const ceremony = { ceremony_id: "00".repeat(16), challenge: toBase64(new Uint8Array(32).fill(1)), rp_id: "localhost", credential_ids: [toBase64(new Uint8Array(16).fill(2))] };
let flags = 0x05;
let results: { prf?: { results?: { first: ArrayBuffer } } } = {};
const asked: CredentialCreationOptions[] = [];

class FakeCredential {
  readonly rawId = new Uint8Array(16).fill(3).buffer;
  readonly response: unknown;
  constructor() {
    const authenticatorData = new Uint8Array(37);
    authenticatorData[32] = flags;
    const bytes = (value: number) => new Uint8Array(4).fill(value).buffer;
    this.response = {
      attestationObject: bytes(4), clientDataJSON: bytes(5), authenticatorData: authenticatorData.buffer, signature: bytes(6), userHandle: new Uint8Array(16).fill(7).buffer,
      getAuthenticatorData: () => authenticatorData.buffer,
    };
  }
  getClientExtensionResults() {
    return results;
  }
}

beforeEach(() => {
  [flags, asked.length] = [0x05, 0];
  results = { prf: { results: { first: prf.slice().buffer } } };
  const credential = async (options: CredentialCreationOptions) => {
    asked.push(options);
    return new FakeCredential();
  };
  vi.stubGlobal("PublicKeyCredential", FakeCredential);
  vi.stubGlobal("navigator", { credentials: { create: credential, get: credential } });
});
afterEach(() => vi.unstubAllGlobals());

const user = { id: new Uint8Array(16).fill(7), name: "Home" };

describe("passkeys of a browser", () => {
  it("are asked for with everything fixed here", async () => {
    await new BrowserAuthenticator().create(ceremony, user);
    const options = asked[0]?.publicKey;
    expect(options?.authenticatorSelection).toEqual({ residentKey: "required", requireResidentKey: true, userVerification: "required" });
    expect(options?.attestation).toBe("none");
    expect(options?.excludeCredentials?.length).toBe(1);
    expect(toHex(new Uint8Array(options?.extensions?.prf?.eval?.first as ArrayBuffer))).toBe(toHex(prfInput()));
  });

  it("give the node no extension result, and the PRF output is taken out of the browser's copy", async () => {
    const authenticator = new BrowserAuthenticator();
    const made = await authenticator.create(ceremony, user);
    expect(Object.keys(made.credential).sort()).toEqual(["attestation_object", "client_data_json", "raw_id"]);
    expect(toHex(made.prf ?? new Uint8Array(0))).toBe(toHex(prf));
    expect(new Uint8Array(results.prf?.results?.first ?? new ArrayBuffer(1)).every((byte) => byte === 0)).toBe(true);
    results = { prf: { results: { first: prf.slice().buffer } } };
    const used = await authenticator.get(ceremony);
    expect(Object.keys(used.credential).sort()).toEqual(["authenticator_data", "client_data_json", "raw_id", "signature", "user_handle"]);
    expect(JSON.stringify([made.credential, used.credential])).not.toContain(toBase64(prf));
    expect(toHex(used.userHandle ?? new Uint8Array(0))).toBe("07".repeat(16));
  });

  it("M16: without user verification are refused, whatever else holds", async () => {
    flags = 0x01;
    await expect(new BrowserAuthenticator().create(ceremony, user)).rejects.toMatchObject({ name: "PasskeyProblem" });
    await expect(new BrowserAuthenticator().get(ceremony)).rejects.toMatchObject({ name: "PasskeyProblem" });
  });

  it("that give nothing, say so", async () => {
    results = {};
    expect((await new BrowserAuthenticator().get(ceremony)).prf).toBeUndefined();
  });

  it.each([["NotAllowedError", "cancelled"], ["SecurityError", "insecure"], ["NotSupportedError", "unsupported"]])("%s is told in words", async (name, trouble) => {
    const refused = () => Promise.reject(new DOMException("x", name));
    vi.stubGlobal("navigator", { credentials: { create: refused, get: refused } });
    await expect(new BrowserAuthenticator().get(ceremony)).rejects.toMatchObject({ trouble });
  });

  it.each([
    [false, "vault.example", false], [true, "192.168.1.5", false], [true, "[::1]", false], [true, "localhost", true], [true, "vault.example", true],
  ])("secure context %s at %s: %s", async (isSecureContext, hostname, ok) => {
    vi.stubGlobal("window", { isSecureContext });
    vi.stubGlobal("location", { hostname });
    expect((await new BrowserAuthenticator().support()).ok).toBe(ok);
  });
});
