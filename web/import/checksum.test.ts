// Checksums: the check value of the catalogue of CRCs, and the lists of archives that other programs wrote.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { crc32, readChecksums } from "./checksum.ts";

test("the check value of CRC-32", () => {
  expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
  expect(crc32(new Uint8Array(0))).toBe(0);
});

test.each(["python-plain.zip", "python-zip64.zip", "python-piped.zip"])("the list of %s", (name) => {
  const bytes = new Uint8Array(readFileSync(join(import.meta.dirname, "fixtures", name)));
  const text = new TextEncoder().encode("Line of text, and so on. ".repeat(4000));
  const checksums = readChecksums(bytes);
  expect(checksums.length).toBe(6);
  expect(checksums[0]).toBe(crc32(text));
});

test("nothing is read of what is no archive", () => {
  for (const bytes of [new Uint8Array(0), new Uint8Array(10), new Uint8Array(100).fill(0x50)]) expect(readChecksums(bytes)).toEqual([]);
});
