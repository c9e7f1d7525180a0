// Rotation (docs/FORMAT.md section 11): each is one change, stored whole or not at all, so a client that was cut off simply begins again.
import { type Bytes, makeRandom, toBase64, wipe } from "../crypto/bytes.ts";
import { sha256 } from "../crypto/hash.ts";
import { type HeaderField, signHeader } from "../crypto/header.ts";
import { idBytes, zeroId } from "../crypto/ids.ts";
import { VaultKeys } from "../crypto/keys.ts";
import { AgentKind, type Manifest, type ManifestAgent, type ManifestScope, type ManifestUnlocker } from "../crypto/manifest.ts";
import { seal } from "../crypto/record.ts";
import { sealScope, sealVmk } from "../crypto/wrap.ts";
import { mayWrite } from "./accept.ts";
import { wholeEntries } from "./export.ts";
import { type Names, sealNames } from "./names.ts";
import { type Detail, openEntryKey, openValue, recordOf } from "./opening.ts";
import { sealGrants, signAgain } from "./sealing.ts";
import type { Session } from "./session.ts";
import type { EntryStore, Held, Written } from "./store.ts";
import type { Work } from "./types.ts";
import type { EntryGrant, FieldRecord, Grant, ScopeWrap, UnlockerChange } from "./wire.ts";

/** An agent that holds scope keys sealed to its own key. */
export function isKeyed(agent: ManifestAgent): boolean {
  return agent.kind === AgentKind.enrolled && agent.x25519.length === 32;
}

/** A scope with new keys: the next epoch, and a least entry-key epoch above every key that was ever given out in it. */
export function rotated(scope: ManifestScope, held: Iterable<Held>): ManifestScope {
  let highest = scope.ekEpochMin;
  for (const { signed: { header } } of held) {
    if (scope.id === zeroId || header.scopes.includes(scope.id)) highest = Math.max(highest, header.ekEpoch);
  }
  return { id: scope.id, epoch: scope.epoch + 1, ekEpochMin: highest + 1 };
}

/** The keys of some scopes, sealed to an agent. */
export async function wrapScopes(session: Session, keys: VaultKeys, agent: ManifestAgent, scopes: readonly ManifestScope[]): Promise<ScopeWrap[]> {
  return Promise.all(
    scopes.map(async (scope): Promise<ScopeWrap> => {
      const [sk1, sk2] = await Promise.all([keys.scopeBytes(1, scope.id, scope.epoch), keys.scopeBytes(2, scope.id, scope.epoch)]);
      const wrap = await sealScope(session.signer, session.vaultId, agent.id, agent.x25519, { id: scope.id, epoch: scope.epoch, sk1, sk2 });
      wipe(sk1, sk2);
      return { agent_id: agent.id, scope_id: scope.id, scope_epoch: scope.epoch, wrap: toBase64(wrap) };
    }),
  );
}

async function wrapsFor(session: Session, keys: VaultKeys, agents: readonly ManifestAgent[], scopes: readonly ManifestScope[]): Promise<ScopeWrap[]> {
  const wraps = agents.filter(isKeyed).map((agent) => {
    const held = new Set(agent.scopes.map((scope) => scope.id));
    return wrapScopes(session, keys, agent, scopes.filter((scope) => held.has(scope.id)));
  });
  return (await Promise.all(wraps)).flat();
}

/** The entry's keys in force, sealed again to scopes. Those of its history stay: the chain of previous vault keys opens them. */
async function regrant(session: Session, vault: VaultKeys, { signed: { header }, grants }: Detail, scopes: readonly ManifestScope[]): Promise<Grant[]> {
  const { entry, ekEpoch } = header;
  const [ek1, ek2] = await Promise.all([openEntryKey(session, entry, 1, ekEpoch, grants), openEntryKey(session, entry, 2, ekEpoch, grants)]);
  try {
    return (await Promise.all(scopes.map((scope) => sealGrants(vault, entry, scope, { epoch: ekEpoch, ek1, ek2 })))).flat();
  } finally {
    wipe(ek1, ek2);
  }
}

/** An agent that may write less, or, without `next`, nothing any more because its key goes. */
export interface WriteLoss {
  readonly agent: ManifestAgent;
  readonly next?: ManifestAgent;
}

/** What rotating scopes does besides: who is taken out of the manifest, whose versions the owner signs again. */
export interface ScopeRotation {
  readonly scopes: readonly string[];
  /** Edits agents of the next manifest; scopes are rotated already. */
  readonly edit: (next: Manifest) => void;
  /** Who loses write with it: what it wrote is taken over by the owner. */
  readonly adopt?: WriteLoss;
}

/** Gives scopes new keys: grants of their entries and wraps of their other agents are sealed again at once. */
export function rotateScopes(store: EntryStore, rotation: ScopeRotation, work: Work = {}): Promise<void> {
  return store.session.repeated(() => rotateOnce(store, rotation, work));
}

async function rotateOnce(store: EntryStore, rotation: ScopeRotation, work: Work): Promise<void> {
  const { session } = store;
  await store.load({}, true);
  await session.fresh();
  const ids = new Set(rotation.scopes);
  const scopes = session.manifest.scopes.map((scope) => (ids.has(scope.id) ? rotated(scope, store.all()) : scope));
  const fresh = scopes.filter((scope) => ids.has(scope.id));
  const wanted = new Set([...store.all()].filter(({ view }) => ids.has(zeroId) || view.scopes.some((scope) => ids.has(scope))).map(({ view }) => view.id));
  const grants: EntryGrant[] = [];
  let done = 0;
  for await (const { detail } of wholeEntries(store, wanted)) {
    const { header } = detail.signed;
    const held = fresh.filter((scope) => scope.id === zeroId || header.scopes.includes(scope.id));
    const again = await regrant(session, session.keys, detail, held);
    grants.push(...again.map((grant) => ({ entry_id: header.entry, grant })));
    work.onProgress?.({ done: ++done, total: wanted.size });
  }
  const manifest = await session.nextManifest((next) => {
    next.scopes = scopes;
    rotation.edit(next);
  });
  const written = rotation.adopt === undefined ? [] : await adoptAuthored(store, rotation.adopt);
  const wraps = await wrapsFor(session, session.keys, manifest.manifest.agents, fresh);
  await store.write(written, { manifest: toBase64(manifest.signed), grants, scope_wraps: wraps }, { manifest });
}

/** Takes the right to write from an agent and takes over what it wrote with it, also just now, in one change: no browser ever sees the one without the other. */
export function narrowAgent(store: EntryStore, loss: WriteLoss, edit: (next: Manifest) => void): Promise<void> {
  const { session } = store;
  return session.repeated(async () => {
    await store.load({}, true);
    await session.fresh();
    const written = await adoptAuthored(store, loss);
    const manifest = await session.nextManifest(edit);
    await store.write(written, { manifest: toBase64(manifest.signed) }, { manifest });
  });
}

/** Versions an agent wrote, or may have written beneath another agent's, signed again by the owner, so that they stay provable when the agent loses the right. */
async function adoptAuthored(store: EntryStore, { agent, next }: WriteLoss): Promise<Written[]> {
  const authored = [...store.all()].filter(({ signed: { header } }) => {
    if (header.author === zeroId || (next !== undefined && mayWrite(next, header))) return false;
    return header.author === agent.id || mayWrite(agent, header);
  });
  return Promise.all(
    authored.map(async (held) => ({ version: await signAgain(store.session, held.signed, held.signed.header.deleted), summary: held.summary })),
  );
}

/** What changes with a new vault key. */
export interface VaultRotation {
  readonly remove: readonly string[];
  /** A new unlocker, with its record. */
  readonly add?: { readonly unlocker: ManifestUnlocker; readonly record: Bytes };
  readonly recovery?: Manifest["recovery"];
  readonly rename?: (names: Names) => void;
}

interface Resealed { readonly grants: EntryGrant[]; readonly written: Written[] }

/** Tier-3 records under the new vault key, as a new version. */
async function resealTier3(store: EntryStore, keys: VaultKeys, held: { detail: Detail; summary: Held["summary"] }, grants: Grant[]): Promise<Written> {
  const { session } = store;
  const { header, hash } = held.detail.signed;
  const version = header.version + 1;
  const records: FieldRecord[] = [];
  const key = await keys.entryKey3(header.entry);
  const fields = await Promise.all(
    header.fields.map(async (field): Promise<HeaderField> => {
      if (field.tier !== 3) return field;
      const value = await openValue(session, header, field, recordOf(field, held.detail.records), held.detail.grants);
      const record = await seal(key, { vault: session.vaultBytes, entry: idBytes(header.entry), field: idBytes(field.id), version }, value);
      wipe(value);
      records.push({ field_id: field.id, record: toBase64(record) });
      return { ...field, version, hash: sha256(record) };
    }),
  );
  const next = { ...header, version, previous: hash, vaultEpoch: keys.epoch, fields, author: zeroId, hlcMs: session.hlc(header.hlcMs) };
  const signed = await signHeader(next, session.signer);
  return { version: { change: { header: toBase64(signed.signed), records, grants }, signed }, summary: held.summary };
}

async function resealEntries(store: EntryStore, keys: VaultKeys, scopes: readonly ManifestScope[], work: Work): Promise<Resealed> {
  const { session } = store;
  const all: Resealed = { grants: [], written: [] };
  const wanted = new Set([...store.all()].map(({ view }) => view.id));
  let done = 0;
  for await (const whole of wholeEntries(store, wanted)) {
    const { header } = whole.detail.signed;
    const held = scopes.filter((scope) => scope.id === zeroId || header.scopes.includes(scope.id));
    const grants = await regrant(session, keys, whole.detail, held);
    if (header.fields.some((field) => field.tier === 3)) all.written.push(await resealTier3(store, keys, whole, grants));
    else all.grants.push(...grants.map((grant) => ({ entry_id: header.entry, grant })));
    work.onProgress?.({ done: ++done, total: wanted.size });
  }
  return all;
}

/** Gives the vault a new key. Hosted agents and open invitations end; enrolled agents get the new scope keys. */
export async function rotateVault(store: EntryStore, rotation: VaultRotation, work: Work = {}): Promise<void> {
  const { session } = store;
  await store.load({}, true);
  const old = await session.vaultKey();
  const vmk = makeRandom(32);
  try {
    const keys = await VaultKeys.of(vmk, session.vaultId, old.keys.epoch + 1);
    const scopes = session.manifest.scopes.map((scope) => rotated(scope, store.all()));
    const { grants, written } = await resealEntries(store, keys, scopes, work);
    const usk = await seal(keys.uskKey(), keys.ownContext(0), old.seed);
    const previous = await seal(keys.previousVmkKey(), keys.ownContext(old.keys.epoch), old.vmk);
    const names = structuredClone(session.names);
    rotation.rename?.(names);
    const sealedNames = await sealNames(keys, names, session.manifest.names.version + 1);
    const manifest = await session.nextManifest((next) => {
      next.vaultEpoch = keys.epoch;
      next.scopes = scopes;
      next.names = sealedNames.names;
      next.agents = next.agents.filter(isKeyed);
      next.unlockers = unlockersAfter(next.unlockers, rotation);
      if (rotation.recovery) next.recovery = rotation.recovery;
    });
    const unlockers = await Promise.all(manifest.manifest.unlockers.map((unlocker) => wrappedAgain(session, unlocker, vmk, keys.epoch, rotation)));
    const wraps = await wrapsFor(session, keys, manifest.manifest.agents, scopes);
    const change = {
      manifest: toBase64(manifest.signed), names: toBase64(sealedNames.record), usk: toBase64(usk), previous_vmk: toBase64(previous),
      unlockers, scope_wraps: wraps, grants,
    };
    await store.write(written, change, { manifest, names, rotated: { keys, usk, previous } });
  } finally {
    wipe(vmk, old.vmk, old.seed);
  }
}

function unlockersAfter(unlockers: readonly ManifestUnlocker[], { remove, add }: VaultRotation): ManifestUnlocker[] {
  const gone = new Set(add ? [...remove, add.unlocker.id] : remove);
  const kept = unlockers.filter((unlocker) => !gone.has(unlocker.id));
  return add ? [...kept, add.unlocker] : kept;
}

async function wrappedAgain(session: Session, unlocker: ManifestUnlocker, vmk: Bytes, epoch: number, { add }: VaultRotation): Promise<UnlockerChange> {
  const sealed = await sealVmk(session.signer, session.vaultId, unlocker.id, unlocker.x25519, vmk, epoch);
  const change: UnlockerChange = { id: unlocker.id, sealed_vmk: toBase64(sealed) };
  return add?.unlocker.id === unlocker.id ? { ...change, record: toBase64(add.record) } : change;
}

