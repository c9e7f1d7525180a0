// Opening what an entry holds: its keys from the grants of the whole vault, its summary, its values. Each record is the one its signed header names.
import { type Bytes, equal, readU32, wipe } from "../crypto/bytes.ts";
import { sha256 } from "../crypto/hash.ts";
import type { Header, HeaderField, SignedHeader } from "../crypto/header.ts";
import { idBytes, zeroBytes16, zeroId } from "../crypto/ids.ts";
import { type Context, Kind, open, RecordKey } from "../crypto/record.ts";
import { demand, Refused } from "../crypto/refused.ts";
import { blob, list } from "./read.ts";
import type { Session } from "./session.ts";
import { readSummary, type Summary } from "./summary.ts";
import type { FieldRecord, Grant } from "./wire.ts";

/** A grant of the whole vault for this tier and entry-key epoch. */
function grantOf(grants: readonly Grant[], tier: 1 | 2, ekEpoch: number): Bytes {
  const grant = grants.find((one) => one.scope_id === zeroId && one.tier === tier && one.ek_epoch === ekEpoch);
  demand(grant !== undefined, "rule", "grant is missing");
  return blob(grant.record);
}

/** EK1_e or EK2_e. `past`: of an older version, whose grant may be under an older scope and vault key. The caller wipes it. */
export async function openEntryKey(session: Session, entry: string, tier: 1 | 2, ekEpoch: number, grants: readonly Grant[], past = false): Promise<Bytes> {
  const record = grantOf(grants, tier, ekEpoch);
  const epoch = record.length >= 8 ? readU32(record, 4) : 0;
  if (epoch > wholeEpoch(session)) await session.refresh();
  const now = wholeEpoch(session);
  demand(epoch === now || (past && epoch >= 1 && epoch < now), "rule", "grant of another scope epoch");
  const at = { vault: session.vaultBytes, entry: idBytes(entry), field: zeroBytes16, version: ekEpoch };
  const key = await openGrant(session, tier, epoch, at, record, epoch === now);
  demand(key.length === 32, "rule", "entry key");
  return key;
}

/** A grant does not say under which vault key it is; one of an older scope epoch is tried from the newest vault key to the oldest. */
async function openGrant(session: Session, tier: 1 | 2, epoch: number, at: Context, record: Bytes, inForce: boolean): Promise<Bytes> {
  for (let vaultEpoch = session.keys.epoch; ; vaultEpoch--) {
    const keys = await session.keysOf(vaultEpoch);
    try {
      return await open(await keys.grantKey(tier, zeroId, epoch), at, record);
    } catch (error) {
      const another = error instanceof Refused && error.layer === "commitment";
      if (!another || inForce || vaultEpoch === 1) throw error;
    }
  }
}

function wholeEpoch(session: Session): number {
  return session.manifest.scopes.find((scope) => scope.id === zeroId)?.epoch ?? 0;
}

/** The summary of a header. */
export async function openSummary(session: Session, header: Header, record: Bytes | undefined, grants: readonly Grant[], past = false): Promise<Summary> {
  const field = header.fields.find((one) => one.id === zeroId);
  demand(field !== undefined && record !== undefined && equal(sha256(record), field.hash), "hash", "summary");
  const key = await openEntryKey(session, header.entry, 1, header.ekEpoch, grants, past);
  try {
    const at = { vault: session.vaultBytes, entry: idBytes(header.entry), field: zeroBytes16, version: field.version };
    const value = await open(new RecordKey(Kind.tier1, header.ekEpoch, key), at, record);
    try {
      return readSummary(value);
    } finally {
      wipe(value);
    }
  } finally {
    wipe(key);
  }
}

/** The record of a field, as the header names it. */
export function recordOf(field: HeaderField, records: readonly FieldRecord[]): Bytes {
  const found = list(records).find((one) => one.field_id === field.id);
  demand(found !== undefined, "hash", "record is missing");
  const record = blob(found.record);
  demand(equal(sha256(record), field.hash), "hash", "another record than the signed one");
  return record;
}

/** Opens one value. The caller wipes it. */
export async function openValue(session: Session, header: Header, field: HeaderField, record: Bytes, grants: readonly Grant[], past = false): Promise<Bytes> {
  const at = { vault: session.vaultBytes, entry: idBytes(header.entry), field: idBytes(field.id), version: field.version };
  if (field.tier === 3) {
    const keys = await session.keysOf(header.vaultEpoch);
    return open(await keys.entryKey3(header.entry), at, record);
  }
  const key = await openEntryKey(session, header.entry, field.tier, header.ekEpoch, grants, past);
  try {
    return await open(new RecordKey(field.tier === 1 ? Kind.tier1 : Kind.tier2, header.ekEpoch, key), at, record);
  } finally {
    wipe(key);
  }
}

/** An entry with every record of its current version, all checked against the header. */
export interface Detail {
  readonly signed: SignedHeader;
  readonly records: readonly FieldRecord[];
  readonly grants: readonly Grant[];
}
