// Every key that a person's browser derives, computed again from the passkey's PRF output, so that the tests can look for each of them where none may be.
import type { Page } from "playwright-core";
import { type Bytes, concat, fromBase64 } from "../../crypto/bytes.ts";
import { derive, type Label } from "../../crypto/derive.ts";
import { sha256 } from "../../crypto/hash.ts";
import { openWrap, unwrapKey, wrapInfo } from "../../crypto/hpke.ts";
import { idBytes, unlockerBytes, zeroBytes16 } from "../../crypto/ids.ts";
import { prfInput, unlockerContext } from "../../crypto/keys.ts";
import { decodeManifest } from "../../crypto/manifest.ts";
import { Kind, open, RecordKey } from "../../crypto/record.ts";
import type { EntryPage, VaultState } from "../../vault/wire.ts";
import type { Needle } from "./needles.ts";

const signatureBytes = 64;

/** What can be known of a vault by whoever holds its passkey. */
export interface VaultSecrets {
  vaultId: string;
  /** Everything that may be in the browser only. */
  needles: Needle[];
}

/** Uses the passkey in the page once more, outside of the app, and derives everything that the app derives. The page must be unlocked. */
export async function takeSecrets(page: Page): Promise<VaultSecrets> {
  const { prf, credentialId } = await usePasskey(page);
  const state = await get<VaultState>(page, "/v1/vault");
  const vault = idBytes(state.vault_id);
  const needles: Needle[] = [];
  const keep = (name: string, bytes: Bytes): Bytes => {
    needles.push({ name, bytes: bytes.slice() });
    return bytes;
  };
  const d = async (name: string, parent: Bytes, label: Label, epoch: number, context?: Bytes): Promise<Bytes> =>
    keep(name, await derive(parent.slice(), label, vault, epoch, context));

  keep("PRF output", prf);
  const kek = await d("KEK", prf, "unlock", 0, sha256(credentialId));
  const unlockerKey = new RecordKey(Kind.unlocker, 0, kek.slice());
  const unlocker = await open(unlockerKey, unlockerContext(vault, state.unlocker.id), bytesOf(state.unlocker.record));
  const x25519 = keep("unlocker's private key", unlocker.slice(0, 32));
  const info = wrapInfo("vmk", vault, unlockerBytes(state.unlocker.id));
  const wrapped = await openWrap(await unwrapKey(x25519.slice()), info, bytesOf(state.unlocker.sealed_vmk).slice(signatureBytes));
  const vmk = keep("vault key", wrapped.slice(0, 32));

  const manifest = decodeManifest(bytesOf(state.manifest).slice(signatureBytes));
  const epoch = manifest.vaultEpoch;
  const k1 = await d("K1", vmk, "tier/1", epoch);
  const k2 = await d("K2", vmk, "tier/2", epoch);
  const k3 = await d("K3", vmk, "tier/3", epoch);
  const kw = await d("KW", vmk, "wrap", epoch);
  await d("KX", vmk, "index", epoch);
  const usk = new RecordKey(Kind.usk, epoch, kw.slice());
  keep("signing key", await open(usk, { vault, entry: zeroBytes16, field: zeroBytes16, version: 0 }, bytesOf(state.usk)));
  const scopeKeys = new Map<string, [Bytes, Bytes]>();
  for (const scope of manifest.scopes) {
    const sk1 = await d(`SK1 of ${scope.id}`, k1, "scope/1", scope.epoch, idBytes(scope.id));
    const sk2 = await d(`SK2 of ${scope.id}`, k2, "scope/2", scope.epoch, idBytes(scope.id));
    scopeKeys.set(scope.id, [sk1, sk2]);
  }
  for (const agent of manifest.agents) await d(`enrolment secret of ${agent.id}`, kw, "enrol/secret", epoch, idBytes(agent.id));

  const { entries } = await get<EntryPage>(page, "/v1/entries?limit=1000");
  for (const entry of entries) {
    await d(`EK3 of ${entry.entry_id}`, k3, "entry/3", epoch, idBytes(entry.entry_id));
    for (const grant of entry.grants) {
      const scope = manifest.scopes.find((one) => one.id === grant.scope_id);
      const keys = scopeKeys.get(grant.scope_id);
      if (scope === undefined || keys === undefined) continue;
      const key = new RecordKey(grant.tier === 1 ? Kind.grant1 : Kind.grant2, scope.epoch, (grant.tier === 1 ? keys[0] : keys[1]).slice());
      const at = { vault, entry: idBytes(entry.entry_id), field: idBytes(grant.scope_id), version: grant.ek_epoch };
      keep(`EK${grant.tier} of ${entry.entry_id}`, await open(key, at, bytesOf(grant.record)));
    }
  }
  return { vaultId: state.vault_id, needles };
}

/** What derives from a recovery code and never leaves the browser. The proof that is sent is not among them. */
export async function codeSecrets(code: Bytes, vaultId: string): Promise<Needle[]> {
  return [
    { name: "recovery code", bytes: code.slice() },
    { name: "recovery KEK", bytes: await derive(code.slice(), "recover", idBytes(vaultId), 0) },
  ];
}

/** What derives from an enrolment secret and never leaves the two ends. The proof that is sent is not among them. */
export async function enrolSecrets(secret: Bytes, vaultId: string): Promise<Needle[]> {
  const vault = idBytes(vaultId);
  return [
    { name: "enrolment secret", bytes: secret.slice() },
    { name: "enrolment MAC key", bytes: await derive(secret.slice(), "enrol/mac", vault, 0) },
    { name: "enrolment wrap key", bytes: await derive(secret.slice(), "enrol/wrap", vault, 0) },
  ];
}

async function usePasskey(page: Page): Promise<{ prf: Bytes; credentialId: Bytes }> {
  const got = await page.evaluate(async (input) => {
    const first = Uint8Array.from(input);
    const challenge = crypto.getRandomValues(new Uint8Array(32));
    const publicKey = { challenge, rpId: location.hostname, userVerification: "required" as const, extensions: { prf: { eval: { first } } } };
    const credential = (await navigator.credentials.get({ publicKey })) as PublicKeyCredential;
    const { prf } = credential.getClientExtensionResults() as { prf?: { results?: { first: ArrayBuffer } } };
    const numbers = (buffer: ArrayBuffer): number[] => [...new Uint8Array(buffer)];
    return { prf: numbers(prf?.results?.first ?? new ArrayBuffer(0)), credentialId: numbers(credential.rawId) };
  }, [...prfInput()]);
  if (got.prf.length !== 32) throw new Error("the passkey gave no PRF output");
  return { prf: Uint8Array.from(got.prf), credentialId: Uint8Array.from(got.credentialId) };
}

async function get<T>(page: Page, path: string): Promise<T> {
  return page.evaluate(async (where) => {
    const answer = await fetch(where);
    if (!answer.ok) throw new Error(`${where}: ${answer.status}`);
    return answer.json();
  }, path) as Promise<T>;
}

function bytesOf(text: string): Bytes {
  const bytes = fromBase64(text);
  if (bytes === undefined) throw new Error("not base64url");
  return concat(bytes);
}
