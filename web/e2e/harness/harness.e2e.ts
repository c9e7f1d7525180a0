// The harness finds what it is made to find: otherwise a search that finds nothing would mean nothing.
import { describe, expect, it } from "vitest";
import { dump } from "./memory.ts";
import { find, type Needle, text } from "./needles.ts";

const needle: Needle = { name: "key", bytes: Uint8Array.from({ length: 32 }, (_, index) => (index * 37 + 11) & 255) };
const secret = Buffer.from(needle.bytes);

describe("needles", () => {
  it.each([
    ["plain", secret],
    ["hexadecimal", Buffer.from(secret.toString("hex"))],
    ["base64url in JSON", Buffer.from(`{"a":"${secret.toString("base64url")}"}`)],
    ["base64 of a longer record", Buffer.from(Buffer.concat([Buffer.from("ab"), secret, Buffer.from("c")]).toString("base64"))],
    ["base64 at another offset", Buffer.from(Buffer.concat([Buffer.from("abcd"), secret, Buffer.from("c")]).toString("base64"))],
    ["UTF-16", Buffer.from(secret.toString("latin1"), "utf16le")],
  ])("are found: %s", (_, haystack) => {
    expect(find(Buffer.concat([Buffer.from("xx"), haystack, Buffer.from("yy")]), [needle])).not.toEqual([]);
  });

  it("are not found where they are not", () => {
    expect(find(Buffer.alloc(4096, 7), [needle, text("word", "correct horse")])).toEqual([]);
  });

  it("are refused when they are too short to mean anything", () => {
    expect(() => find(Buffer.alloc(8), [text("pin", "1234")])).toThrow();
  });
});

describe("memory", () => {
  it("is read from a running process", () => {
    const planted = text("planted", `planted-${process.pid}-in-this-process`);
    const kept = Buffer.from(planted.bytes);
    let seen = false;
    const { bytes } = dump(process.pid, (memory) => void (seen ||= memory.includes(kept)));
    expect(seen).toBe(true);
    expect(bytes).toBeGreaterThan(1_000_000);
  });
});
