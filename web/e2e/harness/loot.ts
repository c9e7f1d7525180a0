// What a thief can do with a stolen database and an agent's key file: open, with the format's own library and every key in hand, whatever opens.
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bytes, fromBase64, fromHex, toHex } from "../../crypto/bytes.ts";
import { derive, type Label } from "../../crypto/derive.ts";
import { decodeHeader, type Header } from "../../crypto/header.ts";
import { unwrapKey } from "../../crypto/hpke.ts";
import { idBytes } from "../../crypto/ids.ts";
import { Kind, open, RecordKey } from "../../crypto/record.ts";
import { PublicKey, splitSigned } from "../../crypto/sign.ts";
import { openScope } from "../../crypto/wrap.ts";

/** A key with where it came from. */
export interface HeldKey { readonly name: string; readonly bytes: Bytes }

/** One record of an entry's current version. */
export interface SealedField { readonly header: Header; readonly id: string; readonly tier: number; readonly version: number; readonly record: Bytes }

interface Row { readonly [column: string]: string | number }

const labels: readonly Label[] = [
  "unlock", "recover", "recover-auth", "tier/1", "tier/2", "tier/3", "scope/1", "scope/2", "entry/3", "wrap", "index", "enrol/secret", "enrol/auth", "enrol/mac",
  "enrol/wrap", "token/auth", "token/k1", "backup",
];

function hexBytes(value: string | number | undefined): Bytes {
  const bytes = fromHex(String(value ?? "").toLowerCase());
  if (bytes === undefined) throw new Error("not hexadecimal");
  return bytes;
}

function base64Bytes(value: unknown): Bytes {
  const bytes = fromBase64(String(value));
  if (bytes === undefined) throw new Error("not base64url");
  return bytes;
}

/** A copy of the node's folder, read with the database's own shell. */
export class StolenDatabase {
  private readonly folder = mkdtempSync(join(tmpdir(), "clavitor-stolen-"));

  constructor(data: string) {
    for (const name of readdirSync(data).filter((one) => /^clavitor\.db(-wal)?$/.test(one))) cpSync(join(data, name), join(this.folder, name));
  }

  rows(sql: string): Row[] {
    const out = execFileSync("sqlite3", ["-json", join(this.folder, "clavitor.db"), sql], { encoding: "utf8", maxBuffer: 64 << 20 });
    return out.trim() === "" ? [] : (JSON.parse(out) as Row[]);
  }

  /** Every record of every entry's current version. */
  fields(): SealedField[] {
    const records = this.rows("SELECT hex(entry_id) AS entry, hex(field_id) AS field, version, hex(record) AS record FROM field_record");
    return this.rows("SELECT hex(header) AS header FROM entry").flatMap((row) => {
      const header = decodeHeader(splitSigned(hexBytes(row["header"])).body);
      return header.fields.flatMap((field) => {
        const is = (one: Row) => String(one["entry"]).toLowerCase() === header.entry && String(one["field"]).toLowerCase() === field.id && one["version"] === field.version;
        return records.filter(is).map((one) => ({ header, id: field.id, tier: field.tier, version: field.version, record: hexBytes(one["record"]) }));
      });
    });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The key file of the only agent on a machine. */
function keyFile(home: string): { [member: string]: string } {
  const path = readdirSync(home, { recursive: true, encoding: "utf8" }).find((name) => name.endsWith("key.json"));
  if (path === undefined) throw new Error("the agent has no key file");
  return JSON.parse(readFileSync(join(home, path), "utf8")) as { [member: string]: string };
}

/** Everything that follows from the key file and the database: the agent's own keys, its scopes', and the entry keys they open. */
export async function keysInHand(stolen: StolenDatabase, home: string): Promise<HeldKey[]> {
  const file = keyFile(home);
  const [vault, agent] = [file["vault_id"] ?? "", file["agent_id"] ?? ""];
  const [seed, private_] = [base64Bytes(file["ed25519_seed"]), base64Bytes(file["x25519_private"])];
  const keys: HeldKey[] = [{ name: "agent's signing seed", bytes: seed }, { name: "agent's private key", bytes: private_ }];
  const usk = new PublicKey(base64Bytes(file["usk_public"]));
  const unwrap = await unwrapKey(private_.slice());
  for (const row of stolen.rows(`SELECT hex(scope_id) AS scope, scope_epoch, hex(wrap) AS wrap FROM scope_wrap WHERE hex(agent_id) = upper('${agent}')`)) {
    const scope = String(row["scope"]).toLowerCase();
    const { sk1, sk2 } = await openScope(usk, vault, agent, unwrap, scope, Number(row["scope_epoch"]), hexBytes(row["wrap"]));
    keys.push({ name: `SK1 of ${scope}`, bytes: sk1 }, { name: `SK2 of ${scope}`, bytes: sk2 });
  }
  return [...keys, ...(await entryKeys(stolen, vault, keys))];
}

/** Grants that any of these keys opens. */
async function entryKeys(stolen: StolenDatabase, vault: string, keys: readonly HeldKey[]): Promise<HeldKey[]> {
  const opened: HeldKey[] = [];
  const sql = "SELECT hex(entry_id) AS entry, hex(scope_id) AS scope, tier, ek_epoch, scope_epoch, hex(record) AS record FROM entry_grant";
  for (const row of stolen.rows(sql)) {
    const [entry, scope] = [String(row["entry"]).toLowerCase(), String(row["scope"]).toLowerCase()];
    const at = { vault: idBytes(vault), entry: idBytes(entry), field: idBytes(scope), version: Number(row["ek_epoch"]) };
    const kind = row["tier"] === 1 ? Kind.grant1 : Kind.grant2;
    for (const key of keys) {
      const value = await open(new RecordKey(kind, Number(row["scope_epoch"]), key.bytes.slice()), at, hexBytes(row["record"])).catch(() => undefined);
      if (value) opened.push({ name: `EK${row["tier"]} of ${entry}`, bytes: value });
    }
  }
  return opened;
}

/** The keys, then everything that the format derives from each of them for an entry. */
async function* allOf(keys: readonly HeldKey[], vault: string, header: Header): AsyncGenerator<HeldKey> {
  yield* keys;
  for (const key of keys) {
    for (const label of labels) {
      for (const epoch of new Set([0, header.vaultEpoch, header.ekEpoch])) {
        for (const context of [new Uint8Array(0), idBytes(header.entry)]) {
          yield { name: `${label} of ${key.name}`, bytes: await derive(key.bytes.slice(), label, idBytes(vault), epoch, context) };
        }
      }
    }
  }
}

/** Tries every key, and everything derived from it, on one record, as whatever kind of record it may be. Gives the value and the key's name. */
export async function tryAll(keys: readonly HeldKey[], field: SealedField): Promise<{ key: string; value: string } | undefined> {
  const { header } = field;
  const at = { vault: idBytes(header.vault), entry: idBytes(header.entry), field: idBytes(field.id), version: field.version };
  const [kind, epoch] = field.tier === 3 ? [Kind.tier3, header.vaultEpoch] : [field.tier === 1 ? Kind.tier1 : Kind.tier2, header.ekEpoch];
  for await (const key of allOf(keys, header.vault, header)) {
    const value = await open(new RecordKey(kind, epoch, key.bytes.slice()), at, field.record).catch(() => undefined);
    if (value) return { key: key.name, value: Buffer.from(value).toString("utf8") };
  }
  return undefined;
}

/** What stands in the vault's own records: none of these keys opens any of them. */
export async function tryOwners(stolen: StolenDatabase, keys: readonly HeldKey[]): Promise<string[]> {
  const opened: string[] = [];
  const rows = [
    ...stolen.rows("SELECT 'signing key' AS what, hex(vault_id) AS vault, hex(usk) AS record, '' AS id FROM vault"),
    ...stolen.rows("SELECT 'names' AS what, hex(vault_id) AS vault, hex(names) AS record, '' AS id FROM vault"),
    ...stolen.rows("SELECT 'way in' AS what, hex(vault_id) AS vault, hex(record) AS record, hex(unlocker_id) AS id FROM unlocker"),
  ];
  for (const row of rows) {
    const [record, id, vault] = [hexBytes(row["record"]), hexBytes(row["id"]), hexBytes(row["vault"])];
    const [entry, field] = id.length === 32 ? [id.slice(0, 16), id.slice(16)] : [new Uint8Array(16), new Uint8Array(16)];
    const [kind, epoch] = [record[2] ?? 0, new DataView(record.buffer, record.byteOffset).getUint32(4)];
    for (const key of keys) {
      for (const version of [0, 1, 2]) {
        const value = await open(new RecordKey(kind as Kind, epoch, key.bytes.slice()), { vault, entry, field, version }, record).catch(() => undefined);
        if (value) opened.push(`${row["what"]} with ${key.name}: ${toHex(value)}`);
      }
    }
  }
  return opened;
}
