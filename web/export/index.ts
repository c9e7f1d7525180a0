// Exports: JSON, the same sealed with a passphrase, and CSV. The caller has asked for a fresh passkey and hands over opened entries.

import { Pace } from "../import/pace.ts";
import { csvPieces } from "./csv.ts";
import { jsonPieces } from "./json.ts";
import type { EntrySource, Exported, ExportOptions } from "./types.ts";

export type { EntrySource, Exported, ExportEntry, ExportField, ExportOptions } from "./types.ts";
export { exportEntries } from "./source.ts";

/** Shortest passphrase of a sealed export, in characters. */
export const PASSPHRASE_CHARS_MIN = 12;

/** Plain JSON: everything, readable by anyone who gets the file. */
export async function exportJson(source: EntrySource, options: ExportOptions): Promise<Exported> {
  const written = { entries: 0 };
  const blob = await collect(jsonPieces(source, options, written), "application/json");
  return { blob, fileName: fileName(options, "json"), entries: written.entries, leftOut: [] };
}

/** The same JSON sealed with a passphrase. Throws `RangeError` when the passphrase is too short. */
export async function exportSealed(source: EntrySource, passphrase: string, options: ExportOptions): Promise<Exported> {
  if ([...passphrase].length < PASSPHRASE_CHARS_MIN) throw new RangeError(`The passphrase must have at least ${PASSPHRASE_CHARS_MIN} characters.`);
  const { seal } = await import("./sealed.ts");
  const written = { entries: 0 };
  const blob = await collect(seal(jsonPieces(source, options, written), passphrase, new Pace(options)), "application/octet-stream");
  return { blob, fileName: fileName(options, "clavitor"), entries: written.entries, leftOut: [] };
}

/** A table. Files cannot be in it; `leftOut` names them. */
export async function exportCsv(source: EntrySource, options: ExportOptions): Promise<Exported> {
  const written = { entries: 0, leftOut: [] as string[] };
  const blob = await collect(csvPieces(source, options, written), "text/csv");
  return { blob, fileName: fileName(options, "csv"), entries: written.entries, leftOut: written.leftOut };
}

async function collect(pieces: AsyncIterable<Uint8Array<ArrayBuffer>>, type: string): Promise<Blob> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for await (const piece of pieces) parts.push(piece);
  return new Blob(parts, { type });
}

function fileName(options: ExportOptions, extension: string): string {
  const name = options.vaultName.normalize("NFKD").replace(/[^\w-]+/g, "-").replace(/^-+|-+$/g, "").toLowerCase() || "vault";
  return `clavitor-${name}-${new Date(options.exportedAtMs).toISOString().slice(0, 10)}.${extension}`;
}
