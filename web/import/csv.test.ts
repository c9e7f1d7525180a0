// The CSV reader: agrees with another reader on well-formed tables, names the line of a fault, reads every encoding.

import Papa from "papaparse";
import { describe, expect, test } from "vitest";
import { parseCsv } from "./csv.ts";
import { ImportError } from "./error.ts";
import { Pace } from "./pace.ts";
import { decodeText } from "./text.ts";

const read = (text: string) => parseCsv(text, new Pace());

test("agrees with another reader on made-up tables, whatever the separator and line end", async () => {
  const alphabet = ["a", "é", "𝄞", "\"", "\"\"", ",", ";", "\t", "\n", "\r\n", "\r", " ", "'", "=", "0", ""];
  let state = 4711;
  const random = (below: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >>> 8) % below;
  };
  for (let round = 0; round < 300; round++) {
    const width = 2 + random(4);
    const delimiter = [",", ";", "\t"][random(3)] ?? ",";
    const newline = (["\n", "\r\n"] as const)[random(2)] ?? "\n";
    const data = Array.from({ length: 1 + random(6) }, () => Array.from({ length: width }, () => Array.from({ length: random(6) }, () => alphabet[random(alphabet.length)]).join("")));
    const header = Array.from({ length: width }, (_, i) => `Column${i}`);
    const text = Papa.unparse([header, ...data], { delimiter, newline, quotes: random(2) === 0 });
    const expected = Papa.parse<string[]>(text, { delimiter, newline }).data.slice(1).filter((cells) => cells.some((cell) => cell.trim() !== ""));
    expect((await read(text)).rows.map((row) => row.cells), JSON.stringify(text)).toEqual(expected);
  }
});

test("rows know their line, across line breaks inside quotes and blank lines", async () => {
  const { rows } = await read("a,b\r\n1,\"x\ny\r\nz\"\r\n\r\n2,3\r4,5\n6,7");
  expect(rows.map(({ line, cells }) => [line, ...cells])).toEqual([[2, "1", "x\ny\r\nz"], [6, "2", "3"], [7, "4", "5"], [8, "6", "7"]]);
});

test("a quotation mark inside an unquoted value stays", async () => {
  expect((await read("a,b\n5\" disk,it's \"so\"")).rows[0]?.cells).toEqual(["5\" disk", "it's \"so\""]);
});

test("the separator named in the first line is used, and counts as a line", async () => {
  expect(await read("sep=;\r\na;b\r\n1,5;2")).toEqual({ header: ["a", "b"], rows: [{ cells: ["1,5", "2"], line: 3 }] });
});

describe("refuses", () => {
  const cases: [name: string, text: string, code: string, place: string | undefined][] = [
    ["a quotation mark that never closes", "a,b\n1,2\n3,\"open\nand on", "bad_csv", "line 3"],
    ["text after a closing quotation mark", "a,b\n1,2\n\"x\ny\"z,2", "bad_csv", "line 4"],
    ["backslash escapes", "a,b\n\"say \\\"hi\\\"\",2", "bad_csv", "line 2"],
    ["too many columns", `a,b\n${",".repeat(1_000)}`, "bad_csv", "line 2"],
    ["nothing but blank lines", "\n \n", "empty", undefined],
  ];
  for (const [name, text, code, place] of cases) {
    test(name, async () => {
      const error = await read(text).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(ImportError);
      expect(error).toMatchObject({ code, place });
    });
  }
});

describe("encodings", () => {
  const text = "name,url\nBüro ☂,https://example.test\n";
  const utf16 = (bigEndian: boolean, mark: boolean): Uint8Array => {
    const units = [...(mark ? "\ufeff" : ""), ...text].flatMap((character) => [...character].map((c) => c.charCodeAt(0)));
    return Uint8Array.from(units.flatMap((unit) => (bigEndian ? [unit >> 8, unit & 255] : [unit & 255, unit >> 8])));
  };
  const cases: [name: string, bytes: Uint8Array, encoding: string][] = [
    ["UTF-8", new TextEncoder().encode(text), "utf-8"],
    ["UTF-8 with a mark", new TextEncoder().encode(`\ufeff${text}`), "utf-8"],
    ["UTF-16 little-endian with a mark", utf16(false, true), "utf-16le"],
    ["UTF-16 big-endian with a mark", utf16(true, true), "utf-16be"],
    ["UTF-16 little-endian without a mark", utf16(false, false), "utf-16le"],
    ["UTF-16 big-endian without a mark", utf16(true, false), "utf-16be"],
  ];
  for (const [name, bytes, encoding] of cases) {
    test(name, async () => {
      const decoded = await decodeText(bytes, new Pace(), false);
      expect(decoded.encoding).toBe(encoding);
      expect((await read(decoded.text)).rows[0]?.cells).toEqual(["Büro ☂", "https://example.test"]);
    });
  }
  test("Windows-1252 for tables only, and binary never", async () => {
    const western = Uint8Array.from([..."name,url\nB"].map((c) => c.charCodeAt(0)).concat([0xfc, 0x80]));
    expect(await decodeText(western, new Pace(), true)).toEqual({ text: "name,url\nBü€", encoding: "windows-1252" });
    await expect(decodeText(western, new Pace(), false)).rejects.toMatchObject({ code: "not_text" });
    await expect(decodeText(Uint8Array.from([1, 0, 255, 254, 0, 0, 200]), new Pace(), true)).rejects.toMatchObject({ code: "not_text" });
  });
});
