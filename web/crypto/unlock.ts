// Unlocking (docs/FORMAT.md section 10): each step uses only what the one before proved.
import { type Bytes, equal, wipe } from "./bytes.ts";
import { sha256 } from "./hash.ts";
import { type UnwrapKey, unwrapKey } from "./hpke.ts";
import { idBytes } from "./ids.ts";
import { unlockerContext, VaultKeys } from "./keys.ts";
import { checkManifestForward, decodeManifest, type Manifest, type SignedManifest, verifyManifest } from "./manifest.ts";
import { Kind, open, RecordKey } from "./record.ts";
import { demand, Refused } from "./refused.ts";
import { PublicKey, splitSigned } from "./sign.ts";
import { openVmk } from "./wrap.ts";

/** What a client has pinned of a manifest. */
export interface ManifestPin {
  readonly version: number;
  readonly hash: Bytes;
}

/** The sealed parts that open a vault. */
export interface SealedVault {
  readonly record: Bytes;
  readonly manifest: Bytes;
  readonly sealedVmk: Bytes;
  readonly usk: Bytes;
}

/** A vault that was proved and opened. The caller wipes `vmk` and `seed`. */
export interface Unlocked {
  readonly manifest: SignedManifest;
  readonly usk: PublicKey;
  readonly vmk: Bytes;
  readonly keys: VaultKeys;
  readonly seed: Bytes;
}

/** Marks the refusal that also a passkey with another PRF output causes. */
export const unlockerNote = "unlocker record under another key";

/** Opens record 0x10: the unlocker's private key, and whose signatures to believe. */
export async function openUnlocker(kek: CryptoKey, vault: string, unlocker: string, record: Bytes): Promise<{ key: UnwrapKey; uskHash: Bytes }> {
  const value = await open(new RecordKey(Kind.unlocker, 0, kek), unlockerContext(idBytes(vault), unlocker), record).catch((error: unknown) => {
    throw error instanceof Refused && error.layer === "commitment" ? new Refused("commitment", unlockerNote) : error;
  });
  demand(value.length === 64, "rule", "unlocker");
  const uskHash = value.slice(32);
  const key = await unwrapKey(value.slice(0, 32));
  wipe(value);
  return { key, uskHash };
}

/** Refuses a manifest that is older than the pin, or another one of the same version, or that does not follow it. */
export function checkManifestPin({ manifest, hash }: SignedManifest, pin: ManifestPin | undefined): void {
  if (pin === undefined) return;
  demand(manifest.version >= pin.version, "pin", "older than what was seen");
  if (manifest.version === pin.version) demand(equal(hash, pin.hash), "pin", "two manifests of one version");
  if (manifest.version === pin.version + 1) demand(equal(manifest.previous, pin.hash), "pin", "does not follow what was seen");
}

/** Believes a manifest by the hash of its signing key, its signature, and the pin. */
export async function proveManifest(signed: Bytes, vault: string, uskHash: Bytes, pin?: ManifestPin): Promise<{ manifest: SignedManifest; usk: PublicKey }> {
  const claimed = decodeManifest(splitSigned(signed).body);
  demand(equal(sha256(claimed.uskPublic), uskHash), "signature", "not the signing key of this vault");
  const usk = new PublicKey(claimed.uskPublic);
  const manifest = await verifyManifest(signed, vault, usk);
  checkManifestPin(manifest, pin);
  return { manifest, usk };
}

/** A manifest of the same session: signed, and not behind the one in force. */
export async function proveLater(signed: Bytes, vault: string, usk: PublicKey, last: SignedManifest): Promise<SignedManifest> {
  const later = await verifyManifest(signed, vault, usk);
  checkManifestPin(later, { version: last.manifest.version, hash: last.hash });
  checkManifestForward(later.manifest, last.manifest);
  return later;
}

/** Opens the vault key, and proves the signing key that lies under it. `check` may refuse the proved manifest before anything is opened by it. */
export async function unlockVault(
  kek: CryptoKey, vault: string, unlocker: string, sealed: SealedVault, pin?: ManifestPin, check?: (manifest: Manifest) => void | Promise<void>,
): Promise<Unlocked> {
  const { key, uskHash } = await openUnlocker(kek, vault, unlocker, sealed.record);
  const { manifest, usk } = await proveManifest(sealed.manifest, vault, uskHash, pin);
  await check?.(manifest.manifest);
  checkListed(manifest.manifest, unlocker, key);
  const epoch = manifest.manifest.vaultEpoch;
  const vmk = await openVmk(usk, vault, unlocker, key, epoch, sealed.sealedVmk);
  const keys = await VaultKeys.of(vmk, vault, epoch);
  const seed = await open(keys.uskKey(), keys.ownContext(0), sealed.usk);
  demand(seed.length === 32, "rule", "signing key");
  return { manifest, usk, vmk, keys, seed };
}

function checkListed(manifest: Manifest, unlocker: string, key: UnwrapKey): void {
  const listed = manifest.unlockers.find((one) => one.id === unlocker);
  demand(listed !== undefined && equal(listed.x25519, key.publicKey), "rule", "unlocker is not in the manifest");
}
