// The ways in: passkeys and the recovery code. A new one is read back from the node and opened before it counts.
import { type Bytes, equal, toBase64, wipe } from "../crypto/bytes.ts";
import { formatCode, makeCode, parseCode } from "../crypto/code.ts";
import { derive } from "../crypto/derive.ts";
import { sha256 } from "../crypto/hash.ts";
import { recoveryUnlockerId, zeroBytes32 } from "../crypto/ids.ts";
import { recoveryKek, VaultKeys } from "../crypto/keys.ts";
import { type ManifestUnlocker, UnlockerKind } from "../crypto/manifest.ts";
import { open } from "../crypto/record.ts";
import { demand, Refused } from "../crypto/refused.ts";
import { openUnlocker, type Unlocked } from "../crypto/unlock.ts";
import { openVmk, sealVmk } from "../crypto/wrap.ts";
import { BadCode, BadDraft } from "./errors.ts";
import type { Ways } from "./index.ts";
import { makePasskey, makeUnlocker } from "./passkey.ts";
import { blob, list, object } from "./read.ts";
import { rotateVault, type VaultRotation } from "./rotate.ts";
import type { Session } from "./session.ts";
import type { EntryStore } from "./store.ts";
import type { RecoveryDraft, WayIn, WaysIn, Work } from "./types.ts";
import type { Ceremony, NewPasskey, UnlockerList } from "./wire.ts";

/** Reads what a person typed as a code. Throws `BadCode`. */
export function typedCode(text: string): Bytes {
  try {
    return parseCode(text);
  } catch (error) {
    throw error instanceof Refused ? new BadCode() : error;
  }
}

export class VaultWays implements Ways {
  constructor(private readonly session: Session, private readonly store: EntryStore) {}

  async #unlockers(): Promise<UnlockerList["unlockers"]> {
    const answer = object<UnlockerList>(await this.session.parts.transport.send("GET", "/v1/unlockers"), "unlockers");
    return [...list(answer.unlockers)];
  }

  list(): Promise<WaysIn> {
    return this.session.run(async () => {
      const { session } = this;
      const seen = new Map((await this.#unlockers()).map((one) => [one.id, one]));
      const ways = session.manifest.unlockers.map(
        (one): WayIn => ({
          id: one.id,
          kind: one.kind === UnlockerKind.passkey ? "passkey" : "recovery",
          name: one.kind === UnlockerKind.recovery ? "Recovery code" : (session.names.passkeys[one.id] ?? "Passkey"),
          addedMs: one.addedS * 1000,
          synced: seen.get(one.id)?.synced ?? null,
          lastUsedMs: seen.get(one.id)?.last_used_ms ?? null,
          current: one.id === session.unlockerId,
        }),
      );
      return { list: ways, safe: ways.length > 1, recoveryPendingUntilMs: session.recoveryPendingUntilMs };
    });
  }

  addPasskey(name: string): Promise<void> {
    return this.session.change(async () => {
      const { session } = this;
      const unlocked = await session.vaultKey();
      try {
        const ceremony = object<Ceremony>(await session.parts.transport.send("POST", "/v1/passkeys/begin"), "ceremony_id", "challenge", "rp_id", "credential_ids");
        const made = await makePasskey(session.parts.authenticator, ceremony, session.vaultId, session.names.vault || "Clavitor");
        const { record, x25519 } = await makeUnlocker(made.kek, session.vaultId, made.unlockerId, session.usk.bytes);
        const unlocker = this.#entry(made.unlockerId, UnlockerKind.passkey, x25519);
        const passkey: NewPasskey = { ceremony_id: ceremony.ceremony_id, credential: made.credential };
        await this.#put(unlocker, record, unlocked, { passkey, name });
        await this.#readBack(made.kek, made.unlockerId);
      } finally {
        wipe(unlocked.vmk, unlocked.seed);
      }
    });
  }

  #entry(id: string, kind: number, x25519: Bytes): ManifestUnlocker {
    return { id, kind, x25519, addedS: Math.floor(this.session.parts.now() / 1000) };
  }

  /** Adds an unlocker to the manifest, with the vault key wrapped to it. */
  async #put(
    unlocker: ManifestUnlocker, record: Bytes, unlocked: Unlocked,
    more: { passkey?: NewPasskey; name?: string; recovery?: { authHash: Bytes; delayS: number } },
  ): Promise<void> {
    const { session } = this;
    await session.changeManifest(async (names) => {
      if (more.name !== undefined) names.passkeys[unlocker.id] = more.name;
      const sealed = await sealVmk(session.signer, session.vaultId, unlocker.id, unlocker.x25519, unlocked.vmk, session.keys.epoch);
      const change = { id: unlocker.id, record: toBase64(record), sealed_vmk: toBase64(sealed) };
      return {
        names: more.name !== undefined,
        edit: (next) => {
          next.unlockers.push(unlocker);
          if (more.recovery) next.recovery = more.recovery;
        },
        change: async () => ({ unlockers: [more.passkey ? { ...change, passkey: more.passkey } : change] }),
      };
    });
  }

  /** Opens what the node has stored, as the next unlock will. */
  async #readBack(kek: CryptoKey, id: string): Promise<void> {
    const { session } = this;
    const stored = (await this.#unlockers()).find((one) => one.id === id);
    demand(stored !== undefined, "rule", "the new way in was not stored");
    const { key, uskHash } = await openUnlocker(kek, session.vaultId, id, blob(stored.record));
    demand(equal(uskHash, sha256(session.usk.bytes)), "key", "unlocker of another vault");
    const { epoch } = session.keys;
    const vmk = await openVmk(session.usk, session.vaultId, id, key, epoch, blob(stored.sealed_vmk));
    const keys = await VaultKeys.of(vmk, session.vaultId, epoch).finally(() => wipe(vmk));
    wipe(await open(keys.uskKey(), keys.ownContext(0), session.uskRecord));
  }

  remove(id: string, work: Work = {}): Promise<void> {
    return this.session.change(async () => {
      const { session } = this;
      const { unlockers } = session.manifest;
      if (!unlockers.some((one) => one.id === id)) return;
      if (unlockers.length === 1) throw new BadDraft("This is the only way in. Add another one first.");
      if (id === session.unlockerId) throw new BadDraft("You came in by this one. Unlock with another way in, then remove it.");
      const recovery = id === recoveryUnlockerId() ? { recovery: { authHash: zeroBytes32, delayS: 0 } } : {};
      await rotateVault(this.store, { remove: [id], rename: (names) => void delete names.passkeys[id], ...recovery }, work);
    });
  }

  async makeRecovery(): Promise<RecoveryDraft> {
    const { session } = this;
    const node = session.manifest.homeNode;
    const code = makeCode();
    const text = formatCode(code);
    const matches = (typed: string) => {
      try {
        return equal(parseCode(typed), code);
      } catch {
        return false;
      }
    };
    const confirm = (typed: string, delaySeconds: number) =>
      session.change(async () => {
        if (!matches(typed)) throw new BadCode();
        await this.#confirmRecovery(code, delaySeconds);
        wipe(code);
      });
    return { code: text, vaultId: session.vaultId, node, matches, confirm };
  }

  /** A second code replaces the first: then the vault gets a new key, so that the first opens nothing any more. */
  async #confirmRecovery(code: Bytes, delaySeconds: number): Promise<void> {
    const { session } = this;
    const id = recoveryUnlockerId();
    const kek = await recoveryKek(code, session.vaultBytes);
    const authHash = sha256(await derive(code, "recover-auth", session.vaultBytes, 0));
    const { record, x25519 } = await makeUnlocker(kek, session.vaultId, id, session.usk.bytes);
    const unlocker = this.#entry(id, UnlockerKind.recovery, x25519);
    const recovery = { authHash, delayS: delaySeconds };
    if (session.manifest.unlockers.some((one) => one.id === id)) {
      await this.#replaceRecovery(kek, { remove: [], add: { unlocker, record }, recovery });
      return;
    }
    const unlocked = await session.vaultKey();
    try {
      await this.#put(unlocker, record, unlocked, { recovery });
      await this.#readBack(kek, id);
    } finally {
      wipe(unlocked.vmk, unlocked.seed);
    }
  }

  /** A session that came in by the old code ends with it. */
  async #replaceRecovery(kek: CryptoKey, rotation: VaultRotation): Promise<void> {
    const { session } = this;
    const byCode = !session.cameBy.passkey;
    if (byCode && session.manifest.unlockers.length === 1) throw new BadDraft("Add a passkey first. A new code ends the one you came in with.");
    await rotateVault(this.store, rotation);
    await this.#readBack(kek, recoveryUnlockerId());
    if (byCode) await session.lock();
  }

  cancelRecovery(): Promise<void> {
    return this.session.run(async () => {
      await this.session.parts.transport.send("POST", "/v1/recovery/cancel");
      await this.session.refresh();
    });
  }
}
