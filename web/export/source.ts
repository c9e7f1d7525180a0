// Turns what the vault hands out for an export into the entries that are written.

import type { OpenedEntry } from "../vault/types.ts";
import type { ExportEntry } from "./types.ts";

/** Opened entries of `entries.exportAll()`, without those in the trash. */
export async function* exportEntries(opened: AsyncIterable<OpenedEntry>): AsyncGenerator<ExportEntry> {
  for await (const entry of opened) {
    if (entry.trashed) continue;
    const { id, version, kind, title, folder, favorite, archived, origin } = entry;
    const fields = entry.fields.flatMap((field) => {
      const value = entry.values.get(field.id) ?? field.value;
      return value === undefined ? [] : [{ kind: field.kind, label: field.label, tier: field.tier, value }];
    });
    yield { id, version, kind, title, folder, tags: [...entry.tags], favorite, archived, fields, ...(origin === null ? {} : { origin }) };
  }
}
