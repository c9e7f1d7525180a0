// HPKE base mode with DHKEM(X25519, HKDF-SHA-256), HKDF-SHA-256 and AES-256-GCM (RFC 9180): the wraps of docs/FORMAT.md section 5.
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from "@hpke/core";
import { type Bytes, concat, fromBase64, utf8, wipe } from "./bytes.ts";
import { demand, Refused } from "./refused.ts";

/** What is wrapped; no two uses share one. */
export type WrapInfo = "vmk" | "scope" | "backup";

const encBytes = 32;
const privatePrefix = Uint8Array.from([0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x04, 0x22, 0x04, 0x20]);

/** `"clavitor/v1/hpke/…" ‖ 0x00 ‖ ids` */
export function wrapInfo(use: WrapInfo, ...ids: readonly Bytes[]): Bytes {
  return concat(utf8(`clavitor/v1/hpke/${use}`), Uint8Array.of(0), ...ids);
}

let suite: Promise<CipherSuite> | undefined;
let nativeCurve = true;

/** The suite, over WebCrypto; where a browser has no X25519, over a maintained library that is loaded then. */
function theSuite(): Promise<CipherSuite> {
  suite ??= (async () => {
    nativeCurve = await crypto.subtle.generateKey("X25519", false, ["deriveBits"]).then(
      () => true,
      () => false,
    );
    const kem = nativeCurve ? new DhkemX25519HkdfSha256() : new (await import("@hpke/dhkem-x25519")).DhkemX25519HkdfSha256();
    return new CipherSuite({ kem, kdf: new HkdfSha256(), aead: new Aes256Gcm() });
  })();
  return suite;
}

/** An X25519 private key that cannot be taken out again (in browsers that have X25519), with its public key. */
export interface UnwrapKey {
  readonly pair: CryptoKeyPair;
  readonly publicKey: Bytes;
}

/** Makes a key pair; the caller seals `privateKey` and wipes it. */
export async function makeX25519(): Promise<{ privateKey: Bytes; publicKey: Bytes }> {
  const { kem } = await theSuite();
  const pair = await kem.generateKeyPair();
  const [privateKey, publicKey] = await Promise.all([kem.serializePrivateKey(pair.privateKey), kem.serializePublicKey(pair.publicKey)]);
  return { privateKey: new Uint8Array(privateKey), publicKey: new Uint8Array(publicKey) };
}

/** Takes a private key for opening, and wipes the bytes. */
export async function unwrapKey(privateKey: Bytes): Promise<UnwrapKey> {
  const { kem } = await theSuite();
  try {
    const publicKey = await x25519Public(privateKey);
    const pair = { privateKey: await importPrivate(privateKey), publicKey: await kem.deserializePublicKey(publicKey) };
    return { pair, publicKey };
  } finally {
    wipe(privateKey);
  }
}

async function importPrivate(privateKey: Bytes): Promise<CryptoKey> {
  const { kem } = await theSuite();
  if (!nativeCurve) return kem.deserializePrivateKey(privateKey.slice());
  const wrapped = concat(privatePrefix, privateKey);
  return crypto.subtle.importKey("pkcs8", wrapped, "X25519", false, ["deriveBits"]).finally(() => wipe(wrapped));
}

/** The public key of a private one. */
export async function x25519Public(privateKey: Bytes): Promise<Bytes> {
  await theSuite();
  if (!nativeCurve) return (await import("@noble/curves/ed25519.js")).x25519.getPublicKey(privateKey) as Bytes;
  const wrapped = concat(privatePrefix, privateKey);
  const key = await crypto.subtle.importKey("pkcs8", wrapped, "X25519", true, ["deriveBits"]).finally(() => wipe(wrapped));
  const { x } = await crypto.subtle.exportKey("jwk", key);
  const bytes = fromBase64(x ?? "");
  demand(bytes !== undefined && bytes.length === 32, "key", "x25519");
  return bytes;
}

/** `enc[32] ‖ ciphertext`. `ekm` makes the ephemeral key in tests. */
export async function wrapTo(recipient: Bytes, info: Bytes, value: Bytes, ekm?: Bytes): Promise<Bytes> {
  const hpke = await theSuite();
  try {
    const recipientPublicKey = await hpke.kem.deserializePublicKey(recipient);
    const parameters = ekm === undefined ? { recipientPublicKey, info } : { recipientPublicKey, info, ekm: ekm.slice().buffer };
    const sealed = await hpke.seal(parameters, value);
    return concat(new Uint8Array(sealed.enc), new Uint8Array(sealed.ct));
  } catch {
    throw new Refused("key", "recipient");
  }
}

/** Opens a wrap. Throws `Refused`. The caller wipes the value. */
export async function openWrap(key: UnwrapKey, info: Bytes, wrap: Bytes): Promise<Bytes> {
  demand(wrap.length > encBytes + 16, "shape", "wrap");
  const hpke = await theSuite();
  try {
    const value = await hpke.open({ recipientKey: key.pair, enc: wrap.slice(0, encBytes), info }, wrap.slice(encBytes));
    return new Uint8Array(value);
  } catch {
    throw new Refused("hpke");
  }
}
