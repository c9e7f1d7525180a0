// Rows of a CSV file as entries, by a table of columns. A column that the table does not name becomes a custom field.

import type { CsvRow, CsvTable } from "../csv.ts";
import { EntryBuilder } from "../entry.ts";
import type { FieldKind, Format } from "../types.ts";
import { decodeText } from "../text.ts";
import { isoTime, type Found, type Input } from "./reader.ts";

/** What becomes of a cell. */
export type Column =
  | { to: "title" | "folder" | "tags" | "favorite" | "archived" | "id" }
  | { field: FieldKind; label?: string }
  | { detail: string; time?: "ms" }
  /** The format's own `row` function reads it. */
  | { to: "row" };

/** A CSV dialect. */
export interface CsvFormat {
  format: Format;
  source: string;
  /** Columns by their header in lower case. */
  columns: Record<string, Column>;
  /** Headers without which it is not this dialect. */
  required: string[];
  /** Headers that change without the row having changed. */
  volatile: string[];
  /** Between the parts of a folder's path. */
  folderSeparator: string;
  /** Looks at the whole table before the rows are read. */
  table?: (table: CsvTable, found: Found) => void;
  /** Reads what the table of columns cannot say. `cell` takes a header in lower case. */
  row?: (entry: EntryBuilder, cell: (header: string) => string) => void;
}

/** Reads a file in one dialect. */
export async function readCsvFormat(dialect: CsvFormat, input: Input): Promise<Found> {
  const decoded = await decodeText(input.bytes, input.pace, true);
  const { parseCsv } = await import("../csv.ts");
  const table = await parseCsv(decoded.text, input.pace);
  const found: Found = { source: dialect.source, rows: [], about: [], notices: [] };
  if (decoded.encoding === "windows-1252") {
    found.notices.push({ severity: "altered", message: "The file is not Unicode text and was read as Windows-1252 (Western European). Check letters with accents." });
  }
  dialect.table?.(table, found);
  const headers = table.header.map((header) => header.toLowerCase());
  for (const [index, row] of table.rows.entries()) {
    const entry = new EntryBuilder({ source: dialect.source, index, place: `line ${row.line}` });
    readRow(entry, dialect, table.header, headers, row);
    found.rows.push(entry.finish());
    await input.pace.step("parsing", index, table.rows.length);
  }
  return found;
}

function readRow(entry: EntryBuilder, dialect: CsvFormat, names: string[], headers: string[], row: CsvRow): void {
  const cell = (header: string): string => row.cells[headers.indexOf(header)] ?? "";
  dialect.row?.(entry, cell);
  for (const [i, value] of row.cells.entries()) {
    const column = dialect.columns[headers[i] ?? ""];
    // A second column of one name is not the one the table means.
    if (column !== undefined && headers.indexOf(headers[i] ?? "") === i) readCell(entry, dialect, column, names[i] ?? "", value);
    else entry.custom(names[i] || `Column ${i + 1}`, value);
  }
  if (dialect.format !== "clavitor-csv") entry.arrange();
  if (row.cells.slice(names.length).some((value) => value.trim() !== "")) entry.note("altered", "The row has more cells than the header; they were kept as fields named by their column.");
  if (row.cells.length < names.length) entry.note("info", "The row has fewer cells than the header.");
  const kept = row.cells.map((value, i): [string, string] => [headers[i] || `column ${i + 1}`, value]).filter(([header]) => !dialect.volatile.includes(header));
  entry.raw = kept.filter(([, value]) => value !== "").sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

function readCell(entry: EntryBuilder, dialect: CsvFormat, column: Column, header: string, value: string): void {
  if (value.trim() === "" && !("field" in column)) return;
  if ("field" in column) entry.add(column.field, value, column.label);
  else if ("detail" in column) entry.detail(column.detail, column.time === undefined ? value : isoTime(value, column.time));
  // Two columns may mean the same, such as "Name" and "Account": the first one counts.
  else if (column.to === "title" && entry.title === "") entry.title = value;
  else if (column.to === "folder" && !entry.hasFolder) entry.folder(value.split(dialect.folderSeparator));
  else if (column.to === "tags") for (const tag of value.split(value.includes(";") ? ";" : ",")) entry.tag(tag);
  else if (column.to === "favorite") entry.favorite = isYes(entry, "favourite", value);
  else if (column.to === "archived") entry.archived = isYes(entry, "archived", value);
  else if (column.to === "id") {
    entry.sourceId = value.trim();
    entry.detail("id", value);
  } else if (column.to !== "row") entry.custom(header, value);
}

/** Reads yes or no; anything else is kept as a fact about the row. */
function isYes(entry: EntryBuilder, name: string, value: string): boolean {
  const word = value.trim().toLowerCase();
  if (!["", "0", "1", "true", "false", "yes", "no", "x"].includes(word)) entry.detail(name, value);
  return ["1", "true", "yes", "x"].includes(word);
}
