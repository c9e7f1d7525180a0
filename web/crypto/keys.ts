// The key hierarchy of docs/FORMAT.md section 3, as an unlocked browser holds it: parents that cannot be taken out again, and keys made from them when needed.
import { type Bytes, concat, equal, toHex, utf8, wipe } from "./bytes.ts";
import { derive, deriveParent, keepSecret } from "./derive.ts";
import { idBytes, unlockerBytes, zeroBytes16, zeroId } from "./ids.ts";
import { Kind, RecordKey } from "./record.ts";
import { sha256 } from "./hash.ts";
import { demand } from "./refused.ts";

/** The public constant that goes into the PRF; the same for every passkey. */
export const prfInput = (): Bytes => sha256(new TextEncoder().encode("clavitor/v1/prf/unlock"));

/** Refuses PRF output that is empty, short, long or all zero. */
export function checkPrf(prf: Uint8Array): void {
  demand(prf.length === 32 && !equal(prf, new Uint8Array(32)), "prf");
}

/** KEK of a passkey. Wipes the PRF output. */
export async function passkeyKek(prf: Bytes, vault: Bytes, credentialId: Uint8Array): Promise<CryptoKey> {
  checkPrf(prf);
  const parent = await keepSecret(prf);
  return deriveParent(parent, "unlock", vault, 0, sha256(credentialId));
}

/** KEK of the recovery code. Does not wipe the code. */
export function recoveryKek(code: Bytes, vault: Bytes): Promise<CryptoKey> {
  return deriveParent(code, "recover", vault, 0);
}

/** Where an unlocker's record belongs. */
export function unlockerContext(vault: Bytes, unlockerId: string): { vault: Bytes; entry: Bytes; field: Bytes; version: number } {
  const id = unlockerBytes(unlockerId);
  return { vault, entry: id.slice(0, 16), field: id.slice(16), version: 0 };
}

/** The keys of one vault key. */
export class VaultKeys {
  readonly #scopes = new Map<string, Promise<CryptoKey>>();

  private constructor(
    readonly vault: string,
    readonly vaultBytes: Bytes,
    readonly epoch: number,
    private readonly k1: CryptoKey,
    private readonly k2: CryptoKey,
    private readonly k3: CryptoKey,
    private readonly kw: CryptoKey,
    private readonly kx: CryptoKey,
  ) {}

  /** Derives everything from a vault key. The caller wipes it. */
  static async of(vmk: Bytes, vault: string, epoch: number): Promise<VaultKeys> {
    const id = idBytes(vault);
    const parent = (label: "tier/1" | "tier/2" | "tier/3" | "wrap") => deriveParent(vmk, label, id, epoch);
    const [k1, k2, k3, kw] = await Promise.all([parent("tier/1"), parent("tier/2"), parent("tier/3"), parent("wrap")]);
    const index = await derive(vmk, "index", id, epoch);
    const kx = await crypto.subtle.importKey("raw", index, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]).finally(() => wipe(index));
    return new VaultKeys(vault, id, epoch, k1, k2, k3, kw, kx);
  }

  /** HMAC-SHA-256 under KX: names an import's rows without telling a node what is in them. */
  async indexMac(text: string): Promise<string> {
    return toHex(new Uint8Array(await crypto.subtle.sign("HMAC", this.kx, utf8(text))));
  }

  /** SK1_s or SK2_s as bytes, to seal it to an agent. The caller wipes it. */
  scopeBytes(tier: 1 | 2, scope: string, scopeEpoch: number): Promise<Bytes> {
    return derive(tier === 1 ? this.k1 : this.k2, tier === 1 ? "scope/1" : "scope/2", this.vaultBytes, scopeEpoch, idBytes(scope));
  }

  /** Key of the grants of a scope. */
  async grantKey(tier: 1 | 2, scope: string, scopeEpoch: number): Promise<RecordKey> {
    const name = `${tier} ${scope} ${scopeEpoch}`;
    let key = this.#scopes.get(name);
    if (key === undefined) {
      key = this.scopeBytes(tier, scope, scopeEpoch).then(keepSecret);
      this.#scopes.set(name, key);
    }
    return new RecordKey(tier === 1 ? Kind.grant1 : Kind.grant2, scopeEpoch, await key);
  }

  /** Key of an entry's tier-3 records. */
  async entryKey3(entry: string): Promise<RecordKey> {
    return new RecordKey(Kind.tier3, this.epoch, await deriveParent(this.k3, "entry/3", this.vaultBytes, this.epoch, idBytes(entry)));
  }

  /** Key of the names record. */
  namesKey(): Promise<RecordKey> {
    return this.entryKey3(zeroId);
  }

  uskKey(): RecordKey {
    return new RecordKey(Kind.usk, this.epoch, this.kw);
  }

  previousVmkKey(): RecordKey {
    return new RecordKey(Kind.previousVmk, this.epoch, this.kw);
  }

  /** ES of an agent; the same each time. The caller wipes it. */
  enrolSecret(agent: string): Promise<Bytes> {
    return derive(this.kw, "enrol/secret", this.vaultBytes, this.epoch, idBytes(agent));
  }

  /** Where the vault's own records (USK, names, previous vault key) belong. */
  ownContext(version: number): { vault: Bytes; entry: Bytes; field: Bytes; version: number } {
    return { vault: this.vaultBytes, entry: zeroBytes16, field: zeroBytes16, version };
  }
}

/** The value of an unlocker record. */
export function unlockerValue(x25519Private: Bytes, uskPublic: Bytes): Bytes {
  return concat(x25519Private, sha256(uskPublic));
}
