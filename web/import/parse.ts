// Reads a file into a plan. Each reader is loaded when it is needed.

import { bytesOf, detect, dialects } from "./detect.ts";
import { ImportError } from "./error.ts";
import { readCsvFormat } from "./formats/csv-table.ts";
import type { Found, Input, Reader } from "./formats/reader.ts";
import { Pace } from "./pace.ts";
import type { Format, ImportPlan, ParseOptions } from "./types.ts";

/** Reads a whole file. Nothing is left out: what has no place of its own becomes a custom field. Throws `ImportError`; then nothing was taken. */
export async function parse(file: Blob, options: ParseOptions = {}): Promise<ImportPlan> {
  const pace = new Pace(options);
  pace.report("reading", 0, file.size);
  const format = options.format ?? (await detect(file)).format;
  const bytes = new Uint8Array(await bytesOf(file));
  const found = await read(format, { bytes, pace, password: options.password });
  if (found.rows.length === 0) throw new ImportError("empty", "There is nothing to import in this file.");
  pace.report("parsing", found.rows.length, found.rows.length);
  return { format, source: found.source, rows: found.rows, about: found.about, notices: found.notices };
}

async function read(format: Format, input: Input): Promise<Found> {
  const dialect = dialects.find((each) => each.format === format);
  const reader: Reader = dialect === undefined ? await readerOf(format) : (given) => readCsvFormat(dialect, given);
  return reader(input);
}

async function readerOf(format: Format): Promise<Reader> {
  switch (format) {
    case "bitwarden-json":
    case "bitwarden-protected":
      return (await import("./formats/bitwarden.ts")).readBitwardenJson;
    case "bitwarden-zip":
      return (await import("./formats/bitwarden.ts")).readBitwardenZip;
    case "1password-1pux":
      return (await import("./formats/onepux.ts")).readOnepux;
    case "clavitor-json":
      return (await import("./formats/clavitor.ts")).readClavitorJson;
    case "clavitor-sealed":
      return (await import("./formats/clavitor.ts")).readClavitorSealed;
    default:
      throw new ImportError("unknown_format", "This kind of file is not known.");
  }
}
