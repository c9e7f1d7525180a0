// Generators: nothing out of range, nothing likelier than the rest, and an entropy that can be counted by hand.

import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { generatePassphrase, generatePassword, PASSPHRASE_DEFAULTS, PASSWORD_DEFAULTS, passphraseBits, passwordBits } from "./index.ts";
import { passphraseWords } from "./passphrase.ts";
import { passwordClasses } from "./password.ts";
import { randomBelow, type RandomBytes } from "./random.ts";

/** Hands out 32-bit numbers in order, then fails. */
function scripted(values: number[]): RandomBytes {
  const rest = [...values];
  return (bytes) => {
    const value = rest.shift();
    if (value === undefined) throw new Error("script is at its end");
    new DataView(bytes.buffer).setUint32(0, value);
    return bytes;
  };
}

/** All numbers below 2^32 that a small generator gives, from a fixed start. */
function seeded(seed: number): RandomBytes {
  let state = seed >>> 0;
  return (bytes) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const mixed = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) >>> 0;
    new DataView(bytes.buffer).setUint32(0, (mixed ^ (mixed >>> 12)) >>> 0);
    return bytes;
  };
}

describe("randomBelow", () => {
  test("draws again what lies in the incomplete last stretch", () => {
    // 2^32 mod 7776 = 5824: the last 5824 numbers would favour small results.
    const limit = 2 ** 32 - (2 ** 32 % 7776);
    expect(randomBelow(7776, scripted([limit, 2 ** 32 - 1, limit - 1]))).toBe(7775);
    expect(randomBelow(7776, scripted([limit + 5, 7777]))).toBe(1);
  });
  test("takes everything for a power of two", () => {
    expect(randomBelow(2 ** 32, scripted([2 ** 32 - 1]))).toBe(2 ** 32 - 1);
    expect(randomBelow(1, scripted([2 ** 32 - 1]))).toBe(0);
  });
  test("refuses ranges it cannot serve", () => {
    for (const below of [0, -1, 1.5, 2 ** 32 + 1, Number.NaN]) expect(() => randomBelow(below)).toThrow(RangeError);
  });
  test("is even over a small range", () => {
    const random = seeded(7);
    const counts = new Array<number>(10).fill(0);
    for (let i = 0; i < 20_000; i++) counts[randomBelow(10, random)]! += 1;
    const chiSquared = counts.reduce((sum, n) => sum + (n - 2000) ** 2 / 2000, 0);
    // 9 degrees of freedom: 33.7 is passed once in ten thousand.
    expect(chiSquared).toBeLessThan(33.7);
  });
});

describe("passwords", () => {
  test("have the length, and every class that is on", () => {
    for (let i = 0; i < 200; i++) {
      const { value } = generatePassword({ ...PASSWORD_DEFAULTS, length: 4 });
      expect(value).toHaveLength(4);
      for (const shape of [/[a-z]/, /[A-Z]/, /[0-9]/, /[^a-zA-Z0-9]/]) expect(value).toMatch(shape);
    }
  });
  test("leave out what looks alike", () => {
    for (let i = 0; i < 50; i++) expect(generatePassword({ ...PASSWORD_DEFAULTS, length: 100, excludeAmbiguous: true }).value).not.toMatch(/[Il1|O0oB8S5Z2"'`]/);
  });
  test("use the symbols they are given, without repeats that would favour one", () => {
    expect(passwordClasses({ ...PASSWORD_DEFAULTS, lower: false, upper: false, symbolSet: "__--9 " })).toEqual(["0123456789", "_-"]);
  });
  test("are drawn again as a whole when a class is missing", () => {
    const options = { length: 4, lower: true, upper: false, digits: true, symbols: false, excludeAmbiguous: false };
    // Four letters first; then a, b, c and the digit 0 (36 characters, digits after letters).
    expect(generatePassword(options, scripted([0, 0, 0, 0, 0, 1, 2, 26])).value).toBe("abc0");
  });
  test("refuse options that cannot be met", () => {
    const none = { ...PASSWORD_DEFAULTS, lower: false, upper: false, digits: false, symbols: false };
    expect(() => generatePassword(none)).toThrow(RangeError);
    expect(() => generatePassword({ ...PASSWORD_DEFAULTS, symbolSet: "" })).toThrow(RangeError);
    for (const length of [3, 257, 10.5]) expect(() => generatePassword({ ...PASSWORD_DEFAULTS, length })).toThrow(RangeError);
  });
  test("entropy is the logarithm of the count, counted one by one for a small case", () => {
    const options = { length: 4, lower: false, upper: false, digits: true, symbols: true, excludeAmbiguous: false, symbolSet: "+-" };
    const pool = "0123456789+-";
    let count = 0;
    for (let n = 0; n < pool.length ** 4; n++) {
      const text = [0, 1, 2, 3].map((i) => pool[Math.floor(n / pool.length ** i) % pool.length]).join("");
      if (/[0-9]/.test(text) && /[+-]/.test(text)) count++;
    }
    expect(passwordBits(options)).toBeCloseTo(Math.log2(count), 9);
  });
  test("entropy of one class is length times its size", () => {
    expect(passwordBits({ length: 16, lower: true, upper: false, digits: false, symbols: false, excludeAmbiguous: false })).toBeCloseTo(16 * Math.log2(26), 9);
  });
});

describe("passphrases", () => {
  test("the list is the EFF's: 7,776 different words of three letters or more", async () => {
    const words = await passphraseWords();
    expect(new Set(words).size).toBe(7776);
    expect(words.every((word) => /^[a-z-]{3,9}$/.test(word))).toBe(true);
    expect(createHash("sha256").update(words.join(" ")).digest("hex")).toBe("c523ba7b5e0d3f77cc6cf0d83bed3f250143c0c90c255d6a646dd992f8453675");
  });
  test("have their words, separator, capitals and one digit", async () => {
    const { value, bits } = await generatePassphrase({ words: 5, separator: " ", capitalize: true, number: true });
    const words = value.split(" ");
    expect(words).toHaveLength(5);
    expect(words.every((word) => /^[A-Z]/.test(word))).toBe(true);
    expect(value.match(/\d/g)).toHaveLength(1);
    expect(bits).toBeCloseTo(5 * Math.log2(7776) + Math.log2(50), 9);
  });
  test("come from the dice one by one", async () => {
    const words = await passphraseWords();
    const { value } = await generatePassphrase({ ...PASSPHRASE_DEFAULTS, words: 3 }, scripted([0, 7775, 7776]));
    expect(value).toBe([words[0], words[7775], words[0]].join("-"));
  });
  test("refuse options out of range", async () => {
    for (const words of [2, 25, 4.5]) expect(() => passphraseBits({ ...PASSPHRASE_DEFAULTS, words })).toThrow(RangeError);
    await expect(generatePassphrase({ ...PASSPHRASE_DEFAULTS, separator: "123456789" })).rejects.toThrow(RangeError);
  });
});
