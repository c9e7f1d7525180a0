// Ids: 16 random bytes (an unlocker's is a hash of 32), written in lower-case hexadecimal everywhere outside sealed bytes.
import { type Bytes, concat, fromHex, makeRandom, toHex, u16be, utf8 } from "./bytes.ts";
import { sha256 } from "./hash.ts";
import { demand } from "./refused.ts";

/** `0^16`: the whole vault among scopes, the summary among fields, the owner among authors. */
export const zeroId = "0".repeat(32);
export const zeroBytes16: Bytes = new Uint8Array(16);
export const zeroBytes32: Bytes = new Uint8Array(32);

/** A fresh random id. */
export function makeId(): string {
  return toHex(makeRandom(16));
}

/** The 16 bytes of an id. */
export function idBytes(id: string): Bytes {
  const bytes = fromHex(id);
  demand(bytes !== undefined && bytes.length === 16, "shape", "id");
  return bytes;
}

/** The 32 bytes of an unlocker id. */
export function unlockerBytes(id: string): Bytes {
  const bytes = fromHex(id);
  demand(bytes !== undefined && bytes.length === 32, "shape", "unlocker id");
  return bytes;
}

/** The id of a passkey as an unlocker. */
export function passkeyUnlockerId(rpId: string, credentialId: Uint8Array): string {
  const rp = utf8(rpId);
  return toHex(sha256(concat(u16be(rp.length), rp, credentialId)));
}

/** The id of the recovery code as an unlocker. */
export function recoveryUnlockerId(): string {
  return passkeyUnlockerId("", utf8("recovery"));
}
