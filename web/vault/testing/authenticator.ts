// An authenticator for tests: passkeys with a PRF, and every way in which real ones have been seen to misbehave.
import { type Bytes, equal, fromBase64, makeRandom, toBase64 } from "../../crypto/bytes.ts";
import { hmac } from "../../crypto/hash.ts";
import { prfInput } from "../../crypto/keys.ts";
import type { Support } from "../types.ts";
import { type Authenticator, creationOptions, type Made, requestOptions, type Used } from "../webauthn.ts";
import type { Ceremony } from "../wire.ts";

/** How the PRF behaves: at creation and when used. */
export type PrfMode = "good" | "late" | "none" | "zero" | "short" | "unstable";

interface Passkey { readonly id: Bytes; readonly userHandle: Bytes; secret: Bytes }

export class TestAuthenticator implements Authenticator {
  readonly passkeys: Passkey[] = [];
  mode: PrfMode = "good";
  /** Which passkey the person picks when several fit: the newest unless set. */
  pick: number | undefined;
  /** How often the person was asked. */
  asked = 0;
  /** Options of the last ceremony, as the browser would get them. */
  lastOptions: PublicKeyCredentialCreationOptions | PublicKeyCredentialRequestOptions | undefined;

  async support(): Promise<Support> {
    return { ok: true };
  }

  #prf(passkey: Passkey, atCreation: boolean): Bytes | undefined {
    if (this.mode === "none" || (this.mode === "late" && atCreation)) return undefined;
    if (this.mode === "zero") return new Uint8Array(32);
    if (this.mode === "short") return new Uint8Array(16).fill(7);
    if (this.mode === "unstable") return makeRandom(32);
    return hmac(passkey.secret, prfInput());
  }

  async create(ceremony: Ceremony, user: { id: Bytes; name: string }): Promise<Made> {
    this.asked++;
    this.lastOptions = creationOptions(ceremony, user);
    const passkey = { id: makeRandom(16), userHandle: user.id, secret: makeRandom(32) };
    this.passkeys.push(passkey);
    const credential = { raw_id: toBase64(passkey.id), attestation_object: "AA", client_data_json: "AA" };
    return { credential, id: passkey.id, prf: this.#prf(passkey, true) };
  }

  async get(ceremony: Pick<Ceremony, "challenge" | "rp_id" | "credential_ids">): Promise<Used> {
    this.asked++;
    this.lastOptions = requestOptions(ceremony);
    const allowed = ceremony.credential_ids.map((id) => fromBase64(id) ?? new Uint8Array(0));
    const fit = allowed.length === 0 ? this.passkeys : this.passkeys.filter((one) => allowed.some((id) => equal(id, one.id)));
    const picked = this.pick === undefined ? undefined : this.passkeys[this.pick];
    const passkey = picked && fit.includes(picked) ? picked : fit.at(-1);
    if (passkey === undefined) throw new Error("no passkey fits");
    const credential = { raw_id: toBase64(passkey.id), authenticator_data: "AA", client_data_json: "AA", signature: "AA", user_handle: toBase64(passkey.userHandle) };
    return { credential, id: passkey.id, userHandle: passkey.userHandle, prf: this.#prf(passkey, false) };
  }
}
