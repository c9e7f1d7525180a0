// The export as JSON (docs/export-format.md), made entry by entry so that the page never waits and a large vault is never one string.

import { Pace } from "../import/pace.ts";
import { toBase64Url } from "./base64.ts";
import type { EntrySource, ExportEntry, ExportField, ExportOptions } from "./types.ts";

/** What stands in `format` and `version`. */
export const EXPORT_FORMAT = "clavitor-export";
export const EXPORT_VERSION = 1;

const PIECE_CHARS = 64 * 1024;

/** The document in pieces of UTF-8. `written.entries` counts as they are made. */
export async function* jsonPieces(source: EntrySource, options: ExportOptions, written: { entries: number }): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const pace = new Pace(options);
  const utf8 = new TextEncoder();
  let held = `${JSON.stringify({ format: EXPORT_FORMAT, version: EXPORT_VERSION, exported_at: new Date(options.exportedAtMs).toISOString(), vault: options.vaultName }).slice(0, -1)},"entries":[`;
  for await (const entry of source) {
    held += `${written.entries === 0 ? "" : ","}\n${JSON.stringify(entryJson(entry))}`;
    written.entries++;
    if (held.length >= PIECE_CHARS) {
      yield utf8.encode(held);
      held = "";
    }
    await pace.step("writing", written.entries, options.total);
  }
  yield utf8.encode(`${held}\n]}\n`);
  pace.report("writing", written.entries, options.total);
}

function entryJson(entry: ExportEntry): object {
  const { id, version, kind, title, folder, tags, favorite, archived, fields, origin } = entry;
  // The fingerprint is keyed to the vault and means nothing outside of it.
  const from = origin === undefined ? {} : { origin: { source: origin.source, ...(origin.details === undefined ? {} : { details: origin.details }) } };
  return { id, version, kind, title, folder, tags, favorite, archived, fields: fields.map(fieldJson), ...from };
}

function fieldJson(field: ExportField): object {
  const { kind, label, tier, value } = field;
  return typeof value === "string" ? { kind, label, tier, value } : { kind, label, tier, file: toBase64Url(value) };
}
