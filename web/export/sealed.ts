// An export sealed with a passphrase: Argon2id, then AES-256-GCM in chunks. The layout is in docs/export-format.md.

import { ImportError } from "../import/error.ts";
import { argon2id, type Argon2Cost } from "../import/formats/argon2.ts";
import { argon2_lanes_max, argon2_memory_mib_max, argon2_passes_max } from "../import/limits.ts";
import type { Pace } from "../import/pace.ts";
import { fromBase64Url, toBase64Url } from "./base64.ts";

/** What a new export costs to open: 64 MiB, three passes. One lane, since a browser would not run a second one beside it. */
export const SEAL_COST: Argon2Cost = { memoryKib: 64 * 1024, passes: 3, lanes: 1 };

const MAGIC = "CLVEXP1\n";
const SALT_BYTES = 16;
const CHECK_BYTES = 32;
const TAG_BYTES = 16;
const CHUNK_BYTES = 256 * 1024;
const CHUNK_BYTES_MAX = 4 * 1024 * 1024;
const HEADER_BYTES_MAX = 4_096;
const utf8 = new TextEncoder();

type Bytes = Uint8Array<ArrayBuffer>;

interface Key {
  key: CryptoKey;
  check: Bytes;
  headerHash: Bytes;
}

interface Header {
  cost: Argon2Cost;
  salt: Bytes;
  chunkBytes: number;
}

/** True when the bytes begin as a sealed export does. */
export function looksSealed(bytes: Uint8Array): boolean {
  return new TextDecoder("latin1").decode(bytes.subarray(0, MAGIC.length)) === MAGIC;
}

/** Seals a stream of bytes. `cost` and `salt` are given by tests only. */
export async function* seal(plain: AsyncIterable<Bytes>, passphrase: string, pace: Pace, cost = SEAL_COST, salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES))): AsyncGenerator<Bytes> {
  const header = headerBytes({ cost, salt, chunkBytes: CHUNK_BYTES });
  const key = await deriveKey(header, { cost, salt, chunkBytes: CHUNK_BYTES }, passphrase, pace);
  yield header;
  yield key.check;
  const buffer = new Uint8Array(CHUNK_BYTES);
  let filled = 0;
  let number = 0;
  for await (const part of plain) {
    for (let at = 0; at < part.length; ) {
      // A full buffer is only written when more comes, so that the last chunk is known to be the last.
      if (filled === CHUNK_BYTES) {
        yield await sealChunk(key, number++, false, buffer);
        filled = 0;
      }
      const take = Math.min(part.length - at, CHUNK_BYTES - filled);
      buffer.set(part.subarray(at, at + take), filled);
      filled += take;
      at += take;
    }
  }
  yield await sealChunk(key, number, true, buffer.subarray(0, filled));
  buffer.fill(0);
}

/** Opens a sealed export. Throws `password_needed`, `password_wrong`, `damaged`, `unsupported`, `cost_too_high`. */
export async function openSealed(sealed: Bytes, passphrase: string | undefined, pace: Pace): Promise<Bytes> {
  const headerEnd = headerLength(sealed);
  const header = parseHeader(sealed.subarray(12, headerEnd));
  if (passphrase === undefined || passphrase === "") throw new ImportError("password_needed", "This export is sealed with a passphrase. Enter the one that was chosen when it was made.");
  const key = await deriveKey(sealed.slice(0, headerEnd), header, passphrase, pace);
  const bodyStart = headerEnd + CHECK_BYTES;
  if (!equal(sealed.subarray(headerEnd, bodyStart), key.check)) throw new ImportError("password_wrong", "The passphrase is wrong, or the beginning of the file is damaged.");
  const step = header.chunkBytes + TAG_BYTES;
  const chunks = Math.max(1, Math.ceil((sealed.length - bodyStart) / step));
  const lastBytes = sealed.length - bodyStart - (chunks - 1) * step;
  if (lastBytes < TAG_BYTES) throw new ImportError("damaged", "The passphrase is right, but the file was cut off.");
  const plain = new Uint8Array(sealed.length - bodyStart - chunks * TAG_BYTES);
  let filled = 0;
  for (let number = 0; number < chunks; number++) {
    const at = bodyStart + number * step;
    const part = await openChunk(key, number, number === chunks - 1, sealed.subarray(at, at + step));
    plain.set(part, filled);
    filled += part.length;
    await pace.step("reading", at, sealed.length);
  }
  return plain;
}

function headerBytes(header: Header): Bytes {
  const { memoryKib, passes, lanes } = header.cost;
  const json = utf8.encode(JSON.stringify({
    format: "clavitor-export-sealed",
    version: 1,
    kdf: { name: "argon2id", version: 19, memory_kib: memoryKib, passes, lanes, salt: toBase64Url(header.salt) },
    cipher: { name: "AES-256-GCM", chunk_bytes: header.chunkBytes },
  }));
  const bytes = new Uint8Array(12 + json.length);
  bytes.set(utf8.encode(MAGIC));
  new DataView(bytes.buffer).setUint32(8, json.length);
  bytes.set(json, 12);
  return bytes;
}

function headerLength(sealed: Bytes): number {
  const length = sealed.length < 12 ? 0 : new DataView(sealed.buffer, sealed.byteOffset).getUint32(8);
  if (!looksSealed(sealed) || length < 2 || length > HEADER_BYTES_MAX || sealed.length < 12 + length + CHECK_BYTES + TAG_BYTES) {
    throw new ImportError("damaged", "The sealed export is cut off or damaged at its beginning.");
  }
  return 12 + length;
}

function parseHeader(json: Bytes): Header {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json));
  } catch {
    throw new ImportError("damaged", "The sealed export is damaged at its beginning.");
  }
  const { version, kdf, cipher } = members(header);
  const { name, version: kdfVersion, memory_kib, passes, lanes, salt } = members(kdf);
  const { name: cipherName, chunk_bytes } = members(cipher);
  if (version !== 1 || name !== "argon2id" || kdfVersion !== 19 || cipherName !== "AES-256-GCM") {
    throw new ImportError("unsupported", "This export was sealed by a newer version in a way this one does not know.");
  }
  const saltBytes = typeof salt === "string" ? fromBase64Url(salt) : undefined;
  if (saltBytes === undefined || saltBytes.length < SALT_BYTES || saltBytes.length > 64) throw new ImportError("damaged", "The sealed export is damaged at its beginning.");
  return {
    cost: { memoryKib: bounded(memory_kib, argon2_memory_mib_max * 1024), passes: bounded(passes, argon2_passes_max), lanes: bounded(lanes, argon2_lanes_max) },
    salt: saltBytes,
    chunkBytes: bounded(chunk_bytes, CHUNK_BYTES_MAX),
  };
}

function members(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function bounded(value: unknown, most: number): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 1) throw new ImportError("damaged", "The sealed export is damaged at its beginning.");
  if (value > most) throw new ImportError("cost_too_high", "Opening this file would take more time or memory than any real export asks for.");
  return value;
}

/** The key depends on every byte of the header, and the check value tells a wrong passphrase from damage without opening anything. */
async function deriveKey(header: Bytes, { cost, salt }: Header, passphrase: string, pace: Pace): Promise<Key> {
  const headerHash = new Uint8Array(await crypto.subtle.digest("SHA-256", header));
  // One form for letters that keyboards compose differently.
  const master = await argon2id(new Uint8Array(utf8.encode(passphrase.normalize("NFC"))), salt, cost, pace);
  const base = await crypto.subtle.importKey("raw", master, "HKDF", false, ["deriveBits"]);
  master.fill(0);
  const okm = new Uint8Array(await crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt: headerHash, info: utf8.encode("clavitor/export/v1") }, base, 512));
  const key = await crypto.subtle.importKey("raw", okm.slice(0, 32), "AES-GCM", false, ["encrypt", "decrypt"]);
  const check = okm.slice(32);
  okm.fill(0);
  return { key, check, headerHash };
}

function chunkParameters(key: Key, number: number, last: boolean): AesGcmParams {
  const iv = new Uint8Array(12);
  new DataView(iv.buffer).setUint32(7, number);
  iv[11] = last ? 1 : 0;
  return { name: "AES-GCM", iv, additionalData: key.headerHash };
}

async function sealChunk(key: Key, number: number, last: boolean, plain: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.encrypt(chunkParameters(key, number, last), key.key, plain));
}

async function openChunk(key: Key, number: number, last: boolean, sealed: Bytes): Promise<Bytes> {
  try {
    return new Uint8Array(await crypto.subtle.decrypt(chunkParameters(key, number, last), key.key, sealed));
  } catch {
    throw new ImportError("damaged", "The passphrase is right, but the file was changed, cut off or extended.", `chunk ${number + 1}`);
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (const [i, byte] of a.entries()) difference |= byte ^ (b[i] ?? 0);
  return difference === 0;
}
