// Archives: read as Python wrote them, and refused when damaged, too large, or made to explode.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { strToU8, zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { archive_files_max } from "./limits.ts";
import { Pace } from "./pace.ts";
import { listFiles, ZipArchive } from "./zip.ts";

type Bytes = Uint8Array<ArrayBuffer>;
const MIB = 1024 * 1024;
const pace = new Pace();
const open = (bytes: Bytes, limitBytes = MIB): Promise<ZipArchive> => ZipArchive.open(bytes, pace, () => limitBytes);
const zip = (files: Parameters<typeof zipSync>[0]): Bytes => new Uint8Array(zipSync(files));
const python = (name: string): Bytes => new Uint8Array(readFileSync(join(import.meta.dirname, "fixtures", name)));
const letters = strToU8("hello ".repeat(1000));
const sample = (): Bytes => zip({ "a.txt": letters, "stored.bin": [new Uint8Array([1, 2, 3]), { level: 0 }], "dir/b": strToU8("x") });

describe("reads what Python writes", () => {
  for (const name of ["python-plain.zip", "python-zip64.zip", "python-piped.zip"]) {
    test(name, async () => {
      const archive = await open(python(name));
      expect(archive.names()).toEqual(["data.json", "attachments/1/noise.bin", "attachments/1/inner.zip", "empty", "attachments/2/é.txt"]);
      expect(new TextDecoder().decode(archive.file("data.json"))).toBe("Line of text, and so on. ".repeat(4000));
      expect(archive.size("attachments/1/noise.bin")).toBe(3000);
      expect(archive.file("empty")).toHaveLength(0);
      expect(new TextDecoder().decode(archive.file("attachments/2/é.txt"))).toBe("ü");
      // An archive in the archive: its own headers stand among the packed bytes.
      const inner = await open(archive.file("attachments/1/inner.zip"));
      expect(inner.names()).toEqual(["data.json", "word/noise.bin"]);
      expect(inner.file("word/noise.bin")).toEqual(archive.file("attachments/1/noise.bin"));
      expect(() => archive.file("none")).toThrow("missing");
    });
  }
});

test("reads packed and stored files", async () => {
  const archive = await open(sample());
  expect([archive.file("a.txt"), archive.file("stored.bin"), archive.file("dir/b")]).toEqual([new Uint8Array(letters), new Uint8Array([1, 2, 3]), new Uint8Array(strToU8("x"))]);
});

test("the page gets its turn while a large file is unpacked", async () => {
  let turns = 0;
  let now = 0;
  const counting = new Pace({}, { now: () => ++now, turn: async () => void turns++ });
  const noise = new Uint8Array(MIB).map((_, i) => (Math.imul(i, i + 12345) >>> 7) & 255);
  const archive = await ZipArchive.open(zip({ "a.bin": [noise, { level: 0 }] }), counting, () => MIB);
  expect(Buffer.compare(archive.file("a.bin"), noise)).toBe(0);
  expect(turns).toBeGreaterThan(5);
});

describe("refuses", () => {
  /** Changes bytes of the list entry of the first file. */
  const changed = (edit: (view: DataView, listAt: number) => void, bytes = sample()): Bytes => {
    const view = new DataView(bytes.buffer);
    edit(view, view.getUint32(bytes.length - 22 + 16, true));
    return bytes;
  };
  const read = async (bytes: Bytes, limitBytes?: number): Promise<Bytes> => (await open(bytes, limitBytes)).file("a.txt");

  test("every truncation", async () => {
    const whole = sample();
    for (let length = 4; length < whole.length; length += 7) await expect(read(whole.slice(0, length)), String(length)).rejects.toMatchObject({ code: "bad_zip" });
  });
  test("contents that are damaged", async () => {
    const bytes = sample();
    bytes.fill(0xff, 40, 60);
    await expect(read(bytes)).rejects.toMatchObject({ code: "bad_zip", place: "a.txt" });
  });
  test("contents in which one bit has flipped, packed or stored", async () => {
    const stored = zip({ "a.txt": [letters, { level: 0 }] });
    for (const at of [200, 3000, 5000]) {
      const bytes = stored.slice();
      bytes[at] = (bytes[at] ?? 0) ^ 4;
      await expect(read(bytes)).rejects.toMatchObject({ code: "bad_zip", place: "a.txt" });
    }
    const checksum = changed((view, at) => view.setUint32(at + 16, 0x12345678, true));
    await expect(read(checksum)).rejects.toMatchObject({ code: "bad_zip", place: "a.txt" });
  });
  test("a file that unpacks to more than the list says, as soon as it does", async () => {
    const bomb = changed((view, at) => view.setUint32(at + 24, 100, true), zip({ "a.txt": new Uint8Array(32 * MIB) }));
    let steps = 0;
    const counting = new Pace({}, { now: () => ++steps, turn: async () => undefined });
    await expect(ZipArchive.open(bomb, counting, () => MIB)).rejects.toMatchObject({ code: "bad_zip", message: expect.stringContaining("larger than it says") as string });
    expect(steps).toBeLessThan(3);
  });
  test("a file that unpacks to less than the list says", async () => {
    await expect(read(changed((view, at) => view.setUint32(at + 24, 9000, true)))).rejects.toMatchObject({ code: "bad_zip" });
  });
  test("a file above the caller's limit, without unpacking it", async () => {
    await expect(read(sample(), 5999)).rejects.toMatchObject({ code: "too_large" });
    await expect(read(changed((view, at) => view.setUint32(at + 24, 0xfffffff0, true)))).rejects.toMatchObject({ code: "too_large" });
  });
  test("files that are too large together, before anything is unpacked", async () => {
    const two = changed((view, at) => {
      view.setUint32(at + 24, 700 * MIB, true);
      view.setUint32(at + 46 + 5 + 24, 700 * MIB, true);
    }, zip({ "a.txt": letters, "b.txt": letters }));
    await expect(open(two, 1024 * MIB)).rejects.toMatchObject({ code: "too_large" });
  });
  test("too many files", () => {
    const many = zip(Object.fromEntries(Array.from({ length: archive_files_max + 1 }, (_, i) => [`f${i}`, [new Uint8Array(0), { level: 0 }]])));
    expect(() => listFiles(many)).toThrow("more than");
  });
  test("unknown packing, a list that is longer than it can be, two files of one name", () => {
    expect(() => listFiles(changed((view, at) => view.setUint16(at + 10, 12, true)))).toThrow("packed in a way");
    const long = sample();
    new DataView(long.buffer).setUint16(long.length - 22 + 8, 0xffff, true);
    expect(() => listFiles(long)).toThrow("damaged");
    const twice = zip({ "a.txt": strToU8("1"), "b.txt": strToU8("2") });
    const at = new DataView(twice.buffer).getUint32(twice.length - 22 + 16, true);
    twice[at + 46 + 5 + 46] = "a".charCodeAt(0);
    expect(() => listFiles(twice)).toThrow("two files of one name");
  });
});
