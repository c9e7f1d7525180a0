// Tools of a hostile node: it changes what it stores or hands out, and the tests ask that the client refuses with one alarm and then does nothing more.
import { expect } from "vitest";
import { type Bytes, concat, fromBase64, makeRandom, toBase64 } from "../../crypto/bytes.ts";
import { decodeHeader, encodeHeader, type Header } from "../../crypto/header.ts";
import { decodeManifest, encodeManifest, type Manifest } from "../../crypto/manifest.ts";
import { derivePublic, SigningKey, splitSigned } from "../../crypto/sign.ts";
import { Alarm, type OpenVault } from "../index.ts";
import type { EntryDetail } from "../wire.ts";
import type { AgentTerms } from "../types.ts";
import type { StoredEntry, TestNode } from "./node.ts";
import type { World } from "./world.ts";

export function unblob(text: string | null | undefined): Bytes {
  const bytes = fromBase64(text ?? "");
  if (bytes === undefined) throw new Error("not base64url");
  return bytes;
}

/** One bit of a blob turned. */
export function flipped(text: string, at = -1): string {
  const bytes = unblob(text);
  const index = at < 0 ? bytes.length + at : at;
  bytes[index] = (bytes[index] ?? 0) ^ 1;
  return toBase64(bytes);
}

/** A key pair of the attacker. */
export async function ownKey(): Promise<SigningKey> {
  const seed = makeRandom(32);
  return SigningKey.fromSeed(seed, await derivePublic(seed));
}

/** A header with other contents, under the old signature or under a key of choice. */
export async function forgedHeader(signed: string, vault: Bytes, edit: (header: Header) => void, key?: SigningKey): Promise<string> {
  const { signature, body } = splitSigned(unblob(signed));
  const header = decodeHeader(body);
  edit(header);
  const next = encodeHeader(header);
  return toBase64(key ? await key.signed("header", vault, next) : concat(signature, next));
}

/** The same for a manifest. */
export async function forgedManifest(signed: string, vault: Bytes, edit: (manifest: Manifest) => void, key?: SigningKey): Promise<string> {
  const { signature, body } = splitSigned(unblob(signed));
  const manifest = decodeManifest(body);
  edit(manifest);
  const next = encodeManifest(manifest);
  return toBase64(key ? await key.signed("manifest", vault, next) : concat(signature, next));
}

/** Changes answers of one route. */
export function tamper(node: TestNode, route: RegExp, change: (answer: never) => unknown): void {
  node.evil = (method, path, answer) => (route.test(`${method} ${path}`) ? change(answer as never) : answer);
}

/** Changes the detail of one entry. */
export function tamperDetail(node: TestNode, id: string, change: (detail: EntryDetail) => unknown): void {
  tamper(node, new RegExp(`^GET /v1/entries/${id}$`), (detail: never) => {
    const copy = structuredClone(detail) as EntryDetail;
    return change(copy) ?? copy;
  });
}

/** The work must end in the one alarm, with this reason kept on this device and no word of it sent. */
export async function expectAlarm(world: World, work: () => Promise<unknown>, reason: RegExp): Promise<void> {
  const incidents = (await world.client.incidents()).length;
  let failure: unknown;
  const answer = await work().catch((error: unknown) => {
    failure = error;
  });
  expect(failure, `accepted: ${JSON.stringify(answer)}`).toBeInstanceOf(Alarm);
  const alarm = failure as Alarm;
  expect(alarm.message).toBe(Alarm.sentence);
  expect(alarm.reason).toMatch(reason);
  const after = await world.client.incidents();
  expect(after.length).toBe(incidents + 1);
  expect(after[0]).toMatchObject({ sentence: Alarm.sentence, reason: alarm.reason });
  expect(world.node.wire.join()).not.toContain(Alarm.sentence);
}

/** After the alarm nothing is asked, opened, sealed or sent, whatever the node does now. */
export async function expectDead(world: World, vault: OpenVault): Promise<void> {
  world.node.evil = undefined;
  const [asked, changes] = [world.node.asked.length, world.node.events.length];
  const [entry] = vault.entries.all();
  const field = entry?.fields.find((one) => one.tier > 1);
  const calls: (() => Promise<unknown>)[] = [
    () => vault.entries.openField(entry?.id ?? "", field?.id ?? ""),
    () => vault.entries.create({ title: "x", kind: "note", fields: [] }),
    () => vault.entries.editMany([entry?.id ?? ""], () => ({ title: "x", kind: "note", fields: [] })),
    () => vault.entries.trash([entry?.id ?? ""]),
    () => vault.entries.history(entry?.id ?? ""),
    () => vault.ways.list(),
    () => vault.ways.addPasskey("x"),
    () => vault.agents.list(),
    () => vault.agents.reseal(),
    () => vault.agents.suspectNode(),
    () => vault.scopes.create("x"),
    () => vault.rename("vault", "", "x"),
    () => vault.activity.verify(),
  ];
  for (const call of calls) await expect(call()).rejects.toBeInstanceOf(Alarm);
  expect(world.node.asked.length).toBe(asked);
  expect(world.node.events.length).toBe(changes);
}

/** Every right over a scope. */
export const allTerms = (scopeId: string): AgentTerms => ({
  scopes: [{ scopeId, capabilities: { use: true, totp: true, reveal: true, write: true } }], perMinute: 3, perHour: 10, notAfterS: 2_000_000_000,
});

export function stored(node: TestNode, id: string): StoredEntry {
  const entry = node.entries.get(id);
  if (entry === undefined) throw new Error("not stored");
  return entry;
}

/** Opens the vault again in the same browser and loads everything. */
export async function reopen(world: World): Promise<string> {
  const vault = await world.client.unlock();
  await vault.entries.load();
  return "loaded";
}
