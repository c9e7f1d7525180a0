// Hosted tokens and enrolment strings (docs/FORMAT.md section 7): text with a check, and what each side derives from it.
import { type Bytes, concat, equal, fromBase64, fromUtf8, toBase64, toHex, utf8, wipe } from "./bytes.ts";
import { type Cbor, decode, encode, numbered, asArray, asBytes, asText, asUint, members } from "./cbor.ts";
import { derive, deriveParent } from "./derive.ts";
import { hmac, sha256 } from "./hash.ts";
import { idBytes, zeroBytes16 } from "./ids.ts";
import { Kind, open, RecordKey, seal } from "./record.ts";
import { demand } from "./refused.ts";
import { checkPublicKey } from "./sign.ts";

const enrolTextMax = 1024;
const nodeBytesMax = 255;

function withCheck(prefix: string, data: Bytes): string {
  return `${prefix}-${toBase64(concat(data, sha256(concat(utf8(prefix), data)).subarray(0, 4)))}`;
}

function readChecked(prefix: string, text: string, layer: "token" | "enrol"): Bytes {
  demand(text.startsWith(`${prefix}-`) && text.length <= enrolTextMax, layer, "form");
  const all = fromBase64(text.slice(prefix.length + 1));
  demand(all !== undefined && all.length > 4, layer, "form");
  const data = all.slice(0, -4);
  demand(equal(sha256(concat(utf8(prefix), data)).subarray(0, 4), all.subarray(-4)), layer, "check");
  return data;
}

function hashAndWipe(secret: Bytes): Bytes {
  const hash = sha256(secret);
  wipe(secret);
  return hash;
}

/** A hosted agent's bearer secret. */
export interface HostedTokenParts { agent: string; secret: Bytes }

export function formatToken({ agent, secret }: HostedTokenParts): string {
  return withCheck("cvt1", concat(idBytes(agent), secret));
}

export function parseToken(text: string): HostedTokenParts {
  const data = readChecked("cvt1", text, "token");
  demand(data.length === 48, "token", "length");
  return { agent: toHex(data.subarray(0, 16)), secret: data.slice(16) };
}

/** What the node keeps of a token. */
export async function tokenAuthHash(secret: Bytes, vault: Bytes): Promise<Bytes> {
  return hashAndWipe(await derive(secret, "token/auth", vault, 0));
}

/** Record 0x15: SK1_s for a hosted agent. */
export async function sealTokenGrant(parts: HostedTokenParts, vault: Bytes, scope: string, scopeEpoch: number, sk1: Bytes, salt?: Bytes): Promise<Bytes> {
  const key = new RecordKey(Kind.hosted, scopeEpoch, await deriveParent(parts.secret, "token/k1", vault, 0));
  return seal(key, { vault, entry: idBytes(parts.agent), field: idBytes(scope), version: 0 }, sk1, salt);
}

/** Opens record 0x15, as the node does inside a request. */
export async function openTokenGrant(parts: HostedTokenParts, vault: Bytes, scope: string, scopeEpoch: number, record: Bytes): Promise<Bytes> {
  const key = new RecordKey(Kind.hosted, scopeEpoch, await deriveParent(parts.secret, "token/k1", vault, 0));
  return open(key, { vault, entry: idBytes(parts.agent), field: idBytes(scope), version: 0 }, record);
}

/** What stands in an enrolment string. */
export interface EnrolParts { vault: string; agent: string; secret: Bytes; node: string }

export function formatEnrol(parts: EnrolParts): string {
  return withCheck("cvte1", concat(idBytes(parts.vault), idBytes(parts.agent), parts.secret, utf8(parts.node)));
}

export function parseEnrol(text: string): EnrolParts {
  const data = readChecked("cvte1", text, "enrol");
  demand(data.length > 64 && data.length <= 64 + nodeBytesMax, "enrol", "length");
  let node = "";
  try {
    node = fromUtf8(data.subarray(64));
  } catch {
    demand(false, "enrol", "node address");
  }
  return { vault: toHex(data.subarray(0, 16)), agent: toHex(data.subarray(16, 32)), secret: data.slice(32, 64), node };
}

/** What the node keeps of an enrolment. */
export async function enrolAuthHash(secret: Bytes, vault: Bytes): Promise<Bytes> {
  return hashAndWipe(await derive(secret, "enrol/auth", vault, 0));
}

/** The MAC over an agent's new public keys. */
export async function enrolMac(secret: Bytes, vault: Bytes, agent: string, ed25519: Bytes, x25519: Bytes): Promise<Bytes> {
  const key = await derive(secret, "enrol/mac", vault, 0);
  const mac = hmac(key, concat(utf8("clavitor/v1/enrol"), Uint8Array.of(0), vault, idBytes(agent), ed25519, x25519));
  wipe(key);
  return mac;
}

/** Refuses keys that were exchanged on the way, or are no keys. */
export async function verifyEnrolMac(secret: Bytes, vault: Bytes, agent: string, ed25519: Bytes, x25519: Bytes, mac: Bytes): Promise<void> {
  demand(ed25519.length === 32 && x25519.length === 32, "key", "length");
  demand(equal(await enrolMac(secret, vault, agent, ed25519, x25519), mac), "signature", "enrolment");
  checkPublicKey(ed25519);
}

/** What record 0x14 tells an agent. */
export interface EnrolGrant {
  uskPublic: Bytes; manifest: Bytes; vaultName: string; scopes: { id: string; epoch: number; sk1: Bytes; sk2: Bytes }[];
}

async function enrolKey(secret: Bytes, vault: Bytes): Promise<RecordKey> {
  return new RecordKey(Kind.enrol, 0, await deriveParent(secret, "enrol/wrap", vault, 0));
}

/** Record 0x14. */
export async function sealEnrolGrant(parts: EnrolParts, grant: EnrolGrant, salt?: Bytes): Promise<Bytes> {
  const vault = idBytes(parts.vault);
  const scopes = [...grant.scopes].sort((a, b) => (a.id < b.id ? -1 : 1));
  const body = encode(
    numbered(grant.uskPublic, grant.manifest, grant.vaultName, scopes.map((s) => numbered(idBytes(s.id), s.epoch, s.sk1, s.sk2))),
  );
  return seal(await enrolKey(parts.secret, vault), { vault, entry: idBytes(parts.agent), field: zeroBytes16, version: 0 }, body, salt);
}

/** Opens record 0x14. */
export async function openEnrolGrant(parts: EnrolParts, record: Bytes): Promise<EnrolGrant> {
  const vault = idBytes(parts.vault);
  const body = await open(await enrolKey(parts.secret, vault), { vault, entry: idBytes(parts.agent), field: zeroBytes16, version: 0 }, record);
  return readEnrolGrant(body);
}

/** Reads the value of record 0x14. */
export function readEnrolGrant(body: Bytes): EnrolGrant {
  const [usk, manifest, name, scopes] = members(decode(body), 4);
  demand(manifest instanceof Uint8Array, "cbor", "manifest");
  return { uskPublic: asBytes(usk, 32), manifest, vaultName: asText(name), scopes: asArray(scopes).map(readGrantScope) };
}

function readGrantScope(value: Cbor): EnrolGrant["scopes"][number] {
  const [scope, epoch, sk1, sk2] = members(value, 4);
  return { id: toHex(asBytes(scope, 16)), epoch: asUint(epoch, 0xffff_ffff), sk1: asBytes(sk1, 32), sk2: asBytes(sk2, 32) };
}
