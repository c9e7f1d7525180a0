// Small decisions about the parts of a proposed entry: what fits, what comes first, what a thing is called.

import { descriptive_chars_max, value_bytes_max } from "./limits.ts";
import type { EntryKind, FieldKind, ImportedField } from "./types.ts";

/** A value that a line of the summary can hold. */
export function isOneShortLine(value: string): boolean {
  return value.length <= descriptive_chars_max && !/[\u0000-\u001f]/.test(value);
}

/** A text in pieces that each fit into a record, never cutting a character. */
export function splitBytes(value: string): string[] {
  if (value.length * 3 <= value_bytes_max) return [value];
  const bytes = new TextEncoder().encode(value);
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    let end = Math.min(at + value_bytes_max, bytes.length);
    while (end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
    parts.push(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(at, end)));
    at = end;
  }
  return parts;
}

/** A field's text; empty for none and for files. */
export function textOf(field: ImportedField | undefined): string {
  return typeof field?.value === "string" ? field.value : "";
}

/** Host of an address as a title; Android apps by their package name. */
export function hostOf(address: string): string {
  const app = /^android:\/\/[^@]*@([^/]+)/.exec(address);
  if (app?.[1] !== undefined) return app[1];
  try {
    return new URL(/^[a-z][\w+.-]*:/i.test(address) ? address : `https://${address}`).hostname.replace(/^www\./, "");
  } catch {
    return "";
  }
}

/** The order in which people look for them. */
export function rank(kind: FieldKind): number {
  if (["username", "email"].includes(kind)) return 0;
  if (kind === "password") return 1;
  if (kind === "totp") return 2;
  if (kind === "url") return 3;
  return kind === "note" ? 5 : 4;
}

/** Fields are referred to by their label, so no two of an entry share one. */
export function numberRepeatedLabels(fields: ImportedField[]): void {
  const taken = new Set<string>();
  for (const field of fields) {
    const { label } = field;
    for (let n = 2; taken.has(field.label); n++) field.label = `${label} ${n}`;
    taken.add(field.label);
  }
}

/** The kind of an entry whose source names none. */
export function inferKind(fields: ImportedField[]): EntryKind {
  const has = (...kinds: FieldKind[]): boolean => fields.some((field) => kinds.includes(field.kind));
  if (has("password", "username", "url", "totp", "passkey")) return "login";
  if (has("card_number")) return "card";
  if (has("ssh_private_key")) return "ssh_key";
  if (has("seed_phrase", "wallet_private_key")) return "crypto_wallet";
  if (has("api_key", "oauth_token")) return "api_key";
  return fields.every((field) => field.kind === "note") ? "note" : "custom";
}
