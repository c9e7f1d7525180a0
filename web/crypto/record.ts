// The sealed record of docs/FORMAT.md section 4. A reader rebuilds the context from what it asked for, never from the bytes it got.
import { type Bytes, concat, equal, makeRandom, readU32, u32be, u64be, utf8, wipe } from "./bytes.ts";
import { expand, type Parent } from "./derive.ts";
import { sha256 } from "./hash.ts";
import { demand, Refused } from "./refused.ts";

/** What a record holds. */
export const Kind = {
  tier1: 0x01,
  tier2: 0x02,
  tier3: 0x03,
  unlocker: 0x10,
  grant1: 0x11,
  grant2: 0x12,
  usk: 0x13,
  enrol: 0x14,
  hosted: 0x15,
  backup: 0x16,
  previousVmk: 0x17,
} as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

/** A record is never longer. */
export const recordBytesMax = 1_048_576;
const headerBytes = 72;
const tagBytes = 16;
const smallest = headerBytes + 32 + tagBytes;

/** A key for records of one kind and epoch; it fits no other. */
export class RecordKey {
  constructor(readonly kind: Kind, readonly epoch: number, readonly secret: Parent) {}
}

/** Where a record belongs; all ids as bytes. */
export interface Context {
  readonly vault: Bytes;
  readonly entry: Bytes;
  readonly field: Bytes;
  readonly version: number;
}

const recordLabel = concat(utf8("clavitor/v1/record"), Uint8Array.of(0));
const sealLabel = concat(utf8("clavitor/v1/seal"), Uint8Array.of(0));

function head(key: RecordKey): Bytes {
  return concat(Uint8Array.of(0xc1, 0x01, key.kind, 0), u32be(key.epoch));
}

/** `ctx_hash`. */
export function contextHash(key: RecordKey, at: Context): Bytes {
  return sha256(concat(recordLabel, head(key), at.vault, at.entry, at.field, u64be(at.version)));
}

/** The padded length for a value with its length prefix: powers of two from 32 to 1024, Padmé above. */
export function paddedLength(total: number): number {
  if (total <= 1024) {
    let size = 32;
    while (size < total) size *= 2;
    return size;
  }
  const exponent = Math.floor(Math.log2(total));
  const keep = Math.floor(Math.log2(exponent)) + 1;
  const step = 2 ** (exponent - keep);
  return Math.ceil(total / step) * step;
}

/** Longest value: the largest padded size that fits into a record, less the length prefix. */
export const valueBytesMax = 1_032_188;

function pad(value: Uint8Array): Bytes {
  demand(value.length <= valueBytesMax, "padding", "too long");
  const padded = new Uint8Array(paddedLength(4 + value.length));
  padded.set(u32be(value.length));
  padded.set(value, 4);
  return padded;
}

function unpad(padded: Bytes): Bytes {
  const length = padded.length >= 4 ? readU32(padded, 0) : padded.length;
  demand(length <= padded.length - 4 && paddedLength(4 + length) === padded.length, "padding");
  let rest = 0;
  for (let i = 4 + length; i < padded.length; i++) rest |= padded[i] ?? 0;
  demand(rest === 0, "padding");
  return padded.slice(4, 4 + length);
}

/** Seals a value. `salt` is given by tests only. */
export async function seal(key: RecordKey, at: Context, value: Uint8Array, salt: Bytes = makeRandom(32)): Promise<Bytes> {
  const hash = contextHash(key, at);
  const padded = pad(value);
  const okm = await expand(key.secret, salt, concat(sealLabel, hash), 76);
  try {
    const aes = await crypto.subtle.importKey("raw", okm.subarray(0, 32), "AES-GCM", false, ["encrypt"]);
    const algorithm = { name: "AES-GCM", iv: okm.subarray(32, 44), additionalData: hash };
    const body = new Uint8Array(await crypto.subtle.encrypt(algorithm, aes, padded));
    return concat(head(key), salt, okm.subarray(44, 76), body);
  } finally {
    wipe(okm, padded);
  }
}

/** Checks what can be seen from outside: that it is a record of this kind and epoch. */
function checkHead(key: RecordKey, record: Bytes): void {
  demand(record.length >= smallest && record.length <= recordBytesMax, "envelope", "length");
  demand(record[0] === 0xc1, "envelope", "format");
  demand(record[1] === 0x01, "envelope", "suite");
  demand(record[2] === key.kind, "envelope", "kind");
  demand(record[3] === 0, "envelope", "flags");
  demand(readU32(record, 4) === key.epoch, "envelope", "epoch");
}

/** Opens a record. Throws `Refused`, one error for every failure. The caller wipes the value. */
export async function open(key: RecordKey, at: Context, record: Bytes): Promise<Bytes> {
  checkHead(key, record);
  const hash = contextHash(key, at);
  const okm = await expand(key.secret, record.slice(8, 40), concat(sealLabel, hash), 76);
  try {
    demand(equal(okm.subarray(44, 76), record.subarray(40, 72)), "commitment");
    const padded = await decrypt(okm, hash, record.subarray(headerBytes));
    try {
      return unpad(padded);
    } finally {
      wipe(padded);
    }
  } finally {
    wipe(okm);
  }
}

/** What can be seen of a record without its key. Throws `Refused`. */
export function envelope(record: Bytes): { kind: Kind; epoch: number; paddedBytes: number } {
  const kind = record[2] as Kind;
  demand((Object.values(Kind) as number[]).includes(kind), "envelope", "kind");
  const epoch = readU32(record, 4);
  checkHead(new RecordKey(kind, epoch, record), record);
  const paddedBytes = record.length - headerBytes - tagBytes;
  demand(paddedLength(paddedBytes) === paddedBytes, "envelope", "padded length");
  return { kind, epoch, paddedBytes };
}

async function decrypt(okm: Bytes, hash: Bytes, body: Bytes): Promise<Bytes> {
  const aes = await crypto.subtle.importKey("raw", okm.subarray(0, 32), "AES-GCM", false, ["decrypt"]);
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv: okm.subarray(32, 44), additionalData: hash }, aes, body));
  } catch {
    throw new Refused("aead");
  }
}
