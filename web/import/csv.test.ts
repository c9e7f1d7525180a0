// The CSV reader: agrees with Python's on well-formed tables, names the line of a fault, reads every encoding.

import { describe, expect, test } from "vitest";
import { parseCsv } from "./csv.ts";
import { ImportError } from "./error.ts";
import { fixtureText } from "./fixtures/load.ts";
import { Pace } from "./pace.ts";
import { decodeText } from "./text.ts";

const read = (text: string) => parseCsv(text, new Pace());

describe("agrees with Python's csv on made-up tables, whatever the separator and line end", () => {
  const tables = JSON.parse(fixtureText("tables.json")) as { text: string; rows: string[][] }[];
  const filled = (rows: string[][]): string[][] => rows.filter((cells) => cells.some((cell) => cell.trim() !== ""));
  test("as they are", async () => {
    expect(tables).toHaveLength(200);
    for (const { text, rows } of tables) expect((await read(text)).rows.map((row) => row.cells), JSON.stringify(text)).toEqual(filled(rows));
  });
  test("when rows do not fit into the piece that is read at once", async () => {
    for (const { text, rows } of tables.slice(0, 40)) {
      const [header = "", newline = ""] = /^(.*?)(\r\n|\r|\n)/s.exec(text)?.slice(1) ?? [];
      const [, delimiter = ""] = /Column0"?(.)/.exec(header) ?? [];
      for (const pad of [65_500 - header.length, 65_510, 200_000]) {
        const padded = `${header}${newline}"${"x\n".repeat(pad / 2)}"${delimiter}y${newline}${text.slice(header.length + newline.length)}`;
        const found = (await read(padded)).rows;
        expect(found[0]?.cells, JSON.stringify(text)).toEqual(["x\n".repeat(pad / 2), "y"]);
        expect(found.slice(1).map((row) => row.cells), JSON.stringify(text)).toEqual(filled(rows));
      }
    }
  });
});

test("rows know their line, across line breaks inside quotes and blank lines", async () => {
  const expected = [[2, "1", "x\ny\r\nz"], [6, "2", "3"], [7, "4", "5"], [8, "6", "7"]];
  const mixed = (await read("a,b\r\n1,\"x\ny\r\nz\"\r\n\r\n2,3\n4,\"5\" \r\n6,7")).rows;
  expect(mixed.map(({ line, cells }) => [line, ...cells])).toEqual(expected);
  const old = (await read("a,b\r1,\"x\ny\r\nz\"\r\r2,3\r4,5\r6,7")).rows;
  expect(old.map(({ line, cells }) => [line, ...cells])).toEqual(expected);
  const long = (await read(["a,b", ...Array.from({ length: 30_000 }, (_, i) => `${i},"x\ny"`)].join("\n"))).rows;
  expect(long.every(({ line, cells }, i) => line === 2 + 2 * i && cells[0] === String(i))).toBe(true);
});

test("a byte-order mark is taken off the file only", async () => {
  expect(await read("\ufeffa,b\n\ufeff1,\ufeff2")).toEqual({ header: ["a", "b"], rows: [{ cells: ["\ufeff1", "\ufeff2"], line: 2 }] });
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
    ["text after a closing quotation mark", "a,b\n1,2\n\"x\ny\"z,2", "bad_csv", "line 3"],
    ["a quotation mark that opens in the middle of a long file", `a,b\n${"1,2\n".repeat(50_000)}3,"open\n${"1,2\n".repeat(50_000)}`, "bad_csv", "line 50002"],
    ["backslash escapes", "a,b\n\"say \\\"hi\\\"\",2", "bad_csv", "line 2"],
    ["too many columns", `a,b\n${",".repeat(1_000)}`, "bad_csv", "line 2"],
    ["a long row of nothing but separators", `a,b\n${",".repeat(1_000_000)}`, "bad_csv", "line 2"],
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
