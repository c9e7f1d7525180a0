// Our own exports: JSON, sealed JSON, and CSV.

import { entryKinds, kindByName, type EntryKind } from "../../crypto/kinds.ts";
import { fromBase64Url } from "../../export/base64.ts";
import { COLUMN_LABELS, FIELD_COLUMNS } from "../../export/csv.ts";
import { EXPORT_FORMAT, EXPORT_VERSION } from "../../export/json.ts";
import { openSealed } from "../../export/sealed.ts";
import { EntryBuilder } from "../entry.ts";
import { ImportError } from "../error.ts";
import { array, object, parseJson, text, type Json, type JsonObject } from "../json.ts";
import { rows_max, value_bytes_max } from "../limits.ts";
import { decodeText } from "../text.ts";
import type { Tier } from "../types.ts";
import type { CsvFormat } from "./csv-table.ts";
import { leaves, type Found, type Input } from "./reader.ts";

/** Reads a sealed export. */
export async function readClavitorSealed(input: Input): Promise<Found> {
  const bytes = await openSealed(input.bytes, input.password, input.pace);
  const found = await readClavitorJson({ ...input, bytes });
  bytes.fill(0);
  return found;
}

/** Reads a JSON export. */
export async function readClavitorJson(input: Input): Promise<Found> {
  const { text: json } = await decodeText(input.bytes, input.pace, false);
  const root = object(await parseJson(json, input.pace));
  if (root["format"] !== EXPORT_FORMAT || !Array.isArray(root["entries"])) throw new ImportError("bad_shape", "This is not a complete Clavitor export: the list of entries is missing.");
  if (root["version"] !== EXPORT_VERSION) throw new ImportError("unsupported", "This export was made by a newer version of Clavitor. Update first.");
  const entries = root["entries"];
  if (entries.length > rows_max) throw new ImportError("too_many", `The file has more than ${rows_max} entries.`);
  const found: Found = { source: "clavitor", rows: [], about: [], notices: [] };
  for (const [index, raw] of entries.entries()) {
    const builder = new EntryBuilder({ source: "clavitor", index, place: `entries[${index}]` });
    readEntry(builder, object(raw));
    found.rows.push(builder.finish());
    await input.pace.step("parsing", index, entries.length);
  }
  for (const [key, value] of Object.entries(root)) {
    if (!["format", "version", "entries"].includes(key)) for (const [label, leaf] of leaves(key, value)) found.about.push([label, leaf]);
  }
  return found;
}

const ENTRY = new Set(["id", "version", "kind", "title", "folder", "tags", "favorite", "archived", "fields", "origin"]);

function readEntry(builder: EntryBuilder, entry: JsonObject): void {
  readHead(builder, (name) => text(entry[name]));
  for (const tag of array(entry["tags"])) builder.tag(text(tag));
  for (const field of array(entry["fields"]).map(object)) readField(builder, field);
  readOrigin(builder, object(entry["origin"]));
  for (const [key, value] of Object.entries(entry)) if (!ENTRY.has(key)) for (const [label, leaf] of leaves(key, value)) builder.custom(label, leaf);
  builder.raw = entry;
}

function readHead(builder: EntryBuilder, member: (name: string) => string): void {
  builder.kind = kindOf(builder, member("kind"));
  builder.title = member("title");
  if (member("folder") !== "") builder.folder(member("folder").split("/"));
  builder.favorite = ["true", "1"].includes(member("favorite"));
  builder.archived = ["true", "1"].includes(member("archived"));
  builder.sourceId = member("id");
  const version = Number(member("version"));
  if (member("id") !== "" && Number.isInteger(version) && version > 0) builder.exported = { id: member("id"), version };
}

function kindOf(builder: EntryBuilder, name: string): EntryKind {
  const known = entryKinds.find((kind) => kind === name);
  if (known === undefined) builder.note("altered", `Its kind "${name}" is not known; it became a custom entry.`);
  return known ?? "custom";
}

function readField(builder: EntryBuilder, field: JsonObject): void {
  const { kind, label, tier, value, file, ...rest } = field;
  const known = kindByName(text(kind));
  const stated: Tier = tier === 1 || tier === 2 || tier === 3 ? tier : (known?.defaultTier ?? 2);
  const bytes = typeof file === "string" ? fromBase64Url(file) : undefined;
  if (bytes !== undefined && bytes.length > value_bytes_max) builder.fileTooLarge(text(label), bytes.length);
  else if (bytes !== undefined) builder.exact("file", text(label), bytes, stated);
  else if (file !== undefined) builder.note("lost", `The file "${text(label)}" is damaged.`);
  if (known === undefined && value !== undefined) builder.note("altered", `The kind of "${text(label)}" is not known; it is kept as a hidden value.`);
  builder.exact(known?.name ?? "hidden", text(label), text(value), stated);
  for (const [name, leaf] of leaves(text(label), rest)) builder.custom(name, leaf);
}

function readOrigin(builder: EntryBuilder, origin: JsonObject): void {
  const { source, details, ...rest } = origin;
  builder.detail("first imported from", text(source));
  for (const [label, leaf] of [...leaves("", details), ...leaves("", rest)]) builder.detail(label, leaf);
}

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
