// Comma-separated files (RFC 4180, and what programs really write): exact line numbers, any line ends, and an error instead of a guess when quotes do not close.

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

const QUOTE = 0x22;
const LF = 0x0a;
const CR = 0x0d;

/** Reads a table; the first row that is not blank is its header. Blank rows are left out. Throws `bad_csv`, `empty`, `too_many`, `aborted`. */
export async function parseCsv(text: string, pace: Pace): Promise<CsvTable> {
  const scanner = new CsvScanner(text);
  const header = scanner.header();
  const rows: CsvRow[] = [];
  for (let row = scanner.next(); row !== undefined; row = scanner.next()) {
    if (row.cells.every((cell) => cell.trim() === "")) continue;
    if (rows.length >= rows_max) throw new ImportError("too_many", `The file has more than ${rows_max} rows.`);
    rows.push(row);
    await pace.step("reading", scanner.at, text.length);
  }
  return { header, rows };
}

/** The header of a text that may be cut off anywhere, or nothing when it does not look like a table. */
export function peekHeader(text: string): string[] | undefined {
  try {
    return new CsvScanner(text).header();
  } catch {
    return undefined;
  }
}

/** Walks through a text row by row. */
class CsvScanner {
  readonly #text: string;
  readonly #delimiter: number;
  #line = 1;
  at = 0;

  constructor(text: string) {
    this.#text = text;
    if (text.charCodeAt(0) === 0xfeff) this.at = 1;
    // Spreadsheets write the separator into the first line when it is not the one of the country.
    const named = /^sep=(.)\r?\n/i.exec(text.slice(this.at, this.at + 8));
    if (named !== null) {
      this.at += named[0].length;
      this.#line = 2;
    }
    this.#delimiter = named?.[1]?.charCodeAt(0) ?? guessDelimiter(text.slice(this.at));
  }

  header(): string[] {
    let row = this.next();
    while (row !== undefined && row.cells.every((cell) => cell.trim() === "")) row = this.next();
    if (row === undefined) throw new ImportError("empty", "The file has no rows.");
    return row.cells.map((cell) => cell.trim());
  }

  next(): CsvRow | undefined {
    const { length } = this.#text;
    if (this.at >= length) return undefined;
    const row: CsvRow = { cells: [], line: this.#line };
    for (;;) {
      if (row.cells.length >= columns_max) throw new ImportError("bad_csv", `A row has more than ${columns_max} columns.`, `line ${row.line}`);
      row.cells.push(this.#text.charCodeAt(this.at) === QUOTE ? this.#quoted(row.line) : this.#plain());
      if (this.at >= length) return row;
      const code = this.#text.charCodeAt(this.at);
      if (code === this.#delimiter) this.at++;
      else {
        this.#newline(code);
        return row;
      }
    }
  }

  #newline(code: number): void {
    this.at += code === CR && this.#text.charCodeAt(this.at + 1) === LF ? 2 : 1;
    this.#line++;
  }

  #plain(): string {
    const start = this.at;
    while (this.at < this.#text.length) {
      const code = this.#text.charCodeAt(this.at);
      if (code === this.#delimiter || code === LF || code === CR) break;
      this.at++;
    }
    return this.#text.slice(start, this.at);
  }

  #quoted(rowLine: number): string {
    const opened = this.#line;
    let value = "";
    let from = this.at + 1;
    for (;;) {
      const close = this.#text.indexOf('"', from);
      if (close < 0) throw new ImportError("bad_csv", `A quotation mark that opens on line ${opened} is never closed: the file may be cut off.`, `line ${rowLine}`);
      value += this.#text.slice(from, close);
      from = close + 1;
      if (this.#text.charCodeAt(from) !== QUOTE) break;
      value += '"';
      from++;
    }
    this.#line += lineEnds(value);
    while (this.#text.charCodeAt(from) === 0x20 && this.#delimiter !== 0x20) from++;
    this.at = from;
    const code = this.#text.charCodeAt(from);
    if (from < this.#text.length && code !== this.#delimiter && code !== LF && code !== CR) {
      throw new ImportError("bad_csv", "Text follows a closing quotation mark: a quotation mark inside a value must be doubled.", `line ${this.#line}`);
    }
    return value;
  }
}

function lineEnds(value: string): number {
  return value.match(/\r\n|\n|\r/g)?.length ?? 0;
}

/** The separator that occurs most in the first line, outside quotes. */
function guessDelimiter(text: string): number {
  const counts = new Map<string, number>([[",", 0], [";", 0], ["\t", 0]]);
  let inQuotes = false;
  for (const character of text.slice(0, 16_384).trimStart()) {
    if (character === '"') inQuotes = !inQuotes;
    else if (!inQuotes && (character === "\n" || character === "\r")) break;
    else if (!inQuotes) {
      const count = counts.get(character);
      if (count !== undefined) counts.set(character, count + 1);
    }
  }
  const [best = ","] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? [];
  return best.charCodeAt(0);
}
