// Bitwarden's JSON exports: plain, password-protected, and the archive with attachments.

import { EntryBuilder } from "../entry.ts";
import { ImportError } from "../error.ts";
import { array, object, parseJson, text, type Json, type JsonObject } from "../json.ts";
import { rows_max, text_bytes_max, value_bytes_max } from "../limits.ts";
import type { Pace } from "../pace.ts";
import { decodeText } from "../text.ts";
import { readItem } from "./bitwarden-item.ts";
import { leaves, type Found, type Input } from "./reader.ts";

/** Adds the attachments of an item. */
type Attach = (entry: EntryBuilder, itemId: string) => Promise<void>;

/** Reads a plain or password-protected JSON export. */
export async function readBitwardenJson(input: Input): Promise<Found> {
  const { text: json } = await decodeText(input.bytes, input.pace, false);
  const root = object(await parseJson(json, input.pace));
  return readRoot(await opened(root, input), input.pace, async () => undefined);
}

/** Reads the archive: `data.json` and `attachments/<item id>/<file name>`. */
export async function readBitwardenZip(input: Input): Promise<Found> {
  const { ZipArchive } = await import("../zip.ts");
  const archive = await ZipArchive.open(input.bytes, input.pace, (name) => (name === "data.json" ? text_bytes_max : value_bytes_max));
  const { text: json } = await decodeText(archive.file("data.json"), input.pace, false);
  const root = object(await parseJson(json, input.pace));
  const taken = new Set(["data.json"]);
  const found = await readRoot(await opened(root, input), input.pace, async (entry, itemId) => {
    const folder = `attachments/${itemId}/`;
    for (const name of archive.names().filter((each) => itemId !== "" && each.startsWith(folder))) {
      taken.add(name);
      const size = archive.size(name) ?? 0;
      if (size > value_bytes_max) entry.fileTooLarge(name.slice(folder.length), size);
      else entry.file(name.slice(folder.length), archive.file(name));
    }
  });
  for (const name of archive.names()) if (!taken.has(name)) found.notices.push({ severity: "lost", message: `The file "${name}" of the archive belongs to no item and was left out.` });
  return found;
}

async function opened(root: JsonObject, input: Input): Promise<JsonObject> {
  if (root["encrypted"] !== true) return root;
  const { openProtected } = await import("./bitwarden-open.ts");
  return object(await parseJson(await openProtected(root, input.password, input.pace), input.pace));
}

async function readRoot(root: JsonObject, pace: Pace, attach: Attach): Promise<Found> {
  if (!Array.isArray(root["items"])) throw new ImportError("bad_shape", "This is not a complete Bitwarden export: the list of items is missing.");
  const items = root["items"];
  if (items.length > rows_max) throw new ImportError("too_many", `The file has more than ${rows_max} items.`);
  const folders = namesById(root["folders"]);
  const collections = namesById(root["collections"]);
  const found: Found = { source: "bitwarden", rows: [], about: [], notices: [] };
  for (const [index, raw] of items.entries()) {
    const item = object(raw);
    const entry = new EntryBuilder({ source: "bitwarden", index, place: `items[${index}]` });
    if (Object.keys(item).length === 0) entry.proposeSkip("It is not an item.");
    readItem(entry, item);
    place(entry, item, folders, collections);
    await attach(entry, text(item["id"]));
    found.rows.push(entry.finish());
    await pace.step("parsing", index, items.length);
  }
  aboutRoot(root, found, items);
  return found;
}

/** The folder, else the first collection; further collections become tags. */
function place(entry: EntryBuilder, item: JsonObject, folders: Map<string, string>, collections: Map<string, string>): void {
  const inCollections = array(item["collectionIds"]).map((id) => collections.get(text(id)) ?? text(id)).filter((name) => name !== "");
  const folder = folders.get(text(item["folderId"])) ?? text(item["folderId"]);
  const [first = "", ...rest] = folder === "" ? inCollections : [folder, ...inCollections];
  entry.folder(first.split("/"));
  for (const name of rest) entry.tag(name);
}

function namesById(list: Json | undefined): Map<string, string> {
  return new Map(array(list).map(object).map((each) => [text(each["id"]), text(each["name"])]));
}

/** Folders that hold nothing, and members of the file nobody expected. */
function aboutRoot(root: JsonObject, found: Found, items: Json[]): void {
  const used = new Set(items.map(object).flatMap((item) => [text(item["folderId"]), ...array(item["collectionIds"]).map(text)]));
  for (const [id, name] of [...namesById(root["folders"]), ...namesById(root["collections"])]) {
    if (!used.has(id)) found.about.push(["Empty folder", name]);
  }
  for (const [key, value] of Object.entries(root)) {
    if (["encrypted", "items", "folders", "collections"].includes(key)) continue;
    for (const [label, leaf] of leaves(key, value)) found.about.push([label, leaf]);
  }
}
