// The PRF rules (docs/FORMAT.md section 10): use it once after making it, compare, refuse junk, and only then let it wrap anything.
import { type Bytes, equal, makeRandom, toBase64, wipe } from "../crypto/bytes.ts";
import { makeX25519 } from "../crypto/hpke.ts";
import { idBytes, passkeyUnlockerId } from "../crypto/ids.ts";
import { checkPrf, passkeyKek, unlockerContext, unlockerValue } from "../crypto/keys.ts";
import { Kind, RecordKey, seal } from "../crypto/record.ts";
import { Refused } from "../crypto/refused.ts";
import { PasskeyProblem } from "./errors.ts";
import type { Authenticator } from "./webauthn.ts";
import type { Ceremony, RegistrationCredential } from "./wire.ts";

/** A passkey that gave the same good PRF output as often as it was asked. */
export interface NewPasskeyKey {
  readonly unlockerId: string;
  readonly credential: RegistrationCredential;
  readonly kek: CryptoKey;
}

const noPrf = "This passkey cannot keep a key for the vault (it has no PRF). Use another one: a phone, a security key, or another browser.";
const junk = "This passkey gave a worthless answer, so it cannot protect a vault. Use another one, or another browser.";
const unstable = "This passkey answered differently when asked twice, so it could lock you out. Use another one, or another browser.";

/** Refuses PRF output that is missing, short or all zero. */
export function goodPrf(prf: Bytes | undefined): Bytes {
  if (prf === undefined || prf.length === 0) throw new PasskeyProblem("no prf", noPrf);
  try {
    checkPrf(prf);
  } catch (error) {
    throw error instanceof Refused ? new PasskeyProblem("unstable prf", junk) : error;
  }
  return prf;
}

/** Makes a passkey, uses it with the same input, compares. Asks the person twice, three times when it gave no value at creation. */
export async function makePasskey(authenticator: Authenticator, ceremony: Ceremony, vault: string, name: string): Promise<NewPasskeyKey> {
  const made = await authenticator.create(ceremony, { id: idBytes(vault), name });
  const again = async () => {
    const local = { challenge: toBase64(makeRandom(32)), rp_id: ceremony.rp_id, credential_ids: [toBase64(made.id)] };
    const used = await authenticator.get(local);
    if (!equal(used.id, made.id)) throw new PasskeyProblem("differs", "Another passkey was used than the one just made.");
    return goodPrf(used.prf);
  };
  const first = made.prf === undefined || made.prf.length === 0 ? await again() : goodPrf(made.prf);
  const second = await again();
  const same = equal(first, second);
  wipe(first);
  if (!same) {
    wipe(second);
    throw new PasskeyProblem("unstable prf", unstable);
  }
  return {
    unlockerId: passkeyUnlockerId(ceremony.rp_id, made.id),
    credential: made.credential,
    kek: await passkeyKek(second, idBytes(vault), made.id),
  };
}

/** An unlocker's key pair, its private half sealed in record 0x10. */
export async function makeUnlocker(kek: CryptoKey, vault: string, unlockerId: string, uskPublic: Bytes): Promise<{ record: Bytes; x25519: Bytes }> {
  const { privateKey, publicKey } = await makeX25519();
  const value = unlockerValue(privateKey, uskPublic);
  try {
    const record = await seal(new RecordKey(Kind.unlocker, 0, kek), unlockerContext(idBytes(vault), unlockerId), value);
    return { record, x25519: publicKey };
  } finally {
    wipe(privateKey, value);
  }
}
