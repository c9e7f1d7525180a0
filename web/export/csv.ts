// The export as a table (docs/export-format.md): the columns other programs understand, and one column of JSON for everything else.

import { kindByName } from "../crypto/kinds.ts";
import { Pace } from "../import/pace.ts";
import type { ImportOrigin } from "../import/types.ts";
import type { EntrySource, ExportEntry, ExportField, ExportOptions } from "./types.ts";

/** Columns that hold the first field of a kind. */
export const FIELD_COLUMNS = ["url", "username", "email", "password", "totp", "note"] as const;
/** All columns. */
export const CSV_COLUMNS = ["id", "version", "kind", "title", "folder", "tags", "favorite", "archived", ...FIELD_COLUMNS, "other"] as const;

/** What the column `other` holds, each in a JSON array: further fields, what a named column cannot say about its field, tags with a semicolon, and where the entry came from. */
export type OtherCell = ExportField | { column: string; label: string; tier: number } | { tags: string[] } | { origin: Pick<ImportOrigin, "source" | "details"> };

const PIECE_CHARS = 64 * 1024;

/** Label of a field that stands in its own column without a note. */
export const COLUMN_LABELS: Record<(typeof FIELD_COLUMNS)[number], string> = {
  url: "Website", username: "Username", email: "E-mail", password: "Password", totp: "One-time password", note: "Notes",
};

/** The table in pieces of UTF-8. `written` counts entries, and collects what a table cannot hold. */
export async function* csvPieces(source: EntrySource, options: ExportOptions, written: { entries: number; leftOut: string[] }): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const pace = new Pace(options);
  const utf8 = new TextEncoder();
  let held = `${CSV_COLUMNS.join(",")}\r\n`;
  for await (const entry of source) {
    held += `${entryCells(entry, written.leftOut).map(quoted).join(",")}\r\n`;
    written.entries++;
    if (held.length >= PIECE_CHARS) {
      yield utf8.encode(held);
      held = "";
    }
    await pace.step("writing", written.entries, options.total);
  }
  yield utf8.encode(held);
  pace.report("writing", written.entries, options.total);
}

function entryCells(entry: ExportEntry, leftOut: string[]): string[] {
  const columns = new Map<string, ExportField>();
  const other: OtherCell[] = [];
  for (const field of entry.fields) {
    if (typeof field.value !== "string") leftOut.push(`The file "${field.label}" of "${entry.title}"`);
    else if (isColumn(field.kind) && !columns.has(field.kind)) columns.set(field.kind, field);
    else other.push({ kind: field.kind, label: field.label, tier: field.tier, value: field.value });
  }
  for (const [column, { label, tier }] of columns) {
    if (!isColumn(column) || label !== COLUMN_LABELS[column] || tier !== kindByName(column)?.defaultTier) other.push({ column, label, tier });
  }
  if (entry.tags.some((tag) => tag.includes(";"))) other.push({ tags: entry.tags });
  if (entry.origin !== undefined) {
    const { source, details } = entry.origin;
    other.push({ origin: { source, ...(details === undefined ? {} : { details }) } });
  }
  return [
    entry.id, String(entry.version), entry.kind, entry.title, entry.folder, entry.tags.join(";"), entry.favorite ? "1" : "0", entry.archived ? "1" : "0",
    ...FIELD_COLUMNS.map((column) => String(columns.get(column)?.value ?? "")),
    other.length === 0 ? "" : JSON.stringify(other),
  ];
}

function isColumn(name: string): name is (typeof FIELD_COLUMNS)[number] {
  return (FIELD_COLUMNS as readonly string[]).includes(name);
}

/** Values are written as they are, even where a spreadsheet would take them for a formula: a changed password would be worse. */
function quoted(value: string): string {
  return /[",\r\n;\t]|^\s|\s$/.test(value) ? `"${value.replaceAll("\"", "\"\"")}"` : value;
}
