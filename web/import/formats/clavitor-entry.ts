// One entry of our own exports.

import { entryKinds, kindByName, type EntryKind } from "../../crypto/kinds.ts";
import { fromBase64Url } from "../../export/base64.ts";
import type { EntryBuilder } from "../entry.ts";
import { array, object, text, type JsonObject } from "../json.ts";
import { value_bytes_max } from "../limits.ts";
import type { Tier } from "../types.ts";
import { leaves } from "./reader.ts";

const ENTRY = new Set(["id", "version", "kind", "title", "folder", "tags", "favorite", "archived", "fields", "origin"]);

/** Fills an entry from one of the JSON export. */
export function readEntry(builder: EntryBuilder, entry: JsonObject): void {
  readHead(builder, (name) => text(entry[name]));
  for (const tag of array(entry["tags"])) builder.tag(text(tag));
  for (const field of array(entry["fields"]).map(object)) readField(builder, field);
  readOrigin(builder, object(entry["origin"]));
  for (const [key, value] of Object.entries(entry)) if (!ENTRY.has(key)) for (const [label, leaf] of leaves(key, value)) builder.custom(label, leaf);
  builder.raw = entry;
}

/** Everything of an entry but its fields and tags; `member` gives each as text. */
export function readHead(builder: EntryBuilder, member: (name: string) => string): void {
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

/** Adds a field as it stands in the export. */
export function readField(builder: EntryBuilder, field: JsonObject): void {
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

/** Keeps where the entry came from as facts about it. */
export function readOrigin(builder: EntryBuilder, origin: JsonObject): void {
  const { source, details, ...rest } = origin;
  builder.detail("first imported from", text(source));
  for (const [label, leaf] of [...leaves("", details), ...leaves("", rest)]) builder.detail(label, leaf);
}
