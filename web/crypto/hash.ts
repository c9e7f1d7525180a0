// SHA-256, HMAC and HKDF without a round trip to WebCrypto: a list of 10,000 entries needs 60,000 of them, and each call there costs more than the hash itself.
import { hkdf as hkdfOf } from "@noble/hashes/hkdf.js";
import { hmac as hmacOf } from "@noble/hashes/hmac.js";
import { sha256 as sha256Of } from "@noble/hashes/sha2.js";
import { type Bytes, concat } from "./bytes.ts";

/** SHA-256 of all parts joined. */
export function sha256(...parts: readonly Uint8Array[]): Bytes {
  const [only] = parts;
  return sha256Of(parts.length === 1 && only ? only : concat(...parts)) as Bytes;
}

/** HMAC-SHA-256. */
export function hmac(key: Uint8Array, message: Uint8Array): Bytes {
  return hmacOf(sha256Of, key, message) as Bytes;
}

/** HKDF-SHA-256 (RFC 5869). */
export function hkdf(ikm: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Bytes {
  return hkdfOf(sha256Of, ikm, salt, info, length) as Bytes;
}
