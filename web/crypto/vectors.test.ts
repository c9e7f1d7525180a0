// Walks vectors/ (see its README): every file, every operation, and for refusals the layer that must refuse.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Bytes, concat, fromHex, readU32, toHex } from "./bytes.ts";
import { logOrigin, signCheckpoint, verifyCheckpoint } from "./checkpoint.ts";
import { formatCode, parseCode } from "./code.ts";
import { derive, type Label } from "./derive.ts";
import { decodeEvent } from "./event.ts";
import { checkHeaderFollows, encodeHeader, type Header, readHeader, signHeader, type SignedHeader, verifyHeader } from "./header.ts";
import { sha256 } from "./hash.ts";
import { openWrap, unwrapKey, wrapTo, x25519Public } from "./hpke.ts";
import { idBytes, passkeyUnlockerId, zeroBytes16, zeroId } from "./ids.ts";
import { checkPrf, passkeyKek } from "./keys.ts";
import { checkManifestFollows, encodeManifest, type Manifest, signManifest, verifyManifest } from "./manifest.ts";
import { leafHash, rootOf, verifyConsistency, verifyInclusion } from "./merkle.ts";
import { contextHash, envelope, Kind, open, paddedLength, RecordKey, seal, valueBytesMax } from "./record.ts";
import { demand, Refused } from "./refused.ts";
import { derivePublic, PublicKey, SigningKey, type What } from "./sign.ts";
import {
  enrolAuthHash, enrolMac, formatEnrol, formatToken, parseEnrol, parseToken, readEnrolGrant, tokenAuthHash, verifyEnrolMac,
} from "./token.ts";
import { unlockVault } from "./unlock.ts";
import { openScope, openVmk, sealScope, sealVmk } from "./wrap.ts";

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** Layers that a reader does not tell apart: there the walk only asks that it refuses. */
const untold = new Set(["envelope", "commitment", "aead", "padding", "hpke", "code", "token", "enrol"]);
const root = join(import.meta.dirname, "../../vectors");

/** Members of a case; what is not there, or not of the type, fails the test. */
class Input {
  constructor(private readonly members: { [name: string]: Json }) {}

  private of<T>(name: string, right: (value: Json) => value is Json & T): T {
    const value = this.members[name];
    if (value === undefined || !right(value)) throw new Error(`member ${name}`);
    return value;
  }
  text(name: string): string { return this.of(name, (value): value is string => typeof value === "string"); }
  number(name: string): number { return this.of(name, (value): value is number => typeof value === "number"); }
  flag(name: string): boolean { return this.of(name, (value): value is boolean => typeof value === "boolean"); }
  list(name: string): Json[] { return this.of(name, (value): value is Json[] => Array.isArray(value)); }
  bytes(name: string): Bytes { return hex(this.text(name)); }
  all(name: string): Bytes[] { return this.list(name).map((one) => hex(String(one))); }
  inside(name: string): Input { return new Input(this.of(name, (value): value is { [name: string]: Json } => typeof value === "object" && value !== null)); }
  insides(name: string): Input[] { return this.list(name).map((one) => new Input(one as { [name: string]: Json })); }
  maybe(name: string): boolean { return (this.members[name] ?? null) !== null; }
}

function hex(text: string): Bytes {
  const bytes = fromHex(text);
  if (bytes === undefined) throw new Error("not hexadecimal");
  return bytes;
}

function key(input: Input): RecordKey {
  return new RecordKey(input.number("kind") as Kind, input.number("epoch"), input.bytes("key"));
}

function at(input: Input) {
  return { vault: input.bytes("vault"), entry: input.bytes("entry"), field: input.bytes("field"), version: input.number("version") };
}

async function signer(input: Input, name = "seed"): Promise<SigningKey> {
  const seed = input.bytes(name);
  return SigningKey.fromSeed(seed, await derivePublic(seed));
}

function manifestOf(body: Input): Manifest {
  const logPin = body.inside("log_pin");
  const recovery = body.inside("recovery");
  const names = body.inside("names");
  return {
    vault: body.text("vault"), version: body.number("version"), previous: body.bytes("previous"), vaultEpoch: body.number("vault_epoch"), uskPublic: body.bytes("usk"),
    unlockers: body.insides("unlockers").map((one) => ({ id: one.text("id"), kind: one.number("kind"), x25519: one.bytes("x25519"), addedS: one.number("added_s") })),
    scopes: body.insides("scopes").map((one) => ({ id: one.text("id"), epoch: one.number("epoch"), ekEpochMin: one.number("ek_epoch_min") })),
    agents: body.insides("agents").map((one) => ({
      id: one.text("id"), kind: one.number("kind"), ed25519: one.bytes("ed25519"), x25519: one.bytes("x25519"),
      scopes: one.insides("scopes").map((scope) => ({ id: scope.text("scope"), capabilities: scope.number("capabilities") })),
      perMinute: one.number("per_minute"), perHour: one.number("per_hour"), notAfterS: one.number("not_after_s"), state: one.number("state"),
    })),
    homeNode: body.text("home_node"), backupNode: body.text("backup_node"), replicationConsent: body.flag("replication_consent"),
    logPin: { size: logPin.number("size"), root: logPin.bytes("root"), key: logPin.bytes("key") },
    recovery: { authHash: recovery.bytes("auth_hash"), delayS: recovery.number("delay_s") },
    names: { version: names.number("version"), hash: names.bytes("hash") }, hlcMs: body.number("hlc_ms"),
  };
}

function headerOf(body: Input): Header {
  return {
    vault: body.text("vault"), entry: body.text("entry"), version: body.number("version"), previous: body.bytes("previous"), ekEpoch: body.number("ek_epoch"),
    vaultEpoch: body.number("vault_epoch"),
    fields: body.insides("fields").map((one) => ({
      id: one.text("id"), kind: one.number("kind"), tier: one.number("tier") as 1, version: one.number("version"), hash: one.bytes("hash"),
    })),
    destinations: body.list("destinations").map(String), policy: 0, scopes: body.list("scopes").map(String), deleted: body.number("deleted"),
    author: body.text("author"), hlcMs: body.number("hlc_ms"),
  };
}

/** What a signed body says, in the shape of the README, from the bytes alone. */
function plain(value: unknown): Json {
  if (value instanceof Uint8Array) return toHex(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "object" && value !== null) return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]));
  return value as Json;
}

type Out = { [name: string]: Json };
const operations: { [op: string]: (input: Input, out: Input | undefined) => Promise<Out> } = {
  async derive(i) {
    return { key: toHex(await derive(i.bytes("parent"), i.text("label") as Label, i.bytes("vault"), i.number("epoch"), i.bytes("ctx"))) };
  },
  async hierarchy(i) {
    const [vault, ve, scope, se] = [i.bytes("vault"), i.number("vault_epoch"), i.bytes("scope"), i.number("scope_epoch")];
    const top = (label: Label) => derive(i.bytes("vmk"), label, vault, ve);
    const [k1, k2, k3, kw, kx] = await Promise.all([top("tier/1"), top("tier/2"), top("tier/3"), top("wrap"), top("index")]);
    const [sk1, sk2] = [await derive(k1, "scope/1", vault, se, scope), await derive(k2, "scope/2", vault, se, scope)];
    const [ek3, enrol] = [await derive(k3, "entry/3", vault, ve, i.bytes("entry")), await derive(kw, "enrol/secret", vault, ve, i.bytes("agent"))];
    return plain({ k1, k2, k3, kw, kx, sk1, sk2, ek3, enrol_secret: enrol }) as Out;
  },
  async "unlocker.id"(i) {
    return { unlocker: passkeyUnlockerId(i.text("rp_id"), i.bytes("credential_id")) };
  },
  async "unlocker.kek"(i) {
    checkPrf(i.bytes("prf"));
    return { kek: toHex(await derive(i.bytes("prf"), "unlock", i.bytes("vault"), 0, sha256(i.bytes("credential_id")))) };
  },
  async "padding.size"(i) {
    demand(i.number("value_bytes") <= valueBytesMax, "padding");
    return { padded_bytes: paddedLength(4 + i.number("value_bytes")) };
  },
  async "record.seal"(i) {
    const record = await seal(key(i), at(i), i.bytes("value"), i.bytes("salt"));
    return { ctx_hash: toHex(contextHash(key(i), at(i))), record: toHex(record) };
  },
  async "record.open"(i) {
    return { value: toHex(await open(key(i), at(i), i.bytes("record"))) };
  },
  async "record.envelope"(i) {
    const { kind, epoch, paddedBytes } = envelope(i.bytes("record"));
    return { kind, epoch, padded_bytes: paddedBytes };
  },
  async sign(i) {
    const usk = await signer(i);
    return { public: toHex(usk.publicKey.bytes), signature: toHex(await usk.signature(i.text("what") as What, i.bytes("vault"), i.bytes("message"))) };
  },
  async verify(i) {
    await new PublicKey(i.bytes("public")).verify(i.text("what") as What, i.bytes("vault"), i.bytes("message"), i.bytes("signature"));
    return {};
  },
  async "manifest.sign"(i) {
    return { signed: toHex((await signManifest(manifestOf(i.inside("body")), await signer(i))).signed) };
  },
  async "manifest.verify"(i, out) {
    const read = await verifyManifest(i.bytes("signed"), i.text("vault"), new PublicKey(i.bytes("usk")));
    if (out) expect(plain(read.manifest)).toEqual(plain(manifestOf(out.inside("body"))));
    expect(toHex(encodeManifest(read.manifest))).toBe(toHex(i.bytes("signed").slice(64)));
    return { hash: toHex(read.hash) };
  },
  async "manifest.follows"(i) {
    const read = (name: string) => verifyManifest(i.bytes(name), i.text("vault"), new PublicKey(i.bytes("usk")));
    const before = i.maybe("before") ? await read("before") : undefined;
    checkManifestFollows((await read("next")).manifest, before);
    return {};
  },
  async "header.sign"(i) {
    return { signed: toHex((await signHeader(headerOf(i.inside("body")), await signer(i))).signed) };
  },
  async "header.verify"(i, out) {
    const signed = i.bytes("signed");
    const key = new PublicKey(i.bytes("key"));
    const entry = signed.length > 64 ? readHeader(signed).header.entry : zeroId;
    const read = await verifyHeader(signed, i.text("vault"), entry, () => key);
    if (out) expect(plain(read.header)).toEqual(plain(headerOf(out.inside("body"))));
    expect(toHex(encodeHeader(read.header))).toBe(toHex(signed.slice(64)));
    return { hash: toHex(read.hash) };
  },
  async "header.follows"(i) {
    const keyOf = (author: string) => {
      if (author === zeroId) return new PublicKey(i.bytes("usk"));
      const agent = i.maybe("agent") ? i.inside("agent") : undefined;
      return agent?.text("id") === author ? new PublicKey(agent.bytes("ed25519")) : undefined;
    };
    const read = (name: string): Promise<SignedHeader> => verifyHeader(i.bytes(name), i.text("vault"), readHeader(i.bytes(name)).header.entry, keyOf);
    const before = i.maybe("before") ? await read("before") : undefined;
    checkHeaderFollows((await read("next")).header, before);
    return {};
  },
  async "hpke.seal"(i) {
    return { wrap: toHex(await wrapTo(i.bytes("public"), i.bytes("info"), i.bytes("plaintext"), i.bytes("ekm"))) };
  },
  async "hpke.open"(i) {
    return { plaintext: toHex(await openWrap(await unwrapKey(i.bytes("private")), i.bytes("info"), i.bytes("wrap"))) };
  },
  async "vmk.seal"(i) {
    const usk = await signer(i, "usk_seed");
    return { sealed_vmk: toHex(await sealVmk(usk, i.text("vault"), i.text("unlocker"), i.bytes("public"), i.bytes("vmk"), i.number("vault_epoch"), i.bytes("ekm"))) };
  },
  async "vmk.open"(i) {
    const [usk, private_] = [new PublicKey(i.bytes("usk")), await unwrapKey(i.bytes("private"))];
    return { vmk: toHex(await openVmk(usk, i.text("vault"), i.text("unlocker"), private_, i.number("vault_epoch"), i.bytes("sealed_vmk"))) };
  },
  async "scope.seal"(i) {
    const keys = { id: i.text("scope"), epoch: i.number("scope_epoch"), sk1: i.bytes("sk1"), sk2: i.bytes("sk2") };
    return { wrap: toHex(await sealScope(await signer(i, "usk_seed"), i.text("vault"), i.text("agent"), i.bytes("public"), keys, i.bytes("ekm"))) };
  },
  async "scope.open"(i) {
    const [usk, private_] = [new PublicKey(i.bytes("usk")), await unwrapKey(i.bytes("private"))];
    const { sk1, sk2 } = await openScope(usk, i.text("vault"), i.text("agent"), private_, i.text("scope"), i.number("scope_epoch"), i.bytes("wrap"));
    return { sk1: toHex(sk1), sk2: toHex(sk2) };
  },
  async "code.format"(i) {
    return { text: formatCode(i.bytes("code")) };
  },
  async "code.parse"(i) {
    return { code: toHex(parseCode(i.text("text"))) };
  },
  async "code.keys"(i) {
    const [code, vault] = [i.bytes("code"), i.bytes("vault")];
    const proof = await derive(code, "recover-auth", vault, 0);
    const backup = await derive(code, "backup", zeroBytes16, 0);
    const kek = await derive(code, "recover", vault, 0);
    return plain({ kek, proof, hash: sha256(proof), backup_private: backup, backup_public: await x25519Public(backup) }) as Out;
  },
  async "token.format"(i) {
    return { text: formatToken({ agent: i.text("agent"), secret: i.bytes("secret") }) };
  },
  async "token.parse"(i) {
    return plain(parseToken(i.text("text"))) as Out;
  },
  async "token.keys"(i) {
    const [secret, vault] = [i.bytes("secret"), i.bytes("vault")];
    const auth = await derive(secret, "token/auth", vault, 0);
    return plain({ auth, auth_hash: await tokenAuthHash(secret, vault), key: await derive(secret, "token/k1", vault, 0) }) as Out;
  },
  async "enrol.format"(i) {
    return { text: formatEnrol({ vault: i.text("vault"), agent: i.text("agent"), secret: i.bytes("secret"), node: i.text("node") }) };
  },
  async "enrol.parse"(i) {
    return plain(parseEnrol(i.text("text"))) as Out;
  },
  async "enrol.keys"(i) {
    const [secret, vault] = [i.bytes("secret"), i.bytes("vault")];
    const [auth, mac, wrap] = await Promise.all([derive(secret, "enrol/auth", vault, 0), derive(secret, "enrol/mac", vault, 0), derive(secret, "enrol/wrap", vault, 0)]);
    return plain({ auth, auth_hash: await enrolAuthHash(secret, vault), mac_key: mac, wrap_key: wrap }) as Out;
  },
  async "enrol.mac"(i) {
    return { mac: toHex(await enrolMac(i.bytes("secret"), i.bytes("vault"), i.text("agent"), i.bytes("ed25519"), i.bytes("x25519"))) };
  },
  async "enrol.verify"(i) {
    await verifyEnrolMac(i.bytes("secret"), i.bytes("vault"), i.text("agent"), i.bytes("ed25519"), i.bytes("x25519"), i.bytes("mac"));
    return {};
  },
  async "enrol.grant"(i) {
    const { uskPublic, manifest, vaultName, scopes } = readEnrolGrant(i.bytes("body"));
    const listed = scopes.map(({ id, epoch, sk1, sk2 }) => ({ scope: id, epoch, sk1, sk2 }));
    return plain({ usk: uskPublic, manifest, name: vaultName, scopes: listed }) as Out;
  },
  async "checkpoint.sign"(i) {
    const head = { origin: i.text("origin"), size: i.number("size"), root: i.bytes("root") };
    return { note: await signCheckpoint(head, await signer(i)) };
  },
  async "checkpoint.verify"(i) {
    const { size, root: hash } = await verifyCheckpoint(i.text("note"), i.text("origin"), i.bytes("key"));
    return { size, root: toHex(hash) };
  },
  async "event.decode"(i) {
    const { timeMs, actorKind, actorId, entryId, fieldId, ...same } = decodeEvent(i.bytes("bytes"));
    return { ...same, time_ms: timeMs, actor_kind: actorKind, actor_id: actorId, entry: entryId, field: fieldId };
  },
  async "merkle.root"(i) {
    return { root: toHex(rootOf(i.all("leaves").map(leafHash))) };
  },
  async "merkle.inclusion"(i) {
    verifyInclusion(leafHash(i.bytes("leaf")), i.number("index"), i.number("size"), i.bytes("root"), i.all("proof"));
    return {};
  },
  async "merkle.consistency"(i) {
    verifyConsistency(i.number("old"), i.bytes("old_root"), i.number("new"), i.bytes("new_root"), i.all("proof"));
    return {};
  },
  async unlock(i) {
    const vault = i.text("vault");
    const kek = await passkeyKek(i.bytes("prf"), idBytes(vault), i.bytes("credential_id"));
    const sealed = { record: i.bytes("record"), manifest: i.bytes("manifest"), sealedVmk: i.bytes("sealed_vmk"), usk: i.bytes("usk") };
    const pin = i.maybe("pin") ? { version: i.inside("pin").number("version"), hash: i.inside("pin").bytes("hash") } : undefined;
    const { vmk, seed, manifest, usk } = await unlockVault(kek, vault, passkeyUnlockerId(i.text("rp_id"), i.bytes("credential_id")), sealed, pin);
    await SigningKey.fromSeed(seed, usk.bytes);
    return { vmk: toHex(vmk), usk_seed: toHex(seed), manifest_hash: toHex(manifest.hash) };
  },
};

async function layerOf(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return "ok";
  } catch (error) {
    if (error instanceof Refused) return error.layer;
    throw error;
  }
}

async function walk(file: string): Promise<void> {
  const one = new Input(JSON.parse(readFileSync(file, "utf8")) as { [name: string]: Json });
  const operation = operations[one.text("op")];
  if (operation === undefined) throw new Error(`unknown operation ${one.text("op")}`);
  const [layer, input] = [one.text("layer"), one.inside("in")];
  if (layer !== "ok") {
    const refused = await layerOf(() => operation(input, undefined));
    if (untold.has(layer)) expect(refused).not.toBe("ok");
    else expect(refused).toBe(layer);
    return;
  }
  const out = (JSON.parse(readFileSync(file, "utf8")) as { out: Out }).out;
  const { body: _, ...expected } = out;
  expect(await operation(input, one.inside("out"))).toEqual(expected);
}

const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".json")).sort();

describe("the vectors", () => {
  it("are there", () => {
    expect(files.length).toBeGreaterThanOrEqual(80);
  });
  it.each(files)("%s", (name) => walk(join(root, name)));
});

// What the vectors lean on and none of them covers alone.
it("names the log of a vault", () => {
  expect(logOrigin("ab".repeat(16))).toBe(`clavitor.ai/log/${"ab".repeat(16)}`);
  expect(readU32(concat(Uint8Array.of(0xff, 0xff, 0xff, 0xff)), 0)).toBe(4294967295);
});
