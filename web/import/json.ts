// JSON of any size, parsed in small pieces between turns of the page, with a limit on nesting and the line of the first fault.

import { ImportError } from "./error.ts";
import { json_depth_max, json_piece_chars_max } from "./limits.ts";
import type { Pace } from "./pace.ts";

/** What JSON can hold. */
export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;

/** Where the members of one container begin and end. */
interface Members {
  array: boolean;
  /** Offsets of each member, with the key of an object's member in front. */
  parts: [start: number, end: number][];
}

/** Parses a text. Throws `bad_json` with a line, `too_deep`, or `aborted`. */
export async function parseJson(text: string, pace: Pace): Promise<Json> {
  const reader = new Reader(text, pace);
  const start = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  return reader.value(start, text.length, 0);
}

class Reader {
  readonly #text: string;
  readonly #pace: Pace;

  constructor(text: string, pace: Pace) {
    this.#text = text;
    this.#pace = pace;
  }

  /** The value between two offsets. Small ones go to `JSON.parse`, large containers are taken apart first. */
  async value(start: number, end: number, depth: number): Promise<Json> {
    const from = this.#skipSpace(start, end);
    const first = this.#text[from];
    if (end - from <= json_piece_chars_max || (first !== "{" && first !== "[")) {
      await this.#pace.step("reading", start, this.#text.length);
      return this.#piece(from, end, depth);
    }
    const members = await this.#members(from, end, depth);
    if (members.array) {
      const items: Json[] = [];
      for (const [at, until] of members.parts) items.push(await this.value(at, until, depth + 1));
      return items;
    }
    const object = emptyObject();
    for (const [at, until] of members.parts) {
      const [key, valueAt] = this.#key(at, until);
      object[key] = await this.value(valueAt, until, depth + 1);
    }
    return object;
  }

  /** Finds the members of a container by looking only at quotes, brackets and commas. */
  async #members(start: number, end: number, depth: number): Promise<Members> {
    const text = this.#text;
    const members: Members = { array: text[start] === "[", parts: [] };
    let level = 0;
    let inString = false;
    let partStart = start + 1;
    let closed = -1;
    for (let at = start; at < end; at++) {
      if ((at & 0x3fff) === 0) await this.#pace.step("reading", start, text.length);
      const code = text.charCodeAt(at);
      if (inString) {
        if (code === BACKSLASH) at++;
        else if (code === QUOTE) inString = false;
      } else if (code === QUOTE) inString = true;
      else if (code === 0x5b || code === 0x7b) {
        level++;
        if (depth + level > json_depth_max) throw new ImportError("too_deep", `The file is nested more than ${json_depth_max} levels deep.`, this.#line(at));
      } else if (code === 0x5d || code === 0x7d) {
        level--;
        if (level === 0) {
          if ((code === 0x5d) !== members.array) this.#fail(at, "a bracket of the wrong kind");
          closed = at;
          break;
        }
      } else if (code === COMMA && level === 1) {
        members.parts.push([partStart, at]);
        partStart = at + 1;
      }
    }
    if (inString || closed < 0) this.#fail(end, "the file ends in the middle");
    const after = this.#skipSpace(closed + 1, end);
    if (after < end) this.#fail(after, "something follows the end");
    if (members.parts.length > 0 || this.#skipSpace(partStart, closed) < closed) members.parts.push([partStart, closed]);
    return members;
  }

  #key(start: number, end: number): [key: string, valueAt: number] {
    const from = this.#skipSpace(start, end);
    if (this.#text.charCodeAt(from) !== QUOTE) this.#fail(from, "a name in quotes is missing");
    let at = from + 1;
    while (at < end && this.#text.charCodeAt(at) !== QUOTE) at += this.#text.charCodeAt(at) === BACKSLASH ? 2 : 1;
    const key = this.#piece(from, at + 1, 0);
    const colon = this.#skipSpace(at + 1, end);
    if (typeof key !== "string" || this.#text.charCodeAt(colon) !== COLON) this.#fail(colon, "a colon is missing");
    return [key, colon + 1];
  }

  #piece(start: number, end: number, depth: number): Json {
    const piece = this.#text.slice(start, end);
    if (depth + nesting(piece) > json_depth_max) throw new ImportError("too_deep", `The file is nested more than ${json_depth_max} levels deep.`, this.#line(start));
    try {
      return JSON.parse(piece) as Json;
    } catch (error) {
      const position = /position (\d+)/.exec(error instanceof Error ? error.message : "");
      const at = position === null ? (piece.trim() === "" ? 0 : Math.max(0, lastVisible(piece))) : Number(position[1]);
      return this.#fail(start + at, "it cannot be read from here");
    }
  }

  #skipSpace(start: number, end: number): number {
    let at = start;
    while (at < end && (this.#text.charCodeAt(at) === 0x20 || (this.#text.charCodeAt(at) >= 9 && this.#text.charCodeAt(at) <= 13))) at++;
    return at;
  }

  #fail(at: number, what: string): never {
    throw new ImportError("bad_json", `The JSON in this file is broken: ${what}.`, this.#line(at));
  }

  #line(at: number): string {
    let line = 1;
    for (let i = this.#text.indexOf("\n"); i >= 0 && i < at; i = this.#text.indexOf("\n", i + 1)) line++;
    return `line ${line}`;
  }
}

/** An object that a key called `__proto__` cannot change. */
function emptyObject(): JsonObject {
  return Object.create(null) as JsonObject;
}

/** Deepest nesting of a piece. */
function nesting(piece: string): number {
  let level = 0;
  let deepest = 0;
  let inString = false;
  for (let at = 0; at < piece.length; at++) {
    const code = piece.charCodeAt(at);
    if (inString) {
      if (code === BACKSLASH) at++;
      else if (code === QUOTE) inString = false;
    } else if (code === QUOTE) inString = true;
    else if (code === 0x5b || code === 0x7b) deepest = Math.max(deepest, ++level);
    else if (code === 0x5d || code === 0x7d) level--;
  }
  return deepest;
}

function lastVisible(piece: string): number {
  return piece.trimEnd().length;
}

/** A member as an object, or an empty one. */
export function object(value: Json | undefined): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : emptyObject();
}

/** A member as an array, or an empty one. */
export function array(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

/** A member as text: numbers and truth values are written out, and what should have been text but is a list or an object is kept as JSON. */
export function text(value: Json | undefined): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (value === null || value === undefined || Object.keys(value).length === 0) return "";
  return JSON.stringify(value);
}
