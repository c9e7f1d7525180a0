// The entry header: what an author signed about one version of an entry (docs/FORMAT.md section 6).
import { type Bytes, compare, equal, toHex, utf8 } from "./bytes.ts";
import { asArray, asBytes, asText, asUint, type Cbor, decode, encode, members, numbered } from "./cbor.ts";
import { sha256 } from "./hash.ts";
import { idBytes, zeroBytes32, zeroId } from "./ids.ts";
import { kindByNumber, summaryKind, type Tier } from "./kinds.ts";
import { demand } from "./refused.ts";
import { type PublicKey, type SigningKey, splitSigned } from "./sign.ts";

const u32Max = 0xffff_ffff;
export const destinationBytesMax = 2048;

export const Deleted = { live: 0, trash: 1, purged: 2 } as const;

/** A field as the header names it; the summary is field `0^16`. */
export interface HeaderField { id: string; kind: number; tier: Tier; version: number; hash: Bytes }

/** A header body, decoded. */
export interface Header {
  vault: string;
  entry: string;
  version: number;
  previous: Bytes;
  ekEpoch: number;
  vaultEpoch: number;
  fields: HeaderField[];
  destinations: string[];
  policy: number;
  scopes: string[];
  deleted: number;
  /** An agent, or `0^16` for the owner. */
  author: string;
  hlcMs: number;
}

function ascending(list: readonly Bytes[]): void {
  for (let i = 1; i < list.length; i++) demand(compare(list[i - 1] ?? zeroBytes32, list[i] ?? zeroBytes32) < 0, "rule", "order");
}

function readField(value: Cbor, version: number): HeaderField {
  const [field, kind, tier, sealed, hash] = members(value, 5);
  const read = { id: toHex(asBytes(field, 16)), kind: asUint(kind), tier: asUint(tier) as Tier, version: asUint(sealed), hash: asBytes(hash, 32) };
  demand(read.tier >= 1 && read.tier <= 3, "rule", "tier");
  demand(read.version >= 1 && read.version <= version, "rule", "field version");
  const summary = read.id === zeroId;
  demand(summary === (read.kind === summaryKind), "rule", "summary");
  const known = kindByNumber(read.kind);
  demand(summary ? read.tier === 1 : read.tier >= (known?.lowestTier ?? 4), "rule", "lowest tier");
  demand(read.tier > 1 || known?.descriptive !== true, "rule", "its value stands in the summary");
  return read;
}

/** Reads a body. Throws `Refused` for anything that breaks the format. */
export function decodeHeader(body: Bytes): Header {
  const m = members(decode(body), 14);
  demand(asUint(m[0]) === 1, "rule", "format");
  const version = asUint(m[3]);
  const header: Header = {
    vault: toHex(asBytes(m[1], 16)),
    entry: toHex(asBytes(m[2], 16)),
    version,
    previous: asBytes(m[4], 32),
    ekEpoch: asUint(m[5], u32Max),
    vaultEpoch: asUint(m[6], u32Max),
    fields: asArray(m[7]).map((field) => readField(field, version)),
    destinations: asArray(m[8]).map(asText),
    policy: asUint(m[9]),
    scopes: asArray(m[10]).map((scope) => toHex(asBytes(scope, 16))),
    deleted: asUint(m[11]),
    author: toHex(asBytes(m[12], 16)),
    hlcMs: asUint(m[13]),
  };
  checkHeader(header);
  return header;
}

function checkHeader(header: Header): void {
  demand(header.version >= 1 && header.ekEpoch >= 1 && header.vaultEpoch >= 1, "rule", "versions begin at 1");
  demand((header.version === 1) === equal(header.previous, zeroBytes32), "rule", "first header");
  demand(header.version > 1 || header.author === zeroId, "rule", "agents make no entries");
  const sizes = header.destinations.map((text) => utf8(text).length);
  demand(sizes.every((size) => size > 0 && size <= destinationBytesMax), "rule", "destination");
  demand(header.entry !== zeroId, "rule", "entry id");
  demand(header.policy === 0, "rule", "policy");
  demand(header.deleted <= Deleted.purged, "rule", "deleted");
  demand(header.author === zeroId || header.deleted === Deleted.live, "rule", "agents delete nothing");
  ascending(header.fields.map((field) => idBytes(field.id)));
  ascending(header.destinations.map(utf8));
  ascending(header.scopes.map(idBytes));
  demand(!header.scopes.includes(zeroId), "rule", "scope 0 is implied");
  const hasSummary = header.fields[0]?.id === zeroId;
  demand(header.deleted === Deleted.purged ? header.fields.length === 0 : hasSummary, "rule", "fields");
}

/** The one encoding of a header; arrays are put in order. */
export function encodeHeader(h: Header): Bytes {
  const fields = [...h.fields].sort((a, b) => (a.id < b.id ? -1 : 1));
  const destinations = [...h.destinations].sort((a, b) => compare(utf8(a), utf8(b)));
  return encode(
    numbered(
      1, idBytes(h.vault), idBytes(h.entry), h.version, h.previous, h.ekEpoch, h.vaultEpoch,
      fields.map((f) => numbered(idBytes(f.id), f.kind, f.tier, f.version, f.hash)),
      destinations, h.policy, [...h.scopes].sort().map(idBytes), h.deleted, idBytes(h.author), h.hlcMs,
    ),
  );
}

/** A header with the hash the next one names. */
export interface SignedHeader {
  readonly header: Header;
  readonly hash: Bytes;
  readonly signed: Bytes;
}

/** Reads a signed header without checking its signature: only for callers that check it, or know its hash already. */
export function readHeader(signed: Bytes): SignedHeader & { readonly signature: Bytes; readonly body: Bytes } {
  const { signature, body } = splitSigned(signed);
  return { header: decodeHeader(body), hash: sha256(body), signed, signature, body };
}

/** Checks the signature by the named author's key, and that it is the entry asked for. */
export async function verifyHeader(signed: Bytes, vault: string, entry: string, keyOf: (author: string) => PublicKey | undefined): Promise<SignedHeader> {
  const read = readHeader(signed);
  demand(read.header.vault === vault && read.header.entry === entry, "signature", "another entry");
  const key = keyOf(read.header.author);
  demand(key !== undefined, "signature", "unknown author");
  await key.verify("header", idBytes(vault), read.body, read.signature);
  return { header: read.header, hash: read.hash, signed };
}

/** Encodes and signs. What it makes, it would accept. */
export async function signHeader(header: Header, key: SigningKey): Promise<SignedHeader> {
  const body = encodeHeader(header);
  const own = decodeHeader(body);
  return { header: own, hash: sha256(body), signed: await key.signed("header", idBytes(header.vault), body) };
}

/** Refuses a header that does not follow `before` (or is not a first one). */
export function checkHeaderFollows(next: Header, before?: { readonly header: Header; readonly hash: Bytes }): void {
  if (before === undefined) return demand(next.version === 1, "chain", "version");
  const last = before.header;
  demand(next.vault === last.vault && next.entry === last.entry, "chain", "another entry");
  demand(next.version === last.version + 1, "chain", "version");
  demand(equal(next.previous, before.hash), "chain", "previous");
  demand(next.ekEpoch >= last.ekEpoch && next.vaultEpoch >= last.vaultEpoch, "chain", "epoch runs back");
  demand(last.deleted !== Deleted.purged, "chain", "purged for ever");
  checkFieldsFollow(next, last);
  if (next.author !== zeroId) checkAgentRules(next, last);
}

function sameField(a: HeaderField, b: HeaderField | undefined): boolean {
  return b !== undefined && a.kind === b.kind && a.tier === b.tier && a.version === b.version && equal(a.hash, b.hash);
}

/** A field of an older version is exactly the one that stood there; a new key seals all of its tiers anew. */
function checkFieldsFollow(next: Header, last: Header): void {
  const old = new Map(last.fields.map((field) => [field.id, field]));
  for (const field of next.fields) {
    if (field.version === next.version) continue;
    const sameKey = field.tier === 3 ? next.vaultEpoch === last.vaultEpoch : next.ekEpoch === last.ekEpoch;
    demand(sameKey && sameField(field, old.get(field.id)), "chain", "old field");
  }
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, index) => text === b[index]);
}

/** An agent changes values of tiers 1 and 2, and adds or removes such fields. Nothing else. */
function checkAgentRules(next: Header, last: Header): void {
  demand(sameTexts(next.destinations, last.destinations) && sameTexts(next.scopes, last.scopes), "chain", "agent: destinations or scopes");
  demand(next.deleted === Deleted.live && last.deleted === Deleted.live, "chain", "agent: not a live entry");
  demand(next.ekEpoch === last.ekEpoch && next.vaultEpoch === last.vaultEpoch, "chain", "agent: epochs");
  const old = new Map(last.fields.map((field) => [field.id, field]));
  for (const field of next.fields) {
    const was = old.get(field.id);
    if (was === undefined) demand(field.tier >= (kindByNumber(field.kind)?.defaultTier ?? 4), "chain", "agent: tier of a new field");
    else demand(field.kind === was.kind && field.tier === was.tier, "chain", "agent: kind or tier");
  }
  const onlyMe = (header: Header) => header.fields.filter((field) => field.tier === 3);
  const [now, before] = [onlyMe(next), onlyMe(last)];
  demand(now.length === before.length && now.every((field) => sameField(field, old.get(field.id))), "chain", "agent: tier 3");
}
