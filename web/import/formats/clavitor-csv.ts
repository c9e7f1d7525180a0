// Our own export as a table.

import { COLUMN_LABELS, FIELD_COLUMNS } from "../../export/csv.ts";
import type { EntryBuilder } from "../entry.ts";
import { array, object, text, type Json, type JsonObject } from "../json.ts";
import { readField, readHead, readOrigin } from "./clavitor-entry.ts";
import type { CsvFormat } from "./csv-table.ts";

/** Our own CSV export. */
export const clavitorCsv: CsvFormat = {
  format: "clavitor-csv",
  source: "clavitor",
  columns: Object.fromEntries(["id", "version", "kind", "title", "folder", "tags", "favorite", "archived", ...FIELD_COLUMNS, "other"].map((name) => [name, { to: "row" as const }])),
  required: ["id", "version", "kind", "title", "folder", "tags", "favorite", "archived", ...FIELD_COLUMNS, "other"],
  volatile: [],
  folderSeparator: "/",
  row: readCsvRow,
};

function readCsvRow(builder: EntryBuilder, cell: (header: string) => string): void {
  readHead(builder, cell);
  const other = otherOf(builder, cell("other"));
  const notes = new Map(other.filter((each) => "column" in each).map((each) => [text(each["column"]), each]));
  for (const column of FIELD_COLUMNS) {
    const note = notes.get(column);
    readField(builder, { kind: column, label: note?.["label"] ?? COLUMN_LABELS[column], tier: note?.["tier"] ?? null, value: cell(column) });
  }
  const tags = other.find((each) => "tags" in each);
  for (const tag of tags === undefined ? cell("tags").split(";") : array(tags["tags"])) builder.tag(text(tag));
  for (const each of other) {
    if ("origin" in each) readOrigin(builder, object(each["origin"]));
    else if (!("column" in each) && !("tags" in each)) readField(builder, each);
  }
}

/** The JSON of the column `other`; broken JSON is kept as text. */
function otherOf(builder: EntryBuilder, cell: string): JsonObject[] {
  if (cell === "") return [];
  try {
    return array(JSON.parse(cell) as Json).map(object);
  } catch {
    builder.note("altered", "The column \"other\" cannot be read and is kept as a note.");
    builder.add("note", cell, "Column other");
    return [];
  }
}
