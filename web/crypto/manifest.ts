// The manifest: what the owner signed about the vault (docs/FORMAT.md section 6).
import { type Bytes, compare, equal, toHex, utf8 } from "./bytes.ts";
import { asArray, asBool, asBytes, asText, asUint, type Cbor, decode, encode, members, numbered } from "./cbor.ts";
import { sha256 } from "./hash.ts";
import { idBytes, recoveryUnlockerId, unlockerBytes, zeroBytes32, zeroId } from "./ids.ts";
import { demand } from "./refused.ts";
import { checkPublicKey, type PublicKey, type SigningKey, splitSigned } from "./sign.ts";

const u32Max = 0xffff_ffff;
const nodeBytesMax = 255;

export const Capability = { use: 1, totp: 2, reveal: 4, write: 8 } as const;
export const UnlockerKind = { passkey: 1, recovery: 2 } as const;
export const AgentKind = { enrolled: 1, hosted: 2 } as const;
export const AgentState = { active: 1, suspended: 2, invited: 3 } as const;

export interface ManifestUnlocker { id: string; kind: number; x25519: Bytes; addedS: number }
export interface ManifestScope { id: string; epoch: number; ekEpochMin: number }
export interface ManifestAgent {
  id: string; kind: number; ed25519: Bytes; x25519: Bytes; scopes: { id: string; capabilities: number }[];
  perMinute: number; perHour: number; notAfterS: number; state: number;
}

/** A manifest body, decoded. Ids are hexadecimal. */
export interface Manifest {
  vault: string;
  version: number;
  previous: Bytes;
  vaultEpoch: number;
  uskPublic: Bytes;
  unlockers: ManifestUnlocker[];
  scopes: ManifestScope[];
  agents: ManifestAgent[];
  homeNode: string;
  backupNode: string;
  replicationConsent: boolean;
  logPin: { size: number; root: Bytes; key: Bytes };
  recovery: { authHash: Bytes; delayS: number };
  names: { version: number; hash: Bytes };
  hlcMs: number;
}

/** Array members ascending by their first member, without repeats. */
function sorted(list: readonly Cbor[], first: (item: Cbor) => Bytes): readonly Cbor[] {
  for (let i = 1; i < list.length; i++) {
    const [before, here] = [list[i - 1], list[i]];
    demand(before !== undefined && here !== undefined && compare(first(before), first(here)) < 0, "rule", "order");
  }
  return list;
}

const firstOf = (length: number) => (item: Cbor) => asBytes((item as ReadonlyMap<number, Cbor>).get?.(0), length);
const id = (value: Cbor | undefined) => toHex(asBytes(value, 16));

function key32(value: Cbor | undefined): Bytes {
  demand(value instanceof Uint8Array && (value.length === 32 || value.length === 0), "cbor", "key");
  return value;
}

function readUnlocker(value: Cbor): ManifestUnlocker {
  const [unlocker, kind, x25519, added] = members(value, 4);
  const read = { id: toHex(asBytes(unlocker, 32)), kind: asUint(kind), x25519: asBytes(x25519, 32), addedS: asUint(added) };
  demand(read.kind === UnlockerKind.passkey || read.kind === UnlockerKind.recovery, "rule", "unlocker kind");
  return read;
}

function readScope(value: Cbor): ManifestScope {
  const [scope, epoch, least] = members(value, 3);
  return { id: id(scope), epoch: asUint(epoch, u32Max), ekEpochMin: asUint(least, u32Max) };
}

function readAgentScope(value: Cbor): { id: string; capabilities: number } {
  const [scope, capabilities] = members(value, 2);
  const bits = asUint(capabilities);
  demand(bits <= 15, "rule", "capabilities");
  return { id: id(scope), capabilities: bits };
}

function readAgent(value: Cbor): ManifestAgent {
  const [agent, kind, ed25519, x25519, scopes, limits, notAfter, state] = members(value, 8);
  const [perMinute, perHour] = members(limits, 2);
  const read: ManifestAgent = {
    id: id(agent),
    kind: asUint(kind),
    ed25519: key32(ed25519),
    x25519: key32(x25519),
    scopes: sorted(asArray(scopes), firstOf(16)).map(readAgentScope),
    perMinute: asUint(perMinute, u32Max),
    perHour: asUint(perHour, u32Max),
    notAfterS: asUint(notAfter),
    state: asUint(state),
  };
  checkAgent(read);
  return read;
}

function checkAgent(agent: ManifestAgent): void {
  demand(agent.kind === AgentKind.enrolled || agent.kind === AgentKind.hosted, "rule", "agent kind");
  demand(agent.state >= AgentState.active && agent.state <= AgentState.invited, "rule", "agent state");
  demand(agent.id !== zeroId, "rule", "agent id");
  const keyed = agent.ed25519.length === 32;
  demand(keyed === (agent.x25519.length === 32), "rule", "one key without the other");
  const hosted = agent.kind === AgentKind.hosted;
  demand(!hosted || (!keyed && agent.state !== AgentState.invited), "rule", "hosted agent");
  demand(hosted || agent.state !== AgentState.active || keyed, "rule", "active agent without keys");
  demand(agent.state !== AgentState.invited || !keyed, "rule", "invited agent with keys");
  if (keyed) checkPublicKey(agent.ed25519, "rule");
}

/** Reads a body. Throws `Refused` for anything that breaks the format. */
export function decodeManifest(body: Bytes): Manifest {
  const m = members(decode(body), 17);
  demand(asUint(m[0]) === 1, "rule", "format");
  demand(asUint(m[5]) === 1, "rule", "suite");
  const [size, root, logKey] = members(m[13], 3);
  const [authHash, delay] = members(m[14], 2);
  const [namesVersion, namesHash] = members(m[15], 2);
  const manifest: Manifest = {
    vault: id(m[1]),
    version: asUint(m[2]),
    previous: asBytes(m[3], 32),
    vaultEpoch: asUint(m[4], u32Max),
    uskPublic: asBytes(m[6], 32),
    unlockers: sorted(asArray(m[7]), firstOf(32)).map(readUnlocker),
    scopes: sorted(asArray(m[8]), firstOf(16)).map(readScope),
    agents: sorted(asArray(m[9]), firstOf(16)).map(readAgent),
    homeNode: asText(m[10]),
    backupNode: asText(m[11]),
    replicationConsent: asBool(m[12]),
    logPin: { size: asUint(size), root: asBytes(root, 32), key: asBytes(logKey, 32) },
    recovery: { authHash: asBytes(authHash, 32), delayS: asUint(delay) },
    names: { version: asUint(namesVersion), hash: asBytes(namesHash, 32) },
    hlcMs: asUint(m[16]),
  };
  checkManifest(manifest);
  return manifest;
}

function checkManifest(manifest: Manifest): void {
  demand(manifest.version >= 1 && manifest.vaultEpoch >= 1, "rule", "versions begin at 1");
  demand((manifest.version === 1) === equal(manifest.previous, zeroBytes32), "rule", "first manifest");
  demand(manifest.unlockers.length > 0, "rule", "no unlocker");
  const recovery = recoveryUnlockerId();
  demand(manifest.unlockers.every((one) => (one.kind === UnlockerKind.recovery) === (one.id === recovery)), "rule", "recovery id");
  const scopes = new Set(manifest.scopes.map((scope) => scope.id));
  demand(scopes.has(zeroId), "rule", "scope 0 is always there");
  demand(manifest.scopes.every((scope) => scope.epoch >= 1 && scope.ekEpochMin >= 1), "rule", "epochs begin at 1");
  demand(manifest.agents.every((agent) => agent.scopes.every((scope) => scopes.has(scope.id))), "rule", "agent in a scope that is not there");
  const nodes = [manifest.homeNode, manifest.backupNode];
  demand(nodes.every((node) => utf8(node).length <= nodeBytesMax), "rule", "node address");
  demand((manifest.names.version === 0) === equal(manifest.names.hash, zeroBytes32), "rule", "names");
  checkPublicKey(manifest.uskPublic, "rule");
  checkPublicKey(manifest.logPin.key, "rule");
}

/** The one encoding of a manifest; arrays are put in order. */
export function encodeManifest(m: Manifest): Bytes {
  const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
  return encode(
    numbered(
      1, idBytes(m.vault), m.version, m.previous, m.vaultEpoch, 1, m.uskPublic,
      [...m.unlockers].sort(byId).map((u) => numbered(unlockerBytes(u.id), u.kind, u.x25519, u.addedS)),
      [...m.scopes].sort(byId).map((s) => numbered(idBytes(s.id), s.epoch, s.ekEpochMin)),
      [...m.agents].sort(byId).map((a) =>
        numbered(
          idBytes(a.id), a.kind, a.ed25519, a.x25519, [...a.scopes].sort(byId).map((s) => numbered(idBytes(s.id), s.capabilities)),
          numbered(a.perMinute, a.perHour), a.notAfterS, a.state,
        ),
      ),
      m.homeNode, m.backupNode, m.replicationConsent, numbered(m.logPin.size, m.logPin.root, m.logPin.key),
      numbered(m.recovery.authHash, m.recovery.delayS), numbered(m.names.version, m.names.hash), m.hlcMs,
    ),
  );
}

/** A manifest whose signature was checked. */
export interface SignedManifest {
  readonly manifest: Manifest;
  /** SHA-256 of the body: what the next one names as its previous. */
  readonly hash: Bytes;
  readonly signed: Bytes;
}

/** Checks the signature of `key`, then reads. The vault is the one asked for. */
export async function verifyManifest(signed: Bytes, vault: string, key: PublicKey): Promise<SignedManifest> {
  const { signature, body } = splitSigned(signed);
  await key.verify("manifest", idBytes(vault), body, signature);
  const manifest = decodeManifest(body);
  demand(manifest.vault === vault, "signature", "another vault");
  return { manifest, hash: sha256(body), signed };
}

/** Encodes and signs. What it makes, it would accept. */
export async function signManifest(manifest: Manifest, key: SigningKey): Promise<SignedManifest> {
  const body = encodeManifest(manifest);
  const own = decodeManifest(body);
  return { manifest: own, hash: sha256(body), signed: await key.signed("manifest", idBytes(manifest.vault), body) };
}

/** Refuses a manifest that does not follow `before` (or is not a first one): fork, gap, anything that runs back. */
export function checkManifestFollows(next: Manifest, before?: { readonly manifest: Manifest; readonly hash: Bytes }): void {
  if (before === undefined) return demand(next.version === 1, "chain", "version");
  const last = before.manifest;
  demand(next.version === last.version + 1, "chain", "version");
  demand(equal(next.previous, before.hash), "chain", "previous");
  demand(next.vault === last.vault, "chain", "another vault");
  checkManifestForward(next, last);
  demand(next.vaultEpoch <= last.vaultEpoch + 1, "chain", "vault epoch");
}

/** Refuses a manifest that is newer than `last`, perhaps by several versions, and in which something runs back. */
export function checkManifestForward(next: Manifest, last: Manifest): void {
  demand(equal(next.uskPublic, last.uskPublic), "chain", "another signing key");
  demand(next.vaultEpoch >= last.vaultEpoch && next.hlcMs >= last.hlcMs, "chain", "runs back");
  demand(next.names.version >= last.names.version && next.logPin.size >= last.logPin.size, "chain", "runs back");
  const scopes = new Map(next.scopes.map((scope) => [scope.id, scope]));
  for (const old of last.scopes) {
    const scope = scopes.get(old.id);
    demand(scope === undefined || (scope.epoch >= old.epoch && scope.ekEpochMin >= old.ekEpochMin), "chain", "scope runs back");
  }
}
