// Tells what a file is by looking into it; its name counts for nothing.

import { looksSealed } from "../export/sealed.ts";
import { ImportError } from "./error.ts";
import { clavitorCsv } from "./formats/clavitor-csv.ts";
import { csvFormats, genericCsv } from "./formats/csv-formats.ts";
import type { CsvFormat } from "./formats/csv-table.ts";
import { lastpassCsv } from "./formats/lastpass.ts";
import { archive_bytes_max, text_bytes_max } from "./limits.ts";
import { peekText } from "./text.ts";
import type { Detection, Format } from "./types.ts";

/** Every CSV dialect, the most particular first. */
export const dialects: readonly CsvFormat[] = [clavitorCsv, lastpassCsv, ...csvFormats, genericCsv];

const PEEK_BYTES = 256 * 1024;
const READ = "Bitwarden (JSON, CSV, ZIP), 1Password (1PUX, CSV), LastPass, Chrome, Edge, Brave, Firefox, KeePassXC (CSV), other CSV files with a header, and Clavitor's own exports";

/** Says what a file is. Throws `empty`, `too_large`, `unknown_format`, and `bad_zip` for a broken archive. */
export async function detect(file: Blob): Promise<Detection> {
  const head = new Uint8Array(await file.slice(0, PEEK_BYTES).arrayBuffer());
  if (head.length === 0) throw new ImportError("empty", "The file is empty.");
  if (looksZipped(head)) return archive(new Uint8Array(await bytesOf(file)));
  if (looksSealed(head)) return one("clavitor-sealed", true);
  refuseKnown(head);
  const text = peekText(head).replace(/^\ufeff/, "");
  return /^\s*[{[]/.test(text) ? json(text, file) : table(text);
}

/** The whole file. Throws `too_large`. */
export async function bytesOf(file: Blob): Promise<ArrayBuffer> {
  const head = new Uint8Array(await file.slice(0, 4).arrayBuffer());
  const most = looksZipped(head) ? archive_bytes_max : text_bytes_max;
  if (file.size > most) throw new ImportError("too_large", `The file is larger than ${most / 1024 / 1024} MiB.`);
  return file.arrayBuffer();
}

function one(format: Format, needsPassword = false): Detection {
  return { format, candidates: [format], needsPassword };
}

function looksZipped(head: Uint8Array): boolean {
  return head[0] === 0x50 && head[1] === 0x4b && (head[2] === 3 || head[2] === 5);
}

async function archive(bytes: Uint8Array<ArrayBuffer>): Promise<Detection> {
  const { listFiles } = await import("./zip.ts");
  const files = listFiles(bytes);
  if (files.has("export.data")) return one("1password-1pux");
  if (files.has("data.json")) return one("bitwarden-zip");
  throw new ImportError("unknown_format", `This archive is none that is known here. What can be read: ${READ}.`);
}

/** Names what is often tried and cannot be read. */
function refuseKnown(head: Uint8Array): void {
  const starts = (...bytes: number[]): boolean => bytes.every((byte, i) => head[i] === byte);
  if (starts(0x03, 0xd9, 0xa2, 0x9a)) throw new ImportError("unknown_format", "This is a KeePass database (KDBX). Open it in KeePassXC and choose Database, Export, CSV File.");
  if (starts(0x25, 0x50, 0x44, 0x46)) throw new ImportError("unknown_format", `This is a PDF. What can be read: ${READ}.`);
}

async function json(text: string, file: Blob): Promise<Detection> {
  // The members that tell the kind come first in every known file; a file in another order is looked at as a whole.
  const found = jsonFormat(text);
  if (found !== undefined) return found;
  if (file.size > PEEK_BYTES && file.size <= text_bytes_max) {
    const tail = peekText(new Uint8Array(await file.slice(-PEEK_BYTES / 4).arrayBuffer()));
    const late = jsonFormat(tail);
    if (late !== undefined) return late;
  }
  throw new ImportError("unknown_format", `This JSON file is none that is known here. What can be read: ${READ}.`);
}

function jsonFormat(text: string): Detection | undefined {
  if (/"format"\s*:\s*"clavitor-export"/.test(text)) return one("clavitor-json");
  if (/"passwordProtected"\s*:\s*true/.test(text)) return one("bitwarden-protected", true);
  // Account-restricted exports are Bitwarden's too; the reader says why they cannot be opened.
  if (/"encrypted"\s*:\s*true/.test(text)) return one("bitwarden-json");
  return /"(encrypted|folders|collections)"\s*:/.test(text) && /"items"\s*:\s*\[/.test(text) ? one("bitwarden-json") : undefined;
}

async function table(text: string): Promise<Detection> {
  const { peekHeader } = await import("./csv.ts");
  const header = peekHeader(text)?.map((name) => name.toLowerCase());
  const scored = header === undefined ? [] : dialects.map((dialect) => ({ dialect, score: score(dialect, header) })).filter((each) => each.score > 0);
  scored.sort((a, b) => b.score - a.score);
  const candidates = scored.map(({ dialect }) => dialect.format);
  const [format] = candidates;
  if (format === undefined) throw new ImportError("unknown_format", `This file is none that is known here. What can be read: ${READ}.`);
  return { format, candidates, needsPassword: false };
}

/** Known columns less unknown ones; the general dialect comes after every particular one. */
function score(dialect: CsvFormat, header: string[]): number {
  const known = header.filter((name) => dialect.columns[name] !== undefined).length;
  if (dialect === genericCsv) return known > 0 && header.length > 1 ? known / 1000 : 0;
  if (!dialect.required.every((name) => header.includes(name))) return 0;
  return 1 + known - (header.length - known) / 2;
}
