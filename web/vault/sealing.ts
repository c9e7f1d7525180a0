// Sealing a version of an entry: which records are sealed anew, under which entry keys, and the header over all of it.
import { type Bytes, makeRandom, toBase64, utf8, wipe } from "../crypto/bytes.ts";
import { sha256 } from "../crypto/hash.ts";
import { Deleted, type HeaderField, signHeader, type SignedHeader } from "../crypto/header.ts";
import { idBytes, zeroBytes16, zeroBytes32, zeroId } from "../crypto/ids.ts";
import { kindByName, summaryKind, type Tier } from "../crypto/kinds.ts";
import type { VaultKeys } from "../crypto/keys.ts";
import { Kind, RecordKey, seal } from "../crypto/record.ts";
import { type Detail, openEntryKey } from "./opening.ts";
import type { Session } from "./session.ts";
import { type Summary, writeSummary } from "./summary.ts";
import type { EntryChange, FieldRecord, Grant } from "./wire.ts";

/** A field of the version to seal: with a new value, or exactly as it stands. */
export type PlannedField =
  | { readonly id: string; readonly kind: number; readonly tier: Tier; readonly value: Bytes }
  | { readonly keep: HeaderField };

/** What the next version shall be. Values are wiped when it is sealed. */
export interface Plan {
  readonly entry: string;
  /** The version it follows; absent for a new entry. */
  readonly before?: Detail;
  /** Absent: the summary's record stays. */
  readonly summary?: Summary;
  readonly fields: readonly PlannedField[];
  readonly destinations: readonly string[];
  readonly scopes: readonly string[];
  readonly deleted: number;
  /** New entry keys; everything of tiers 1 and 2 must then have a value. */
  readonly rekey: boolean;
}

/** A sealed version, ready to be sent. */
export interface SealedVersion {
  readonly change: EntryChange;
  readonly signed: SignedHeader;
}

interface EntryKeys { readonly epoch: number; readonly ek1: Bytes; readonly ek2: Bytes; readonly fresh: boolean }

/** Entry records in these scopes are sealed under at least this entry-key epoch. */
export function epochNeeded(session: Session, scopes: readonly string[]): number {
  const held = new Set([zeroId, ...scopes]);
  return Math.max(...session.manifest.scopes.filter((scope) => held.has(scope.id)).map((scope) => scope.ekEpochMin));
}

async function entryKeys(session: Session, plan: Plan): Promise<EntryKeys> {
  const needed = epochNeeded(session, plan.scopes);
  if (plan.before === undefined) return { epoch: needed, ek1: makeRandom(32), ek2: makeRandom(32), fresh: true };
  const { header } = plan.before.signed;
  if (plan.rekey) return { epoch: Math.max(header.ekEpoch + 1, needed), ek1: makeRandom(32), ek2: makeRandom(32), fresh: true };
  const [ek1, ek2] = await Promise.all([
    openEntryKey(session, plan.entry, 1, header.ekEpoch, plan.before.grants),
    openEntryKey(session, plan.entry, 2, header.ekEpoch, plan.before.grants),
  ]);
  return { epoch: header.ekEpoch, ek1, ek2, fresh: false };
}

/** Seals both entry keys to a scope, under the scope's key of that epoch. */
export async function sealGrants(
  vault: VaultKeys, entry: string, scope: { id: string; epoch: number }, keys: { epoch: number; ek1: Bytes; ek2: Bytes },
): Promise<Grant[]> {
  const at = { vault: vault.vaultBytes, entry: idBytes(entry), field: idBytes(scope.id), version: keys.epoch };
  const one = async (tier: 1 | 2, key: Bytes): Promise<Grant> => {
    const record = await seal(await vault.grantKey(tier, scope.id, scope.epoch), at, key);
    return { scope_id: scope.id, tier, ek_epoch: keys.epoch, record: toBase64(record) };
  };
  return Promise.all([one(1, keys.ek1), one(2, keys.ek2)]);
}

async function grantsFor(session: Session, plan: Plan, keys: EntryKeys): Promise<Grant[]> {
  const had = keys.fresh ? [] : [zeroId, ...(plan.before?.signed.header.scopes ?? [])];
  const wanted = new Set([zeroId, ...plan.scopes].filter((scope) => !had.includes(scope)));
  const scopes = session.manifest.scopes.filter((scope) => wanted.has(scope.id));
  return (await Promise.all(scopes.map((scope) => sealGrants(session.keys, plan.entry, scope, keys)))).flat();
}

/** Seals a version. Nothing is sent. */
export async function sealVersion(session: Session, plan: Plan): Promise<SealedVersion> {
  const before = plan.before?.signed;
  const version = (before?.header.version ?? 0) + 1;
  const keys = await entryKeys(session, plan);
  const records: FieldRecord[] = [];
  const sealField = async (id: string, kind: number, tier: Tier, value: Bytes): Promise<HeaderField> => {
    const at = { vault: session.vaultBytes, entry: idBytes(plan.entry), field: id === zeroId ? zeroBytes16 : idBytes(id), version };
    const record = await seal(await fieldKey(session, plan.entry, tier, keys), at, value);
    wipe(value);
    records.push({ field_id: id, record: toBase64(record) });
    return { id, kind, tier, version, hash: sha256(record) };
  };
  try {
    const fields = await Promise.all(plan.fields.map((field) => ("keep" in field ? field.keep : sealField(field.id, field.kind, field.tier, field.value))));
    if (plan.summary) fields.push(await sealField(zeroId, summaryKind, 1, writeSummary(plan.summary)));
    else fields.push(...(before?.header.fields.filter((field) => field.id === zeroId && plan.deleted !== Deleted.purged) ?? []));
    const signed = await signHeader(
      {
        vault: session.vaultId, entry: plan.entry, version, previous: before?.hash ?? zeroBytes32, ekEpoch: keys.epoch,
        vaultEpoch: Math.max(before?.header.vaultEpoch ?? 0, session.keys.epoch), fields, destinations: [...plan.destinations], policy: 0,
        scopes: [...plan.scopes], deleted: plan.deleted, author: zeroId, hlcMs: session.hlc(before?.header.hlcMs ?? 0),
      },
      session.signer,
    );
    return { change: { header: toBase64(signed.signed), records, grants: await grantsFor(session, plan, keys) }, signed };
  } finally {
    wipe(keys.ek1, keys.ek2);
  }
}

async function fieldKey(session: Session, entry: string, tier: Tier, keys: EntryKeys): Promise<RecordKey> {
  if (tier === 3) return session.keys.entryKey3(entry);
  return tier === 1 ? new RecordKey(Kind.tier1, keys.epoch, keys.ek1) : new RecordKey(Kind.tier2, keys.epoch, keys.ek2);
}

/** A header over the same records: trash, restore, or another author's version taken over. No key is needed. */
export async function signAgain(session: Session, before: SignedHeader, deleted: number): Promise<SealedVersion> {
  const { header, hash } = before;
  const purged = deleted === Deleted.purged;
  const signed = await signHeader(
    {
      ...header, version: header.version + 1, previous: hash, deleted, author: zeroId, hlcMs: session.hlc(header.hlcMs), vaultEpoch: session.keys.epoch,
      fields: purged ? [] : header.fields, destinations: purged ? [] : header.destinations, scopes: purged ? [] : header.scopes,
    },
    session.signer,
  );
  return { change: { header: toBase64(signed.signed), records: [] }, signed };
}

/** UTF-8 of a text value, or a copy of bytes. */
export function valueBytes(value: string | Uint8Array): Bytes {
  return typeof value === "string" ? utf8(value) : new Uint8Array(value);
}

/** Number of a kind by its name; 0 when there is none. */
export function kindNumber(name: string): number {
  return kindByName(name)?.number ?? 0;
}
