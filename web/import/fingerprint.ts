// What makes a row the same row next time: an identity that outlives changes, and the whole content. Both are keyed before they are stored.

import { toHex } from "../crypto/bytes.ts";
import { sha256 } from "../crypto/hash.ts";
import type { ImportedEntry, ImportedField, Mac } from "./types.ts";

/** The source's own id, else title, first address and first user name. */
export function rowIdentity(entry: ImportedEntry, sourceId: string): string {
  const { source } = entry.origin;
  if (sourceId !== "") return canonical(["id", source, sourceId]);
  const first = (...kinds: string[]): string => {
    const value = entry.fields.find((field) => kinds.includes(field.kind))?.value;
    return typeof value === "string" ? value : "";
  };
  return canonical(["row", source, entry.title, first("url"), first("username", "email")]);
}

/** The row as the source has it, so that a later version of this program finds the same content; files by their hash. */
export function rowContent(raw: unknown, fields: readonly ImportedField[]): string {
  const files = fields.flatMap((field) => (typeof field.value === "string" ? [] : [[field.label, toHex(sha256(field.value))]]));
  return canonical([raw, files]);
}

/** `<identity>.<content>` under the vault's key. */
export async function keyedFingerprint(identity: string, content: string, mac: Mac): Promise<string> {
  const [id, body] = await Promise.all([mac(`identity\u0000${identity}`), mac(`content\u0000${content}`)]);
  return `${id.slice(0, 32)}.${body.slice(0, 32)}`;
}

/** JSON with sorted names and without empty members, so that the order in the file does not matter. */
export function canonical(value: unknown): string {
  return JSON.stringify(sorted(value)) ?? "null";
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== null && member !== "" && member !== undefined);
  return Object.fromEntries(members.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, member]) => [key, sorted(member)]));
}
