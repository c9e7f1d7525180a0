// The JSON reader: agrees with JSON.parse, in pieces, and refuses depth and breakage with a line.

import { describe, expect, test } from "vitest";
import { ImportError } from "./error.ts";
import { parseJson } from "./json.ts";
import { json_depth_max, json_piece_chars_max } from "./limits.ts";
import { Pace } from "./pace.ts";

const read = (text: string) => parseJson(text, new Pace());
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe("agrees with JSON.parse", () => {
  const filler = "x".repeat(json_piece_chars_max / 8);
  const values: [name: string, value: unknown][] = [
    ["small", { a: [1, "two", null, true, { b: "[{\\\"," }] }],
    ["a long array of objects", Array.from({ length: 40 }, (_, i) => ({ i, text: `${filler}"]},{[\\` }))],
    ["large members between small ones", { before: 1, "ke\"y,:{": { deep: { list: [filler, { inner: filler.repeat(9) }, []] } }, empty: {}, after: [[], [[]]] }],
    ["one string larger than a piece", { long: filler.repeat(20) }],
    ["names that objects have", { ["__proto__"]: { polluted: true }, constructor: filler.repeat(20), toString: "s" }],
  ];
  for (const [name, value] of values) {
    for (const indent of [0, 2]) {
      test(`${name}, indent ${indent}`, async () => {
        const text = JSON.stringify(value, null, indent);
        expect(plain(await read(text))).toEqual(JSON.parse(text));
        expect(plain(await read(`\ufeff ${text}\n`))).toEqual(JSON.parse(text));
      });
    }
  }
  test("nothing reaches the prototype", async () => {
    await read(`{"__proto__":{"polluted":true},"pad":"${"y".repeat(json_piece_chars_max)}"}`);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe("refuses", () => {
  const pad = `"${"p".repeat(json_piece_chars_max)}"`;
  const cases: [name: string, text: string, code: string, place?: string][] = [
    ["a small file cut off", "{\"items\": [\n1,\n2", "bad_json"],
    ["a large file cut off in a string", `{"a":${pad},\n"b":"open`, "bad_json", "line 2"],
    ["a large file cut off between members", `{"a":${pad},\n"b":[1,2],`, "bad_json", "line 2"],
    ["a broken item in a large file, with its line", `[${pad},\n{"a":1},\n{"b":tru},\n{"c":1}]`, "bad_json", "line 3"],
    ["brackets of the wrong kind", `[${pad}}`, "bad_json"],
    ["something after the end", `[${pad}]\n[]`, "bad_json", "line 2"],
    ["a name without quotes", `{"a":${pad},b:1}`, "bad_json"],
    ["an empty member", `[${pad},,1]`, "bad_json"],
    ["a comma at the end", `[${pad},]`, "bad_json"],
    ["deep nesting", `${"[".repeat(json_depth_max + 1)}${"]".repeat(json_depth_max + 1)}`, "too_deep"],
    ["very deep nesting", "[".repeat(3_000_000), "too_deep"],
    ["deep nesting behind a large member", `{"a":${pad},"b":${"{\"c\":".repeat(json_depth_max)}1${"}".repeat(json_depth_max)}}`, "too_deep"],
  ];
  for (const [name, text, code, place] of cases) {
    test(name, async () => {
      const error = await read(text).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(ImportError);
      expect(error).toMatchObject(place === undefined ? { code } : { code, place });
    });
  }
  test("nothing that is as deep as allowed", async () => {
    const text = `${"[".repeat(json_depth_max)}${"]".repeat(json_depth_max)}`;
    expect(await read(text)).toEqual(JSON.parse(text));
  });
});
