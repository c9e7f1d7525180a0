// Ed25519 (RFC 8032) over the messages of docs/FORMAT.md section 5, stricter than libraries: canonical `S`, canonical and not small-order public keys.
import { type Bytes, concat, equal, fromBase64, makeRandom, toHex, utf8, wipe } from "./bytes.ts";
import { demand, type Layer, Refused } from "./refused.ts";

/** What is signed; no two uses share one. */
export type What = "manifest" | "header" | "vmk" | "scope";

export const signatureBytes = 64;
const seedPrefix = Uint8Array.from([0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20]);
const fieldPrime = (1n << 255n) - 19n;
/** The order of the group, big-endian. */
const groupOrder = Uint8Array.from([
  0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x14, 0xde, 0xf9, 0xde, 0xa2, 0xf7, 0x9c, 0xd6, 0x58, 0x12, 0x63, 0x1a, 0x5c, 0xf5, 0xd3, 0xed,
]);
const orderEightY = 2707385501144840649318225287225658788936804267575313519463743609750303402022n;
/** y of the points whose order divides 8. */
const smallOrderY = new Set([0n, 1n, fieldPrime - 1n, orderEightY, fieldPrime - orderEightY]);

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(Uint8Array.from(bytes).reverse())}`);
}

/** Refuses keys that are not the canonical encoding of a point of large order. Not being on the curve shows when it is used. */
export function checkPublicKey(key: Uint8Array, layer: Layer = "key"): void {
  demand(key.length === 32, layer, "key length");
  const y = littleEndian(key) & ((1n << 255n) - 1n);
  demand(y < fieldPrime, layer, "key is not canonical");
  demand(!smallOrderY.has(y), layer, "key of small order");
}

const prefix = (what: What) => utf8(`clavitor/v1/sig/${what}\0`);
const prefixes: Record<What, Bytes> = { manifest: prefix("manifest"), header: prefix("header"), vmk: prefix("vmk"), scope: prefix("scope") };

/** The bytes a signature is over. */
export function signedMessage(what: What, vault: Bytes, message: Uint8Array): Bytes {
  return concat(prefixes[what], vault, message);
}

/** Whether `S`, little-endian, is below the order of the group. */
function isCanonicalS(s: Uint8Array): boolean {
  for (let i = 0; i < 32; i++) {
    const difference = (s[31 - i] ?? 0) - (groupOrder[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

let native: Promise<boolean> | undefined;

/** Whether the browser has Ed25519. Where it has not, a maintained library is loaded in its place. */
function hasNative(): Promise<boolean> {
  native ??= crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]).then(
    () => true,
    () => false,
  );
  return native;
}

async function library() {
  return (await import("@noble/curves/ed25519.js")).ed25519;
}

/** A public key, imported once. */
export class PublicKey {
  #imported: Promise<CryptoKey> | undefined;

  constructor(readonly bytes: Bytes) {
    checkPublicKey(bytes);
  }

  /** Whether `signature` is this key's over `message`, exactly as given. */
  async verifyRaw(message: Bytes, signature: Bytes): Promise<boolean> {
    if (signature.length !== signatureBytes || !isCanonicalS(signature.subarray(32))) return false;
    if (!(await hasNative())) return (await library()).verify(signature, message, this.bytes, { zip215: false });
    try {
      this.#imported ??= crypto.subtle.importKey("raw", this.bytes, "Ed25519", false, ["verify"]);
      return await crypto.subtle.verify("Ed25519", await this.#imported, signature, message);
    } catch {
      return false;
    }
  }

  /** Throws `Refused` unless the signature holds. */
  async verify(what: What, vault: Bytes, message: Uint8Array, signature: Bytes): Promise<void> {
    demand(await this.verifyRaw(signedMessage(what, vault, message), signature), "signature");
  }
}

/** A private key that cannot be taken out again (in browsers that have Ed25519). */
export class SigningKey {
  private constructor(readonly publicKey: PublicKey, private readonly sign: (message: Bytes) => Promise<Bytes>) {}

  /** The key of a seed. `expected` is its public key as already proved; anything else is refused. */
  static async fromSeed(seed: Bytes, expected: Bytes): Promise<SigningKey> {
    const publicKey = new PublicKey(expected);
    const key = new SigningKey(publicKey, await signer(seed));
    const probe = makeRandom(32);
    demand(await publicKey.verifyRaw(probe, await key.sign(probe)), "key", "private and public key differ");
    return key;
  }

  /** Signs; `signature[64] ‖ body`. */
  async signed(what: What, vault: Bytes, body: Bytes): Promise<Bytes> {
    return concat(await this.signature(what, vault, body), body);
  }

  /** Signs exactly these bytes. */
  raw(message: Bytes): Promise<Bytes> {
    return this.sign(message);
  }

  signature(what: What, vault: Bytes, message: Uint8Array): Promise<Bytes> {
    return this.sign(signedMessage(what, vault, message));
  }
}

async function signer(seed: Bytes): Promise<(message: Bytes) => Promise<Bytes>> {
  if (!(await hasNative())) {
    const { sign } = await library();
    const kept = seed.slice();
    return async (message) => sign(message, kept) as Bytes;
  }
  const wrapped = concat(seedPrefix, seed);
  const key = await crypto.subtle.importKey("pkcs8", wrapped, "Ed25519", false, ["sign"]).finally(() => wipe(wrapped));
  return async (message) => new Uint8Array(await crypto.subtle.sign("Ed25519", key, message));
}

/** The public key of a seed. */
export async function derivePublic(seed: Bytes): Promise<Bytes> {
  if (!(await hasNative())) return (await library()).getPublicKey(seed) as Bytes;
  const wrapped = concat(seedPrefix, seed);
  const key = await crypto.subtle.importKey("pkcs8", wrapped, "Ed25519", true, ["sign"]).finally(() => wipe(wrapped));
  const { x } = await crypto.subtle.exportKey("jwk", key);
  const bytes = fromBase64(x ?? "");
  if (bytes === undefined || equal(bytes, new Uint8Array(32))) throw new Refused("key", "public key");
  return bytes;
}

/** Splits `signature[64] ‖ body`. */
export function splitSigned(signed: Bytes): { signature: Bytes; body: Bytes } {
  demand(signed.length >= signatureBytes, "shape", "signed object");
  return { signature: signed.slice(0, signatureBytes), body: signed.slice(signatureBytes) };
}
