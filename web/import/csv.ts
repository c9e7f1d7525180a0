// Comma-separated files, read by papaparse piece by piece: every row with its line, and an error instead of a guess when quotes do not close.

import Papa from "papaparse";
import { ImportError } from "./error.ts";
import { columns_max, rows_max } from "./limits.ts";
import type { Pace } from "./pace.ts";

/** One row. */
export interface CsvRow {
  cells: string[];
  /** Line of the file on which the row begins, from 1. */
  line: number;
}

/** A table with its header. */
export interface CsvTable {
  header: string[];
  rows: CsvRow[];
}

/** How a file is written. */
interface Layout {
  /** Where the first row begins, and on which line. */
  at: number;
  line: number;
  delimiter: string;
  newline: "\n" | "\r";
}

/** A row as papaparse has found it, and where it ends in the text. */
interface Piece {
  cells: string[];
  end: number;
  fault: string | undefined;
}

/** A row longer than this is read again in a piece twice as long, and so on. */
const PIECE_CHARS = 64 * 1024;
const LOOK_CHARS = 64 * 1024;

/** Reads a table; the first row that is not blank is its header. Blank rows are left out. Throws `bad_csv`, `empty`, `too_many`, `aborted`. */
export async function parseCsv(text: string, pace: Pace): Promise<CsvTable> {
  const walk = rowsOf(text);
  const header = headerOf(walk);
  const rows: CsvRow[] = [];
  for (const { row, end } of walk) {
    await pace.step("reading", end, text.length);
    if (isBlank(row)) continue;
    if (rows.length >= rows_max) throw new ImportError("too_many", `The file has more than ${rows_max} rows.`);
    rows.push(row);
  }
  return { header, rows };
}

/** The header of a text that may be cut off anywhere, or nothing when it does not look like a table. */
export function peekHeader(text: string): string[] | undefined {
  try {
    return headerOf(rowsOf(text));
  } catch {
    return undefined;
  }
}

/** Takes rows up to the header. */
function headerOf(walk: Iterator<{ row: CsvRow }>): string[] {
  for (let next = walk.next(); next.done !== true; next = walk.next()) {
    if (!isBlank(next.value.row)) return next.value.row.cells.map((cell) => cell.trim());
  }
  throw new ImportError("empty", "The file has no rows.");
}

function isBlank(row: CsvRow): boolean {
  return row.cells.every((cell) => cell.trim() === "");
}

/** Every row, and where it ends in the text. */
function* rowsOf(text: string): Generator<{ row: CsvRow; end: number }> {
  const layout = layoutOf(text);
  let { at, line } = layout;
  for (let chars = PIECE_CHARS; at < text.length; ) {
    const isLast = at + chars >= text.length;
    const found = parsePiece(text, at, chars, layout);
    // What comes after the last line end goes on in the next piece, or is nothing.
    const rest = found.pop();
    for (const { cells, end, fault } of found) {
      refuseFault({ cells, line }, fault);
      yield { row: { cells, line }, end };
      line += lineEnds(text.slice(at, end));
      at = end;
    }
    if (rest !== undefined) refuseFault({ cells: rest.cells, line }, isLast ? rest.fault : undefined);
    if (isLast) return;
    chars = found.length === 0 ? chars * 2 : PIECE_CHARS;
  }
}

/** The rows that begin in a piece of the text; the last one is what follows the last line end. */
function parsePiece(text: string, from: number, chars: number, { delimiter, newline }: Layout): Piece[] {
  const piece = text.slice(from, from + chars);
  const isLast = from + chars >= text.length;
  const found: Piece[] = [];
  // A byte-order mark in front of a text is taken off; this one is there so that none of the file's is. The line end makes the last row like all others.
  Papa.parse<string[]>(`\ufeff${piece}${isLast ? newline : ""}`, {
    delimiter,
    newline,
    step: ({ data, errors, meta }) => {
      const start = found.at(-1)?.end ?? from;
      const end = Math.min(from + meta.cursor, text.length);
      found.push({ cells: withoutReturn(data, text.slice(start, end), delimiter), end, fault: errors[0]?.code });
    },
  });
  return found;
}

/** Takes off the carriage return of a row that ends in both characters, unless the value is in quotes, where it is its own. */
function withoutReturn(cells: string[], raw: string, delimiter: string): string[] {
  const last = cells.at(-1) ?? "";
  if (!last.endsWith("\r")) return cells;
  const isBare = raw === `${last}\n` || raw.endsWith(`${delimiter}${last}\n`);
  return isBare ? [...cells.slice(0, -1), last.slice(0, -1)] : cells;
}

function refuseFault({ cells, line }: CsvRow, fault: string | undefined): void {
  const place = `line ${line}`;
  if (cells.length > columns_max) throw new ImportError("bad_csv", `A row has more than ${columns_max} columns.`, place);
  if (fault === "MissingQuotes") throw new ImportError("bad_csv", "A quotation mark that opens in this row is never closed: the file may be cut off.", place);
  if (fault !== undefined) throw new ImportError("bad_csv", "Text follows a closing quotation mark: a quotation mark inside a value must be doubled.", place);
}

function lineEnds(text: string): number {
  return text.match(/\r\n|\n|\r/g)?.length ?? 0;
}

/** Mark, separator and line ends. */
function layoutOf(text: string): Layout {
  const mark = text.startsWith("\ufeff") ? 1 : 0;
  // Spreadsheets write the separator into the first line when it is not the one of the country.
  const named = /^sep=(.)\r?\n/i.exec(text.slice(mark, mark + 8));
  const at = mark + (named?.[0].length ?? 0);
  // Without the first half of a line end that is cut in two.
  const look = text.slice(at, at + LOOK_CHARS).replace(/\r$/, "");
  const [header = ""] = look.trimStart().split(/[\r\n]/, 1);
  const { linebreak } = Papa.parse(look, { delimiter: ",", preview: 1 }).meta;
  return {
    at,
    line: named === null ? 1 : 2,
    delimiter: named?.[1] ?? Papa.parse(header, { delimitersToGuess: [",", ";", "\t"], preview: 1 }).meta.delimiter,
    newline: linebreak === "\r" ? "\r" : "\n",
  };
}
