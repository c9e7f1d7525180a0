// SHA-256 and HMAC that answer at once, where WebCrypto only promises to: hash chains and Merkle proofs read better without waiting at every step.
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
