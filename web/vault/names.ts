// The names record: what people call the vault, its scopes, agents and passkeys (docs/FORMAT.md section 8). The node never sees it.
import { type Bytes, equal, fromUtf8, utf8, wipe } from "../crypto/bytes.ts";
import { sha256 } from "../crypto/hash.ts";
import type { VaultKeys } from "../crypto/keys.ts";
import type { Manifest } from "../crypto/manifest.ts";
import { open, seal } from "../crypto/record.ts";
import { demand, Refused } from "../crypto/refused.ts";

/** Names by id. Members this client does not know are kept. */
export interface Names {
  vault: string;
  scopes: Record<string, string>;
  agents: Record<string, string>;
  passkeys: Record<string, string>;
  [more: string]: unknown;
}

/** Names of a vault that has none yet. */
export function emptyNames(vault: string): Names {
  return { vault, scopes: {}, agents: {}, passkeys: {} };
}

function texts(value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(Object.entries(value).filter((pair): pair is [string, string] => typeof pair[1] === "string"));
}

function parse(value: Bytes): Names {
  let json: unknown;
  try {
    json = JSON.parse(fromUtf8(value));
  } catch {
    throw new Refused("rule", "names");
  }
  demand(typeof json === "object" && json !== null, "rule", "names");
  const all = json as Record<string, unknown>;
  const vault = typeof all["vault"] === "string" ? all["vault"] : "";
  return { ...all, vault, scopes: texts(all["scopes"]), agents: texts(all["agents"]), passkeys: texts(all["passkeys"]) };
}

/** Opens the record that the manifest names. */
export async function openNames(keys: VaultKeys, manifest: Manifest, record: Bytes | undefined): Promise<Names> {
  if (manifest.names.version === 0) return emptyNames("");
  demand(record !== undefined && equal(sha256(record), manifest.names.hash), "hash", "names");
  const value = await open(await keys.namesKey(), keys.ownContext(manifest.names.version), record);
  try {
    return parse(value);
  } finally {
    wipe(value);
  }
}

/** Seals names as the next version. */
export async function sealNames(keys: VaultKeys, names: Names, version: number): Promise<{ record: Bytes; names: Manifest["names"] }> {
  const record = await seal(await keys.namesKey(), keys.ownContext(version), utf8(JSON.stringify(names)));
  return { record, names: { version, hash: sha256(record) } };
}
