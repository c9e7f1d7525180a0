// An unlocked vault's inside: its keys, its manifest, its place in the log, and the one door through which everything goes that is asked of the node.
import { type Bytes, equal, toBase64, wipe } from "../crypto/bytes.ts";
import { idBytes, passkeyUnlockerId } from "../crypto/ids.ts";
import { passkeyKek, VaultKeys } from "../crypto/keys.ts";
import { type Manifest, signManifest, type SignedManifest } from "../crypto/manifest.ts";
import { open } from "../crypto/record.ts";
import { demand, Refused } from "../crypto/refused.ts";
import { type PublicKey, SigningKey } from "../crypto/sign.ts";
import { proveLater, type Unlocked, unlockerNote, unlockVault } from "../crypto/unlock.ts";
import { Alarm, Conflict, Locked, PasskeyProblem, Refusal } from "./errors.ts";
import { proveLinks, type Seen } from "./links.ts";
import { advance, checkHead, type Head, join } from "./log.ts";
import { type Names, openNames, sealNames } from "./names.ts";
import { goodPrf } from "./passkey.ts";
import type { EntryPin, PinStore } from "./pins.ts";
import { blob, blobOrNone, count, list, object } from "./read.ts";
import type { Asked, Transport } from "./transport.ts";
import type { Authenticator } from "./webauthn.ts";
import { Standing } from "./standing.ts";
import { askEarly, type Early, fetchState, type Pinned, readPinned, stateParts } from "./unlocking.ts";
import type { NodeNotice } from "./types.ts";
import type { Applied, Ceremony, Change, SessionInfo, VaultState } from "./wire.ts";

/** What a client is made of. The clock gives Unix milliseconds. */
export interface Parts {
  readonly transport: Transport;
  readonly pins: PinStore;
  readonly authenticator: Authenticator;
  readonly now: () => number;
}

/** How this session came in, and how it gets at the vault key again when a step needs it. */
export type CameBy = { readonly passkey: true } | { readonly passkey: false; readonly kek: CryptoKey; readonly unlockerId: string };

/** What opening may be given besides. */
export interface Opening {
  /** Sees the manifest before anything is opened by it. */
  readonly check?: (manifest: Manifest) => void;
  /** The pins, where they were looked up before. */
  readonly pinned?: Pinned;
}

interface Opened {
  keys: VaultKeys;
  usk: PublicKey;
  signer: SigningKey;
  manifest: SignedManifest;
  names: Names;
  head: Head;
  unlockerId: string;
  uskRecord: Bytes;
  previousVmks: readonly Bytes[];
  recoveryPendingUntilMs: number | null;
}

/** What is in force once the node has stored a change. */
export interface Taken {
  readonly manifest?: SignedManifest;
  readonly names?: Names;
  readonly entries?: ReadonlyMap<string, EntryPin>;
  /** After the vault key rotated. */
  readonly rotated?: { readonly keys: VaultKeys; readonly usk: Bytes; readonly previous: Bytes };
}

type Why = "locked" | "alarm" | "session over";

const changeTriesMax = 3;

export class Session {
  #opened: Opened | undefined;
  #closed: Why | undefined;
  #alarm: Alarm | undefined;
  readonly #standing: Standing;
  #tail: Promise<unknown> = Promise.resolve();
  #early: Early | undefined;
  readonly #older = new Map<number, VaultKeys>();
  readonly #closers = new Set<(why: Why) => void>();
  readonly #listeners = new Set<() => void>();
  readonly vaultBytes: Bytes;
  readonly parts: Parts;

  private constructor(parts: Parts, readonly vaultId: string, info: SessionInfo, readonly cameBy: CameBy) {
    this.parts = { ...parts, transport: { send: (...asked) => this.#send(parts.transport, ...asked) } };
    this.#standing = new Standing(vaultId, info, parts.now);
    this.vaultBytes = idBytes(vaultId);
  }

  /** Opens from the node's state: proves, derives, joins the log, reads the names. Wipes the vault key. */
  static async open(parts: Parts, info: SessionInfo, unlockerId: string, kek: CryptoKey, cameBy: CameBy, { check, pinned }: Opening = {}): Promise<Session> {
    const session = new Session(parts, info.vault_id, info, cameBy);
    await session.run(async () => {
      const asked = fetchState(parts.transport, info.vault_id, unlockerId);
      const known = pinned ?? readPinned(parts.pins, info.vault_id);
      const early = askEarly(parts.transport, known);
      session.#early = early;
      const state = await asked;
      const pin = await known.pin;
      const seen = pin && { version: pin.manifestVersion, hash: pin.manifestHash, linked: pin.linked === true };
      const whole = async (manifest: Manifest) => {
        check?.(manifest);
        await proveLinks(parts.transport, manifest, seen);
      };
      const unlocked = await unlockVault(kek, info.vault_id, unlockerId, stateParts(state), seen, whole).catch(wrongKek);
      wipe(unlocked.vmk);
      demand(pin === undefined || equal(pin.uskPublic, unlocked.usk.bytes), "pin", "another signing key");
      demand(pin === undefined || pin.vaultEpoch <= unlocked.keys.epoch, "pin", "an older vault key");
      await session.#take(unlocked, state, pin && { size: pin.logSize, root: pin.logRoot }, early.grown);
    });
    return session;
  }

  /** What was asked for early; once. */
  takeEarly(): Early | undefined {
    const early = this.#early;
    this.#early = undefined;
    return early;
  }

  async #take(unlocked: Unlocked, state: VaultState, pin: Head | undefined, grown?: Promise<unknown>): Promise<void> {
    const { manifest, usk, keys, seed } = unlocked;
    const signer = await SigningKey.fromSeed(seed, usk.bytes).finally(() => wipe(seed));
    const { logPin } = manifest.manifest;
    let head = await checkHead(this.vaultId, logPin.key, logPin, state);
    if (pin) head = await join(this.parts.transport, this.vaultId, logPin.key, head, pin, grown);
    this.#opened = {
      keys, usk, signer, manifest, head,
      names: await openNames(keys, manifest.manifest, blobOrNone(state.names)),
      unlockerId: state.unlocker.id,
      uskRecord: blob(state.usk),
      previousVmks: list(state.previous_vmks).map(blob),
      recoveryPendingUntilMs: state.recovery_pending_until_ms ?? null,
    };
    this.#older.clear();
    await this.#pinVault();
  }

  get #in(): Opened {
    if (this.#alarm) throw this.#alarm;
    if (this.#opened === undefined) throw new Locked();
    return this.#opened;
  }

  get keys(): VaultKeys { return this.#in.keys; }
  get usk(): PublicKey { return this.#in.usk; }
  get signer(): SigningKey { return this.#in.signer; }
  get signed(): SignedManifest { return this.#in.manifest; }
  get manifest(): Manifest { return this.#in.manifest.manifest; }
  get names(): Names { return this.#in.names; }
  get head(): Head { return this.#in.head; }
  get unlockerId(): string { return this.#in.unlockerId; }
  get uskRecord(): Bytes { return this.#in.uskRecord; }
  get recoveryPendingUntilMs(): number | null { return this.#in.recoveryPendingUntilMs; }
  get closed(): boolean { return this.#closed !== undefined; }

  /** Every request of this vault. An answer that comes after the vault was closed is not looked at. */
  async #send(transport: Transport, ...asked: Asked): Promise<unknown> {
    if (this.#alarm) throw this.#alarm;
    const answer = await transport.send(...asked);
    if (this.#alarm) throw this.#alarm;
    this.#standing.answered();
    return answer;
  }

  /** When the node ends the session if nothing happens before, by this browser's clock. */
  get idleUntilMs(): number { return this.#standing.idleUntilMs; }

  /** What the node said about itself when it was asked last. */
  get notices(): NodeNotice[] { return this.#standing.notices; }

  /** Asks the node about itself again. For the node that is a sign of life, so this is asked only while somebody is there. */
  async askNotices(): Promise<void> {
    const before = JSON.stringify(this.notices);
    await this.run(async () => this.#standing.hear(await this.parts.transport.send("GET", "/v1/session")));
    if (JSON.stringify(this.notices) !== before) this.changed();
  }

  hlc(least: number): number { return this.#standing.hlc(least); }

  // The door.

  /** Runs a piece of work. Whatever does not hold raises the alarm: the keys are forgotten before anybody hears of it. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#alarm) throw this.#alarm;
    if (this.#closed) throw new Locked();
    try {
      return await work();
    } catch (error) {
      throw await this.#translated(error);
    }
  }

  /** The same, one after the other: for work that writes. */
  change<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#tail.then(() => this.run(work));
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  async #translated(error: unknown): Promise<unknown> {
    if (error instanceof Refused) return this.raise(`${error.layer}${error.note ? `: ${error.note}` : ""}`);
    // Whatever the shape of an answer upsets was not made by this vault.
    if (error instanceof TypeError || error instanceof RangeError) return this.raise(`shape: ${error.message}`);
    if (!(error instanceof Refusal)) return error;
    if (error.body.code === "version_conflict") return new Conflict(error.body.current_version ?? null);
    if (error.body.code === "unauthenticated") this.#close("session over");
    return error;
  }

  /** Closes the vault for good and keeps the incident on this device. */
  async raise(reason: string): Promise<Alarm> {
    if (this.#alarm) return this.#alarm;
    const alarm = new Alarm(reason);
    this.#alarm = alarm;
    this.#close("alarm");
    const incident = { atMs: this.parts.now(), vaultId: this.vaultId, sentence: alarm.message, reason };
    await this.parts.pins.addIncident(incident).catch(() => undefined);
    return alarm;
  }

  #close(why: Why): void {
    if (this.#closed) return;
    this.#closed = why;
    this.#opened = undefined;
    this.#older.clear();
    for (const closer of this.#closers) closer(why);
  }

  async lock(): Promise<void> {
    if (this.#closed) return;
    this.#close("locked");
    await this.parts.transport.send("DELETE", "/v1/session").catch(() => undefined);
  }

  onClosed(listener: (why: Why) => void): () => void {
    this.#closers.add(listener);
    return () => this.#closers.delete(listener);
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  changed(): void {
    for (const listener of this.#listeners) listener();
  }

  // Freshness and the vault key.

  /** Asks for the passkey when the last use is too old for what comes. */
  async fresh(): Promise<void> {
    if (this.#standing.fresh || !this.cameBy.passkey) return;
    const { prf } = await this.#assert();
    if (prf) wipe(prf);
  }

  async #assert(): Promise<{ id: Bytes; rpId: string; prf: Bytes | undefined }> {
    const { transport, authenticator } = this.parts;
    const ceremony = object<Ceremony>(await transport.send("POST", "/v1/session/begin", {}), "ceremony_id", "challenge", "rp_id", "credential_ids");
    const used = await authenticator.get(ceremony);
    const body = { ceremony_id: ceremony.ceremony_id, credential: used.credential };
    this.#standing.hear(await transport.send("POST", "/v1/session/finish", body));
    return { id: used.id, rpId: ceremony.rp_id, prf: used.prf };
  }

  /** Opens the vault key once more: by the passkey, which also makes the session fresh, or by the recovery code this session came in with. The caller wipes both secrets. */
  async vaultKey(): Promise<Unlocked> {
    const by = await this.#kekAgain();
    const state = await fetchState(this.parts.transport, this.vaultId, by.unlockerId);
    const pin = this.#seen();
    const whole = (manifest: Manifest) => proveLinks(this.parts.transport, manifest, pin);
    const unlocked = await unlockVault(by.kek, this.vaultId, by.unlockerId, stateParts(state), pin, whole).catch(wrongKek);
    if (unlocked.manifest.manifest.version > pin.version) {
      const { vmk, seed, ...rest } = unlocked;
      await this.#take({ ...rest, vmk, seed: seed.slice() }, state, this.head);
    }
    this.#in.unlockerId = by.unlockerId;
    return unlocked;
  }

  async #kekAgain(): Promise<{ kek: CryptoKey; unlockerId: string }> {
    if (!this.cameBy.passkey) return this.cameBy;
    const used = await this.#assert();
    const kek = await passkeyKek(goodPrf(used.prf), this.vaultBytes, used.id);
    return { kek, unlockerId: passkeyUnlockerId(used.rpId, used.id) };
  }

  /** Keys of an older vault epoch, for the history of tier-3 fields: each is sealed under the next. */
  async keysOf(epoch: number): Promise<VaultKeys> {
    const { keys, previousVmks } = this.#in;
    if (epoch === keys.epoch) return keys;
    demand(epoch >= 1 && epoch < keys.epoch, "rule", "vault epoch");
    const known = this.#older.get(epoch);
    if (known) return known;
    const above = await this.keysOf(epoch + 1);
    const record = previousVmks[epoch - 1];
    demand(record !== undefined, "rule", "previous vault key is missing");
    const vmk = await open(above.previousVmkKey(), above.ownContext(epoch), record);
    const older = await VaultKeys.of(vmk, this.vaultId, epoch).finally(() => wipe(vmk));
    this.#older.set(epoch, older);
    return older;
  }

  // Writing.

  /** Sends a change; when the node has stored it, takes over what it changes. */
  async apply(change: Change, taken: Taken): Promise<Applied> {
    void this.#in;
    const sent = this.parts.transport.send("POST", "/v1/changes", change).catch((error: unknown) => this.#overtaken(error));
    const applied = object<Applied>(await sent, "manifest_version");
    const version = count(applied.manifest_version);
    const inside = this.#in;
    if (taken.manifest) {
      demand(version === taken.manifest.manifest.version, "rule", "another manifest version than the one sent");
      inside.manifest = taken.manifest;
      if (taken.names) inside.names = taken.names;
      if (taken.rotated) this.#adopt(inside, taken.rotated);
      await this.#pinVault();
    }
    if (taken.entries) await this.parts.pins.raiseEntries(this.vaultId, taken.entries);
    return applied;
  }

  /** What was sealed under a manifest that is not in force any more does not hold for the node; then the person repeats the change. */
  async #overtaken(error: unknown): Promise<never> {
    if (error instanceof Refusal && error.body.code === "not_valid") {
      const { version } = this.manifest;
      await this.refresh();
      if (this.manifest.version > version) throw new Refusal(409, { code: "version_conflict", message: error.body.message });
    }
    throw error;
  }

  #adopt(inside: Opened, { keys, usk, previous }: NonNullable<Taken["rotated"]>): void {
    this.#older.set(inside.keys.epoch, inside.keys);
    inside.previousVmks = [...inside.previousVmks, previous];
    inside.keys = keys;
    inside.uskRecord = usk;
  }

  /** Builds the next manifest from the one in force. */
  async nextManifest(edit: (next: Manifest) => void): Promise<SignedManifest> {
    const { manifest, hash } = this.signed;
    const next = structuredClone(manifest);
    next.version = manifest.version + 1;
    next.previous = hash;
    next.hlcMs = this.hlc(manifest.hlcMs);
    const { size, root } = this.head;
    if (size >= manifest.logPin.size) next.logPin = { ...manifest.logPin, size, root };
    edit(next);
    return signManifest(next, this.signer);
  }

  /** A change of the manifest, with names where they change too. Built again when another client was faster. */
  changeManifest(build: (names: Names) => Promise<{ edit: (next: Manifest) => void; change?: (signed: SignedManifest) => Promise<Change>; names?: boolean }>): Promise<void> {
    return this.repeated(async () => {
      const names = structuredClone(this.names);
      const built = await build(names);
      const sealed = built.names ? await sealNames(this.keys, names, this.manifest.names.version + 1) : undefined;
      const manifest = await this.nextManifest((next) => {
        built.edit(next);
        if (sealed) next.names = sealed.names;
      });
      const change: Change = { ...(await built.change?.(manifest)), manifest: toBase64(manifest.signed) };
      if (sealed) change.names = toBase64(sealed.record);
      await this.apply(change, { manifest, names });
      this.changed();
    });
  }

  /** Work that builds a change from the newest state and sends it; begun again when somebody wrote in between. */
  async repeated<T>(work: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof Refusal) || error.body.code !== "version_conflict" || tries >= changeTriesMax) throw error;
        await this.refresh();
      }
    }
  }

  /** Takes a newer manifest of another client over. A new vault key ends the session: it needs the passkey. */
  async refresh(): Promise<void> {
    const inside = this.#in;
    const state = await fetchState(this.parts.transport, this.vaultId, inside.unlockerId);
    const later = await proveLater(blob(state.manifest), this.vaultId, inside.usk, inside.manifest);
    await proveLinks(this.parts.transport, later.manifest, this.#seen());
    if (later.manifest.vaultEpoch !== inside.keys.epoch) {
      this.#close("session over");
      throw new Locked();
    }
    const { logPin } = later.manifest;
    const fresh = await checkHead(this.vaultId, logPin.key, logPin, state);
    inside.head = await join(this.parts.transport, this.vaultId, logPin.key, fresh, inside.head);
    inside.names = await openNames(inside.keys, later.manifest, blobOrNone(state.names));
    inside.manifest = later;
    inside.recoveryPendingUntilMs = state.recovery_pending_until_ms ?? null;
    await this.#pinVault();
    this.changed();
  }

  #seen(): Seen {
    const { manifest, hash } = this.signed;
    return { version: manifest.version, hash, linked: true };
  }

  /** Asks for the newest log head and pins it. */
  async advanceLog(): Promise<Head> {
    const inside = this.#in;
    inside.head = await advance(this.parts.transport, this.vaultId, inside.manifest.manifest.logPin.key, inside.head);
    await this.#pinVault();
    return inside.head;
  }

  async #pinVault(): Promise<void> {
    const { manifest, names, head, keys, usk } = this.#in;
    await this.parts.pins.raiseVault({
      vaultId: this.vaultId, name: names.vault, uskPublic: usk.bytes, manifestVersion: manifest.manifest.version, manifestHash: manifest.hash, linked: true,
      vaultEpoch: keys.epoch, logSize: head.size, logRoot: head.root,
    });
  }
}

/** A passkey that answers, but not as when it was enrolled, is no reason for an alarm: people move passkeys between managers. */
function wrongKek(error: unknown): never {
  if (error instanceof Refused && error.note === unlockerNote) {
    throw new PasskeyProblem("differs", "This passkey answers differently than when it was added to the vault. Was it moved to another manager? Use another way in.");
  }
  throw error;
}
