// Puts a changed row on top of the entry it was imported to before. Nothing is removed, and replaced values stay in the entry's history.

import type { Entry, FieldDraft } from "../vault/types.ts";
import type { ImportedEntry, ImportedField, Merge } from "./types.ts";

/**
 * What to give `entries.edit(entry.id, entry.version, draft)`. `open` gives the current value of a field (`entries.openField` or `openBytes`).
 * `notes` is empty when no value differs; the edit then only stores the new fingerprint, so that the next import skips the row.
 */
export async function merge(entry: Entry, incoming: ImportedEntry, open: (fieldId: string, kind: string) => Promise<string | Uint8Array>): Promise<Merge> {
  const notes: string[] = [];
  const rest = [...incoming.fields];
  const fields: FieldDraft[] = [];
  for (const field of entry.fields) {
    const match = takeMatch(rest, field);
    const kept: FieldDraft = { id: field.id, kind: field.kind, label: field.label, tier: field.tier };
    if (match !== undefined && !sameValue(await open(field.id, field.kind), match.value)) {
      notes.push(`"${field.label}" was replaced.`);
      kept.value = match.value;
    }
    fields.push(kept);
  }
  for (const field of rest) {
    notes.push(`"${field.label}" was added.`);
    fields.push({ kind: field.kind, label: field.label, tier: field.tier, value: field.value });
  }
  const tags = [...new Set([...entry.tags, ...incoming.tags])];
  if (tags.length > entry.tags.length) notes.push("Tags were added.");
  const draft = {
    title: entry.title, kind: entry.kind, folder: entry.folder, tags, favorite: entry.favorite, archived: entry.archived,
    destinations: [...new Set([...entry.destinations, ...incoming.destinations])].sort(), scopes: [...entry.scopes], fields,
    // The version that this edit makes: fields changed after it were changed by hand.
    origin: { ...incoming.origin, fingerprint: `${incoming.origin.fingerprint}.${entry.version + 1}` },
  };
  return { draft, notes };
}

/** Takes the first incoming field of the same kind and label. */
function takeMatch(rest: ImportedField[], field: { kind: string; label: string }): ImportedField | undefined {
  const at = rest.findIndex((each) => each.kind === field.kind && each.label === field.label);
  return at < 0 ? undefined : rest.splice(at, 1)[0];
}

function sameValue(a: string | Uint8Array, b: string | Uint8Array): boolean {
  if (typeof a === "string" || typeof b === "string") return a === b;
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
