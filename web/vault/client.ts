// Where it begins: making a vault, unlocking one, and recovering one.
import { toBase64, toHex, utf8, wipe } from "../crypto/bytes.ts";
import { derive } from "../crypto/derive.ts";
import { idBytes, makeId, passkeyUnlockerId, recoveryUnlockerId, zeroBytes32, zeroId } from "../crypto/ids.ts";
import { passkeyKek, recoveryKek, VaultKeys } from "../crypto/keys.ts";
import { type Manifest, signManifest, UnlockerKind } from "../crypto/manifest.ts";
import { seal } from "../crypto/record.ts";
import { demand } from "../crypto/refused.ts";
import { derivePublic, SigningKey } from "../crypto/sign.ts";
import { sealVmk } from "../crypto/wrap.ts";
import { makeRandom } from "../crypto/bytes.ts";
import { VaultActivity } from "./activity.ts";
import { VaultAgents } from "./agents.ts";
import { VaultEntries } from "./entries.ts";
import { BadDraft } from "./errors.ts";
import type { Activity, Agents, Entries, OpenVault, Scopes, VaultClient, Ways } from "./index.ts";
import { emptyHead } from "./log.ts";
import { emptyNames, sealNames } from "./names.ts";
import { goodPrf, makePasskey, makeUnlocker, type NewPasskeyKey } from "./passkey.ts";
import { IndexedDbPins } from "./pins_idb.ts";
import { blob, object } from "./read.ts";
import { VaultScopes } from "./scopes.ts";
import { type Opening, type Parts, Session } from "./session.ts";
import { EntryStore } from "./store.ts";
import { FetchTransport } from "./transport.ts";
import type { Incident, KnownVault, NodeNotice, Support } from "./types.ts";
import { readPinned } from "./unlocking.ts";
import { warmUp } from "./warm.ts";
import { typedCode, VaultWays } from "./ways.ts";
import { BrowserAuthenticator } from "./webauthn.ts";
import type { Ceremony, NodeInfo, RecoveryStarted, SessionInfo, SetupFinish } from "./wire.ts";

/** A node that releases a recovery earlier than signed, by more than clocks differ, is refused. */
const clockToleranceMs = 120_000;

/** The client of the page's own node, or of the parts that tests give. */
export function createVaultClient(parts: Partial<Parts> = {}): VaultClient {
  return new Client({
    transport: parts.transport ?? new FetchTransport(),
    pins: parts.pins ?? new IndexedDbPins(),
    authenticator: parts.authenticator ?? new BrowserAuthenticator(),
    now: parts.now ?? Date.now,
  });
}

class Client implements VaultClient {
  constructor(private readonly parts: Parts) {}

  async node(): Promise<NodeInfo> {
    return object<NodeInfo>(await this.parts.transport.send("GET", "/v1/node"), "setup_needed", "rp_id", "origin", "log_key");
  }

  support(): Promise<Support> {
    return this.parts.authenticator.support();
  }

  known(): Promise<KnownVault[]> {
    return this.parts.pins.known();
  }

  incidents(): Promise<Incident[]> {
    return this.parts.pins.incidents();
  }

  async setUp({ setupToken, vaultName, passkeyName }: { setupToken: string; vaultName: string; passkeyName: string }): Promise<OpenVault> {
    const { transport, authenticator } = this.parts;
    const node = await this.node();
    const vault = makeId();
    const begin = { setup_token: setupToken, vault_id: vault };
    const ceremony = object<Ceremony>(await transport.send("POST", "/v1/setup/begin", begin), "ceremony_id", "challenge", "rp_id", "credential_ids");
    const made = await makePasskey(authenticator, ceremony, vault, vaultName);
    const finish = await this.#firstChange(node, vault, { vaultName, passkeyName, setupToken }, ceremony, made);
    const info = object<SessionInfo>(await transport.send("POST", "/v1/setup/finish", finish), "vault_id", "unlocker_id");
    if (info.vault_id !== vault) throw new BadDraft("The server answered for another vault.");
    return this.#open(info, made.unlockerId, made.kek, { passkey: true });
  }

  /** Everything a vault begins with, sealed here. */
  async #firstChange(
    node: NodeInfo, vault: string, words: { vaultName: string; passkeyName: string; setupToken: string }, ceremony: Ceremony, made: NewPasskeyKey,
  ): Promise<SetupFinish> {
    const [seed, vmk] = [makeRandom(32), makeRandom(32)];
    try {
      const usk = await SigningKey.fromSeed(seed, await derivePublic(seed));
      const keys = await VaultKeys.of(vmk, vault, 1);
      const { record, x25519 } = await makeUnlocker(made.kek, vault, made.unlockerId, usk.publicKey.bytes);
      const sealedVmk = await sealVmk(usk, vault, made.unlockerId, x25519, vmk, 1);
      const names = emptyNames(words.vaultName);
      names.passkeys[made.unlockerId] = words.passkeyName;
      const sealedNames = await sealNames(keys, names, 1);
      const nowMs = this.parts.now();
      const manifest = await signManifest(
        {
          vault, version: 1, previous: zeroBytes32, vaultEpoch: 1, uskPublic: usk.publicKey.bytes,
          unlockers: [{ id: made.unlockerId, kind: UnlockerKind.passkey, x25519, addedS: Math.floor(nowMs / 1000) }],
          scopes: [{ id: zeroId, epoch: 1, ekEpochMin: 1 }], agents: [], homeNode: node.origin, backupNode: "", replicationConsent: false,
          logPin: { ...emptyHead, key: blob(node.log_key) }, recovery: { authHash: zeroBytes32, delayS: 0 }, names: sealedNames.names, hlcMs: nowMs,
        },
        usk,
      );
      const uskRecord = await seal(keys.uskKey(), keys.ownContext(0), seed);
      const passkey = { ceremony_id: ceremony.ceremony_id, credential: made.credential };
      const unlocker = { id: made.unlockerId, record: toBase64(record), sealed_vmk: toBase64(sealedVmk), passkey };
      const change = { manifest: toBase64(manifest.signed), names: toBase64(sealedNames.record), usk: toBase64(uskRecord), unlockers: [unlocker] };
      return { setup_token: words.setupToken, vault_id: vault, change };
    } finally {
      wipe(seed, vmk);
    }
  }

  async unlock(): Promise<OpenVault> {
    const { transport, authenticator, pins } = this.parts;
    const ceremony = object<Ceremony>(await transport.send("POST", "/v1/session/begin", {}), "ceremony_id", "challenge", "rp_id", "credential_ids");
    const asked = authenticator.get(ceremony);
    void warmUp(asked);
    const used = await asked;
    const prf = goodPrf(used.prf);
    const body = { ceremony_id: ceremony.ceremony_id, credential: used.credential };
    const finished = transport.send("POST", "/v1/session/finish", body);
    // The passkey itself says which vault it is for; the node does not get to choose.
    const said = used.userHandle && toHex(used.userHandle);
    const opening: Opening = said === undefined ? {} : { pinned: readPinned(pins, said) };
    const info = object<SessionInfo>(await finished, "vault_id", "unlocker_id");
    const vault = said ?? info.vault_id;
    const kek = await passkeyKek(prf, idBytes(vault), used.id);
    return this.#open({ ...info, vault_id: vault }, passkeyUnlockerId(ceremony.rp_id, used.id), kek, { passkey: true }, opening);
  }

  async startRecovery({ vaultId, code }: { vaultId: string; code: string }): Promise<{ releaseAtMs: number; nowMs: number }> {
    const body = await this.#proof(vaultId, code);
    const started = object<RecoveryStarted>(await this.parts.transport.send("POST", "/v1/recovery/start", body), "release_at_ms", "now_ms");
    // Asking again, after a reload for instance, tells the same release: it is the same recovery, and began when it was first asked for.
    const recovery = `${vaultId} ${started.release_at_ms}`;
    const startedMs = (await this.parts.pins.recoveryStarted(recovery)) ?? this.parts.now();
    await this.parts.pins.setRecoveryStarted(recovery, startedMs);
    await this.parts.pins.setRecoveryStarted(vaultId, startedMs);
    return { releaseAtMs: started.release_at_ms, nowMs: started.now_ms };
  }

  async #proof(vaultId: string, text: string): Promise<{ vault_id: string; proof: string }> {
    if (!/^[0-9a-f]{32}$/.test(vaultId)) throw new BadDraft("The vault id is the 32 letters and digits on the kit.");
    const code = typedCode(text);
    const proof = await derive(code, "recover-auth", idBytes(vaultId), 0).finally(() => wipe(code));
    return { vault_id: vaultId, proof: toBase64(proof) };
  }

  async claimRecovery({ vaultId, code: text }: { vaultId: string; code: string }): Promise<OpenVault> {
    const body = await this.#proof(vaultId, text);
    const info = object<SessionInfo>(await this.parts.transport.send("POST", "/v1/recovery/claim", body), "vault_id", "unlocker_id");
    const code = typedCode(text);
    const kek = await recoveryKek(code, idBytes(vaultId)).finally(() => wipe(code));
    const unlockerId = recoveryUnlockerId();
    const startedMs = await this.parts.pins.recoveryStarted(vaultId);
    const nowMs = this.parts.now() + clockToleranceMs;
    const inTime = ({ recovery }: Manifest) => demand(startedMs === undefined || nowMs >= startedMs + recovery.delayS * 1000, "rule", "the recovery was released early");
    return this.#open({ ...info, vault_id: vaultId }, unlockerId, kek, { passkey: false, kek, unlockerId }, { check: inTime });
  }

  async #open(info: SessionInfo, unlockerId: string, kek: CryptoKey, by: Session["cameBy"], opening?: Opening): Promise<OpenVault> {
    return new Vault(await Session.open(this.parts, info, unlockerId, kek, by, opening));
  }
}

class Vault implements OpenVault {
  readonly entries: Entries;
  readonly ways: Ways;
  readonly agents: Agents;
  readonly scopes: Scopes;
  readonly activity: Activity;

  constructor(private readonly session: Session) {
    const store = new EntryStore(session);
    const entries = new VaultEntries(session, store);
    this.entries = entries;
    this.ways = new VaultWays(session, store);
    this.agents = new VaultAgents(session, store);
    this.scopes = new VaultScopes(session, store, entries);
    this.activity = new VaultActivity(session, store);
  }

  get vaultId(): string {
    return this.session.vaultId;
  }

  get recovered(): boolean {
    return !this.session.cameBy.passkey;
  }

  get name(): string {
    return this.session.names.vault;
  }

  get idleUntilMs(): number {
    return this.session.idleUntilMs;
  }

  get notices(): readonly NodeNotice[] {
    return this.session.notices;
  }

  askNotices(): Promise<void> {
    return this.session.askNotices();
  }

  rename(what: "vault" | "agent" | "scope" | "passkey", id: string, name: string): Promise<void> {
    if (utf8(name).length > 200) return Promise.reject(new BadDraft("A name is at most 200 bytes."));
    return this.session.change(() =>
      this.session.changeManifest(async (names) => {
        if (what === "vault") names.vault = name;
        else names[`${what}s`][id] = name;
        return { names: true, edit: () => undefined };
      }),
    );
  }

  lock(): Promise<void> {
    return this.session.lock();
  }

  onClosed(listener: (why: "locked" | "alarm" | "session over") => void): () => void {
    return this.session.onClosed(listener);
  }

  onChange(listener: () => void): () => void {
    return this.session.onChange(listener);
  }
}
