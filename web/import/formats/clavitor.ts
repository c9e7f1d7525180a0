// Our own exports as JSON, plain and sealed.

import { EXPORT_FORMAT, EXPORT_VERSION } from "../../export/json.ts";
import { openSealed } from "../../export/sealed.ts";
import { EntryBuilder } from "../entry.ts";
import { ImportError } from "../error.ts";
import { object, parseJson } from "../json.ts";
import { rows_max } from "../limits.ts";
import { decodeText } from "../text.ts";
import { readEntry } from "./clavitor-entry.ts";
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
