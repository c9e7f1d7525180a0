// Archives: read like they were written, and refused when damaged, too large, or made to explode.

import { strToU8, zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { Pace } from "./pace.ts";
import { ZipArchive } from "./zip.ts";

const pace = new Pace();
const zip = (files: Parameters<typeof zipSync>[0]): Uint8Array<ArrayBuffer> => new Uint8Array(zipSync(files));
const files = { "a.txt": strToU8("hello ".repeat(1000)), "stored.bin": [new Uint8Array([1, 2, 3]), { level: 0 }], "dir/b": strToU8("x") } as const;
const sample = (): Uint8Array<ArrayBuffer> => zip({ "a.txt": files["a.txt"], "stored.bin": [files["stored.bin"][0], { level: 0 }], "dir/b": files["dir/b"] });

test("reads packed and stored files", async () => {
  const archive = new ZipArchive(sample());
  expect(archive.names()).toEqual(["a.txt", "stored.bin", "dir/b"]);
  expect(archive.size("a.txt")).toBe(6000);
  expect(await archive.read("a.txt", pace)).toEqual(new Uint8Array(files["a.txt"]));
  expect(await archive.read("stored.bin", pace)).toEqual(files["stored.bin"][0]);
  await expect(archive.read("none", pace)).rejects.toMatchObject({ code: "bad_zip", place: "none" });
});

test("reads an archive with a comment, and text in front of it", async () => {
  const comment = Uint8Array.from([...sample(), ...strToU8("a comment")]);
  new DataView(comment.buffer).setUint16(comment.length - 9 - 2, 9, true);
  expect(new ZipArchive(comment).names()).toHaveLength(3);
});

describe("refuses", () => {
  /** Changes bytes of the list entry of the first file. */
  const changed = (edit: (view: DataView, listAt: number) => void): Uint8Array<ArrayBuffer> => {
    const bytes = sample();
    const view = new DataView(bytes.buffer);
    edit(view, view.getUint32(bytes.length - 22 + 16, true));
    return bytes;
  };
  test("every truncation", async () => {
    const whole = sample();
    for (let length = 4; length < whole.length; length += 7) {
      const open = async (): Promise<unknown> => new ZipArchive(whole.slice(0, length)).read("a.txt", pace);
      await expect(open(), String(length)).rejects.toMatchObject({ code: "bad_zip" });
    }
  });
  test("a changed byte of the contents", async () => {
    const bytes = sample();
    bytes[45] = (bytes[45] ?? 0) ^ 1;
    await expect(new ZipArchive(bytes).read("a.txt", pace)).rejects.toMatchObject({ code: "bad_zip" });
  });
  test("a file that unpacks to more than the list says", async () => {
    const bytes = changed((view, at) => view.setUint32(at + 24, 100, true));
    await expect(new ZipArchive(bytes).read("a.txt", pace)).rejects.toMatchObject({ code: "bad_zip", message: expect.stringContaining("larger than it says") as string });
  });
  test("a file that unpacks to less than the list says", async () => {
    const bytes = changed((view, at) => view.setUint32(at + 24, 9000, true));
    await expect(new ZipArchive(bytes).read("a.txt", pace)).rejects.toMatchObject({ code: "bad_zip" });
  });
  test("a file above the caller's limit, before anything is unpacked", async () => {
    await expect(new ZipArchive(sample()).read("a.txt", pace, 5999)).rejects.toMatchObject({ code: "too_large" });
    const bomb = changed((view, at) => view.setUint32(at + 24, 0xffffffff, true));
    await expect(new ZipArchive(bomb).read("a.txt", pace)).rejects.toMatchObject({ code: "too_large" });
  });
  test("encryption, unknown packing, ZIP64, two files of one name", () => {
    expect(() => new ZipArchive(changed((view, at) => view.setUint16(at + 8, 1, true)))).toThrow("encrypted");
    expect(() => new ZipArchive(changed((view, at) => view.setUint16(at + 10, 12, true)))).toThrow("packed in a way");
    const zip64 = sample();
    new DataView(zip64.buffer).setUint16(zip64.length - 22 + 10, 0xffff, true);
    expect(() => new ZipArchive(zip64)).toThrow("ZIP64");
    const twice = zip({ "a.txt": strToU8("1"), "b.txt": strToU8("2") });
    const at = new DataView(twice.buffer).getUint32(twice.length - 22 + 16, true);
    twice[at + 46 + 5 + 46] = "a".charCodeAt(0);
    expect(() => new ZipArchive(twice)).toThrow("two files of one name");
  });
});
