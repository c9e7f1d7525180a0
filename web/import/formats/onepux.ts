// 1Password's 1PUX archive: `export.attributes`, `export.data`, and the attached files.

import { EntryBuilder } from "../entry.ts";
import { ImportError } from "../error.ts";
import { array, object, parseJson, text, type JsonObject } from "../json.ts";
import { rows_max, text_bytes_max, value_bytes_max } from "../limits.ts";
import type { Pace } from "../pace.ts";
import { decodeText } from "../text.ts";
import { ZipArchive } from "../zip.ts";
import { readOnepuxItem } from "./onepux-item.ts";
import type { FileRef } from "./onepux-value.ts";
import { isoTime, leaves, type Found, type Input } from "./reader.ts";

/** Reads a 1PUX archive. */
export async function readOnepux(input: Input): Promise<Found> {
  const archive = await ZipArchive.open(input.bytes, input.pace, (name) => (name.startsWith("export.") ? text_bytes_max : value_bytes_max));
  const data = await jsonFile(archive, "export.data", input.pace);
  if (!Array.isArray(data["accounts"])) throw new ImportError("bad_shape", "This is not a complete 1PUX file: the list of accounts is missing.", "export.data");
  const files = new AttachedFiles(archive);
  const found: Found = { source: "1password", rows: [], about: [], notices: [] };
  const accounts = array(data["accounts"]).map(object);
  for (const account of accounts) await readAccount(account, accounts.length > 1, found, files, input.pace);
  await aboutArchive(archive, data, found, input.pace);
  for (const name of files.unused()) found.notices.push({ severity: "lost", message: `The file "${name}" of the archive belongs to no item and was left out.` });
  return found;
}

async function readAccount(account: JsonObject, several: boolean, found: Found, files: AttachedFiles, pace: Pace): Promise<void> {
  const attrs = object(account["attrs"]);
  const accountName = text(attrs["accountName"]) || text(attrs["name"]);
  for (const [label, leaf] of leaves("Account", attrs)) found.about.push([label, leaf]);
  for (const vault of array(account["vaults"]).map(object)) {
    const vaultAttrs = object(vault["attrs"]);
    const vaultName = text(vaultAttrs["name"]);
    for (const [label, leaf] of leaves(`Vault ${vaultName}`, vaultAttrs)) if (leaf !== vaultName) found.about.push([label, leaf]);
    const items = array(vault["items"]);
    if (items.length === 0) found.about.push(["Empty vault", vaultName]);
    for (const [i, raw] of items.entries()) {
      if (found.rows.length >= rows_max) throw new ImportError("too_many", `The file has more than ${rows_max} items.`);
      // Older files wrap each item once more.
      const wrapped = object(raw);
      const item = "item" in wrapped && !("uuid" in wrapped) ? object(wrapped["item"]) : wrapped;
      const entry = new EntryBuilder({ source: "1password", index: found.rows.length, place: `${vaultName || "vault"}, item ${i + 1}` });
      entry.folder(several ? [accountName, vaultName] : [vaultName]);
      for (const file of readOnepuxItem(entry, item)) files.attach(entry, file);
      found.rows.push(entry.finish());
      await pace.step("parsing", i, items.length);
    }
  }
}

async function aboutArchive(archive: ZipArchive, data: JsonObject, found: Found, pace: Pace): Promise<void> {
  for (const [key, value] of Object.entries(data)) if (key !== "accounts") for (const [label, leaf] of leaves(key, value)) found.about.push([label, leaf]);
  if (archive.size("export.attributes") === undefined) return;
  const { createdAt, ...attributes } = await jsonFile(archive, "export.attributes", pace);
  if (createdAt !== undefined) found.about.push(["Exported", isoTime(createdAt)]);
  for (const [label, leaf] of leaves("Export", attributes)) found.about.push([label, leaf]);
}

async function jsonFile(archive: ZipArchive, name: string, pace: Pace): Promise<JsonObject> {
  const { text: json } = await decodeText(archive.file(name), pace, false);
  return object(await parseJson(json, pace));
}

/** The archive's `files/<documentId>__<fileName>`. */
class AttachedFiles {
  readonly #archive: ZipArchive;
  readonly #unused: Map<string, string>;

  constructor(archive: ZipArchive) {
    this.#archive = archive;
    const named = archive.names().filter((name) => name.startsWith("files/"));
    this.#unused = new Map(named.map((name) => [name.slice("files/".length).split("__")[0] ?? "", name]));
  }

  attach(entry: EntryBuilder, file: FileRef): void {
    const name = this.#unused.get(file.documentId);
    if (name === undefined) {
      entry.note("lost", `The attached file "${file.fileName}" is not in the archive.`);
      return;
    }
    this.#unused.delete(file.documentId);
    const size = this.#archive.size(name) ?? 0;
    if (size > value_bytes_max) entry.fileTooLarge(file.fileName, size);
    else entry.file(file.fileName, this.#archive.file(name));
  }

  unused(): string[] {
    return [...this.#unused.values()];
  }
}
