// The only module that calls WebAuthn. What leaves it for the server has no extension results: PRF output stays in this browser.
import { type Bytes, fromBase64, toBase64 } from "../crypto/bytes.ts";
import { prfInput } from "../crypto/keys.ts";
import { demand } from "../crypto/refused.ts";
import { PasskeyProblem } from "./errors.ts";
import type { Support } from "./types.ts";
import type { AssertionCredential, Ceremony, RegistrationCredential } from "./wire.ts";

/** A passkey that was made. */
export interface Made {
  readonly credential: RegistrationCredential;
  readonly id: Bytes;
  /** Some authenticators give a value at creation. */
  readonly prf: Bytes | undefined;
}

/** A passkey that was used. */
export interface Used {
  readonly credential: AssertionCredential;
  readonly id: Bytes;
  readonly userHandle: Bytes | undefined;
  readonly prf: Bytes | undefined;
}

/** Makes and uses passkeys. User verification, resident keys and the PRF input are fixed here; the node chooses none of them. */
export interface Authenticator {
  support(): Promise<Support>;
  create(ceremony: Ceremony, user: { id: Bytes; name: string }): Promise<Made>;
  get(ceremony: Pick<Ceremony, "challenge" | "rp_id" | "credential_ids">): Promise<Used>;
}

const timeoutMs = 120_000;
const userVerifiedFlag = 0x04;
// ES256 and RS256. The library that the node verifies with refuses Ed25519 (-8), so a passkey of that kind must not be made.
const algorithms = [-7, -257];

function bytesOf(text: string): Bytes {
  const bytes = fromBase64(text);
  demand(bytes !== undefined, "shape", "base64url");
  return bytes;
}

function descriptors(ids: readonly string[]): PublicKeyCredentialDescriptor[] {
  return ids.map((id) => ({ type: "public-key", id: bytesOf(id) }));
}

/** Options of `create()`; only challenge, relying party and ids come from the node. */
export function creationOptions(ceremony: Ceremony, user: { id: Bytes; name: string }): PublicKeyCredentialCreationOptions {
  return {
    rp: { id: ceremony.rp_id, name: "Clavitor" },
    user: { id: user.id, name: user.name, displayName: user.name },
    challenge: bytesOf(ceremony.challenge),
    pubKeyCredParams: algorithms.map((alg) => ({ type: "public-key", alg })),
    excludeCredentials: descriptors(ceremony.credential_ids),
    authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
    attestation: "none",
    timeout: timeoutMs,
    extensions: { prf: { eval: { first: prfInput() } } },
  };
}

/** Options of `get()`. */
export function requestOptions(ceremony: Pick<Ceremony, "challenge" | "rp_id" | "credential_ids">): PublicKeyCredentialRequestOptions {
  return {
    rpId: ceremony.rp_id,
    challenge: bytesOf(ceremony.challenge),
    allowCredentials: descriptors(ceremony.credential_ids),
    userVerification: "required",
    timeout: timeoutMs,
    extensions: { prf: { eval: { first: prfInput() } } },
  };
}

/** Takes the bytes out and leaves zeros behind. */
function taken(source: BufferSource): Bytes {
  const view = ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer as ArrayBuffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source as ArrayBuffer);
  const bytes = view.slice();
  view.fill(0);
  return bytes;
}

function prfOf(credential: PublicKeyCredential): Bytes | undefined {
  const first = credential.getClientExtensionResults().prf?.results?.first;
  return first === undefined ? undefined : taken(first);
}

function checkVerified(authenticatorData: ArrayBuffer): void {
  const flags = new Uint8Array(authenticatorData)[32] ?? 0;
  if ((flags & userVerifiedFlag) === 0) {
    throw new PasskeyProblem("unsupported", "The passkey did not check that it is you (PIN, fingerprint or face). Set that up on it, then try again.");
  }
}

async function asked<T extends Credential>(work: Promise<Credential | null>, kind: new () => T): Promise<T> {
  const credential = await work.catch((error: unknown) => {
    throw problemOf(error);
  });
  if (!(credential instanceof kind)) throw new PasskeyProblem("cancelled", "No passkey was used.");
  return credential;
}

function problemOf(error: unknown): PasskeyProblem {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "AbortError") {
    return new PasskeyProblem("cancelled", "The passkey was not used: it was cancelled, took too long, or this device has none for this vault.");
  }
  if (name === "InvalidStateError") return new PasskeyProblem("unsupported", "This device already has a passkey for this vault.");
  if (name === "SecurityError") return new PasskeyProblem("insecure", "Passkeys do not work at this address. Open the vault at the address it was made for.");
  return new PasskeyProblem("unsupported", "This browser or device could not use a passkey here. Try another browser, a security key, or your phone.");
}

/** The browser's own authenticators. */
export class BrowserAuthenticator implements Authenticator {
  async support(): Promise<Support> {
    if (!window.isSecureContext) {
      return { ok: false, sentence: "Passkeys need HTTPS, or http://localhost. This page was opened without either." };
    }
    if (/^[0-9.]+$|:/.test(location.hostname)) {
      return { ok: false, sentence: "Passkeys are bound to a name and do not work with a bare IP address. Open the vault by its name, or at http://localhost." };
    }
    if (typeof PublicKeyCredential === "undefined") return { ok: false, sentence: "This browser has no passkeys." };
    return { ok: true };
  }

  async create(ceremony: Ceremony, user: { id: Bytes; name: string }): Promise<Made> {
    const work = navigator.credentials.create({ publicKey: creationOptions(ceremony, user) });
    const credential = await asked(work, PublicKeyCredential);
    const response = credential.response as AuthenticatorAttestationResponse;
    checkVerified(response.getAuthenticatorData());
    const id = new Uint8Array(credential.rawId);
    const registration: RegistrationCredential = {
      raw_id: toBase64(id),
      attestation_object: toBase64(new Uint8Array(response.attestationObject)),
      client_data_json: toBase64(new Uint8Array(response.clientDataJSON)),
    };
    return { credential: registration, id, prf: prfOf(credential) };
  }

  async get(ceremony: Pick<Ceremony, "challenge" | "rp_id" | "credential_ids">): Promise<Used> {
    const work = navigator.credentials.get({ publicKey: requestOptions(ceremony) });
    const credential = await asked(work, PublicKeyCredential);
    const response = credential.response as AuthenticatorAssertionResponse;
    checkVerified(response.authenticatorData);
    const userHandle = response.userHandle === null ? undefined : new Uint8Array(response.userHandle);
    const assertion: AssertionCredential = {
      raw_id: toBase64(new Uint8Array(credential.rawId)),
      authenticator_data: toBase64(new Uint8Array(response.authenticatorData)),
      client_data_json: toBase64(new Uint8Array(response.clientDataJSON)),
      signature: toBase64(new Uint8Array(response.signature)),
      user_handle: userHandle === undefined ? null : toBase64(userHandle),
    };
    return { credential: assertion, id: new Uint8Array(credential.rawId), userHandle, prf: prfOf(credential) };
  }
}
