// The sealed format against the vector of docs/FORMAT.md, and against itself with one thing wrong at a time.
import { describe, expect, it } from "vitest";
import { concat, fromHex, toHex, u32be, utf8 } from "./bytes.ts";
import { decode, encode, numbered } from "./cbor.ts";
import { formatCode, makeCode, parseCode } from "./code.ts";
import { derive } from "./derive.ts";
import { makeX25519, openWrap, unwrapKey, wrapInfo, wrapTo } from "./hpke.ts";
import { idBytes } from "./ids.ts";
import { Frontier, isPower, leafHash, proveConsistency, rootOf, verifyConsistency } from "./merkle.ts";
import { contextHash, Kind, open, paddedLength, RecordKey, seal } from "./record.ts";
import { Refused } from "./refused.ts";
import { checkPublicKey, derivePublic, PublicKey, SigningKey } from "./sign.ts";
import { formatEnrol, formatToken, parseEnrol, parseToken } from "./token.ts";

const range = (from: number, count: number) => Uint8Array.from({ length: count }, (_, i) => from + i);
const layerOf = async (work: () => unknown) => {
  try {
    await work();
  } catch (error) {
    if (error instanceof Refused) return error.layer;
    throw error;
  }
  return "accepted";
};

describe("the vector of the format page", async () => {
  const vault = range(0xa0, 16);
  const vmk = range(0, 32);
  const k3 = await derive(vmk, "tier/3", vault, 1);
  const ek3 = await derive(k3, "entry/3", vault, 1, range(0xb0, 16));
  const key = new RecordKey(Kind.tier3, 1, ek3);
  const at = { vault, entry: range(0xb0, 16), field: range(0xc0, 16), version: 7 };
  const record = concat(
    fromHex("c101030000000001") ?? utf8(""),
    new Uint8Array(32).fill(0x5a),
    fromHex("4c7f970f1694136f48575ae3527d6c7e6323dec010b1edc0a5bf7f54204f8587") ?? utf8(""),
    fromHex("2d083aa4168f30efc8cbeb4612a6698c4429c08f7a089472c504b65b1d7bf385464a894a840b42e74cea5d67d382e219") ?? utf8(""),
  );

  it("derives the same keys", async () => {
    expect(toHex(await derive(vmk, "tier/1", vault, 1))).toBe("ea96e5ecb014e8890a4acf5b161f5f217944899e4610bdf8a50270c0955fa01a");
    expect(toHex(await derive(vmk, "tier/2", vault, 1))).toBe("5175dd9ae159d017b83e8836ab5dc0c40bc2f997acadaf3e998bf7ce812e70ea");
    expect(toHex(k3)).toBe("f3903596254d4f44723c79fe875caf3bfc785a128768b49aaabf8fece3c920a5");
    expect(toHex(ek3)).toBe("190a594a3d81f408c9520f987a5a66aa10bd29aa1f8bfeaa775dd05f28346113");
    expect(toHex(contextHash(key, at))).toBe("a7c0a66ca52a20f89938d2c64ba988001a2dbda28f9dfdd35eac7d57d397138a");
  });

  it("seals the same bytes, and opens them", async () => {
    expect(toHex(await seal(key, at, utf8("4111111111111111"), new Uint8Array(32).fill(0x5a)))).toBe(toHex(record));
    expect(toHex(await open(key, at, record))).toBe(toHex(utf8("4111111111111111")));
  });

  it("refuses it with any one thing changed", async () => {
    const flip = (index: number) => record.map((byte, i) => (i === index ? byte ^ 1 : byte));
    const expected: [number, string][] = [[0, "envelope"], [1, "envelope"], [2, "envelope"], [3, "envelope"], [7, "envelope"], [8, "commitment"], [40, "commitment"], [72, "aead"], [119, "aead"]];
    for (const [index, layer] of expected) expect(await layerOf(() => open(key, at, flip(index))), `byte ${index}`).toBe(layer);
    for (const other of [{ ...at, version: 8 }, { ...at, field: at.entry }, { ...at, entry: at.field }, { ...at, vault: at.entry }]) {
      expect(await layerOf(() => open(key, other, record))).toBe("commitment");
    }
    expect(await layerOf(() => open(key, at, record.slice(0, -1)))).toBe("envelope");
    expect(await layerOf(() => open(key, at, concat(record, u32be(0))))).toBe("aead");
  });

  it("gives one sentence for every refusal", async () => {
    for (const index of [0, 2, 40, 100]) {
      const bad = record.map((byte, i) => (i === index ? byte ^ 1 : byte));
      await expect(open(key, at, bad)).rejects.toThrow(/^could not be opened$/);
    }
  });

  it("opens with a parent that cannot be taken out as with bytes", async () => {
    const kept = await crypto.subtle.importKey("raw", ek3, "HKDF", false, ["deriveBits"]);
    expect(toHex(await open(new RecordKey(Kind.tier3, 1, kept), at, record))).toBe(toHex(utf8("4111111111111111")));
  });
});

describe("padding", () => {
  it("has buckets up to 1024 and Padmé above", () => {
    expect([0, 28, 29, 1020].map((n) => paddedLength(n + 4))).toEqual([32, 32, 64, 1024]);
    // E = 10, S = 4: multiples of 64.
    expect([1025, 1088, 1089, 65_537].map(paddedLength)).toEqual([1088, 1088, 1152, 67_584]);
  });
});

describe("deterministic CBOR", () => {
  it("round-trips", () => {
    const value = numbered(1, 23, 24, 255, 256, 65_536, 2 ** 32, Number.MAX_SAFE_INTEGER, "ü", utf8("b"), true, [false, []]);
    expect(decode(encode(value))).toEqual(value);
  });
  it("lets nothing through that does not encode back to the same bytes", () => {
    let [accepted, seed] = [0, 1];
    const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
    const first = [0x00, 0x17, 0x18, 0x19, 0x1a, 0x40, 0x41, 0x58, 0x60, 0x61, 0x78, 0x80, 0x81, 0x82, 0x98, 0xa0, 0xa1, 0xa2, 0xb8, 0xf4, 0xf5];
    for (let i = 0; i < 60_000; i++) {
      const bytes = Uint8Array.from({ length: 1 + random(7) }, () => (random(3) === 0 ? random(256) : (first[random(first.length)] ?? 0)));
      try {
        const value = decode(bytes);
        accepted++;
        expect(toHex(encode(value))).toBe(toHex(bytes));
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
      }
    }
    expect(accepted).toBeGreaterThan(1000);
  });
  it.each([
    ["long integer", "1801"], ["key order", "a2010000 00"], ["repeated key", "a200000001"], ["indefinite array", "9f00ff"], ["negative", "20"],
    ["float", "f90000"], ["null", "f6"], ["tag", "c000"], ["more behind", "0000"], ["ends early", "42 00"], ["bad UTF-8", "61ff"], ["text key", "a1616100"],
  ])("refuses %s", async (_, hex) => {
    expect(await layerOf(() => decode(fromHex(hex.replaceAll(" ", "")) ?? utf8("")))).toBe("cbor");
  });
});

describe("Ed25519", () => {
  it("refuses small-order and non-canonical keys", async () => {
    const bad = [
      "0100000000000000000000000000000000000000000000000000000000000000", "0000000000000000000000000000000000000000000000000000000000000080",
      "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ];
    for (const hex of bad) expect(await layerOf(() => checkPublicKey(fromHex(hex) ?? utf8("")))).toBe("key");
  });

  it("binds a signature to its use, its vault and its key", async () => {
    const seed = range(1, 32);
    const key = await SigningKey.fromSeed(seed, await derivePublic(seed));
    const vault = range(0, 16);
    const signature = await key.signature("manifest", vault, utf8("body"));
    await key.publicKey.verify("manifest", vault, utf8("body"), signature);
    expect(await layerOf(() => key.publicKey.verify("header", vault, utf8("body"), signature))).toBe("signature");
    expect(await layerOf(() => key.publicKey.verify("manifest", range(1, 16), utf8("body"), signature))).toBe("signature");
    const other = new PublicKey(await derivePublic(range(2, 32)));
    expect(await layerOf(() => other.verify("manifest", vault, utf8("body"), signature))).toBe("signature");
  });

  it("refuses S + L", async () => {
    const seed = range(1, 32);
    const key = await SigningKey.fromSeed(seed, await derivePublic(seed));
    const signature = await key.raw(utf8("m"));
    const order = (1n << 252n) + 27742317777372353535851937790883648493n;
    let s = BigInt(`0x${toHex(signature.slice(32).reverse())}`) + order;
    const high = signature.slice();
    for (let i = 32; i < 64; i++, s >>= 8n) high[i] = Number(s & 255n);
    expect(await key.publicKey.verifyRaw(utf8("m"), signature)).toBe(true);
    expect(await key.publicKey.verifyRaw(utf8("m"), high)).toBe(false);
  });

  it("refuses a private key that is not the expected public key's", async () => {
    const expected = await derivePublic(range(2, 32));
    expect(await layerOf(() => SigningKey.fromSeed(range(1, 32), expected))).toBe("key");
  });
});

describe("wraps", () => {
  it("open with their key and info only", async () => {
    const pair = await makeX25519();
    const info = wrapInfo("vmk", range(0, 16), range(0, 32));
    const wrap = await wrapTo(pair.publicKey, info, range(0, 36));
    const key = await unwrapKey(pair.privateKey.slice());
    expect(toHex(key.publicKey)).toBe(toHex(pair.publicKey));
    expect(toHex(await openWrap(key, info, wrap))).toBe(toHex(range(0, 36)));
    expect(await layerOf(() => openWrap(key, wrapInfo("scope", range(0, 16), range(0, 32)), wrap))).toBe("hpke");
    expect(await layerOf(() => wrapTo(new Uint8Array(32), info, range(0, 36)))).toBe("key");
  });
});

describe("codes and tokens", () => {
  it("read back as a person types them", () => {
    const code = makeCode();
    const text = formatCode(code);
    expect(text).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){8}[0-9A-HJKMNP-TV-Z]{2}$/);
    expect(parseCode(text.toLowerCase().replaceAll("-", " ").replaceAll("1", "l").replaceAll("0", "o"))).toEqual(code);
  });
  it("refuse a wrong letter", async () => {
    const text = formatCode(range(7, 20));
    const wrong = (text.startsWith("Z") ? "Y" : "Z") + text.slice(1);
    expect(await layerOf(() => parseCode(wrong))).toBe("code");
    expect(await layerOf(() => parseCode(text.slice(1)))).toBe("code");
  });
  it("carry their parts", async () => {
    const parts = { agent: "ab".repeat(16), secret: range(0, 32) };
    expect(parseToken(formatToken(parts))).toEqual(parts);
    const enrol = { vault: "cd".repeat(16), agent: "ab".repeat(16), secret: range(0, 32), node: "http://localhost:1984" };
    expect(parseEnrol(formatEnrol(enrol))).toEqual(enrol);
    expect(await layerOf(() => parseToken(formatEnrol(enrol)))).toBe("token");
    expect(await layerOf(() => parseToken(`${formatToken(parts).slice(0, -1)}~`))).toBe("token");
  });
});

describe("the log", () => {
  const leaves = Array.from({ length: 21 }, (_, i) => leafHash(u32be(i)));
  it("proves that it only grew, for every pair of sizes", () => {
    for (let size = 1; size <= leaves.length; size++) {
      const all = leaves.slice(0, size);
      for (let from = 1; from <= size; from++) {
        verifyConsistency(from, rootOf(all.slice(0, from)), size, rootOf(all), proveConsistency(all, from));
      }
    }
  });
  it("refuses another past", async () => {
    const forked = leaves.map((leaf, i) => (i === 3 ? leafHash(idBytes("00".repeat(16))) : leaf));
    for (const from of [4, 7, 8, 16, 20]) {
      const proof = proveConsistency(forked, from);
      expect(await layerOf(() => verifyConsistency(from, rootOf(leaves.slice(0, from)), 21, rootOf(forked), proof))).toBe("merkle");
    }
    expect(await layerOf(() => verifyConsistency(8, rootOf(leaves.slice(0, 8)), 7, rootOf(leaves.slice(0, 7)), []))).toBe("merkle");
  });
});

describe("a tree that grows", () => {
  const leaves = Array.from({ length: 70 }, (_, i) => leafHash(u32be(i)));

  it("has the root of its leaves at every size", () => {
    const tree = new Frontier();
    leaves.forEach((leaf, at) => {
      expect(toHex(tree.root())).toBe(toHex(rootOf(leaves.slice(0, at))));
      tree.append(leaf);
    });
  });

  it("is taken up from the proof of any later one", () => {
    for (let size = 1; size < 40; size++) {
      for (const later of [size + 1, 41, 64, 70]) {
        const proof = proveConsistency(leaves.slice(0, later), size);
        if (isPower(size)) {
          expect(() => Frontier.ofProof(size, later, proof)).toThrow(Refused);
          continue;
        }
        const tree = Frontier.ofProof(size, later, proof);
        expect(toHex(tree.root())).toBe(toHex(rootOf(leaves.slice(0, size))));
        for (const leaf of leaves.slice(size, later)) tree.append(leaf);
        expect(toHex(tree.root())).toBe(toHex(rootOf(leaves.slice(0, later))));
      }
    }
  });

  it("refuses a proof of another length", () => {
    const proof = proveConsistency(leaves, 37);
    for (const other of [[], proof.slice(1), [...proof, leaves[0] ?? u32be(0)], [u32be(1), ...proof.slice(1)]]) {
      expect(() => {
        const tree = Frontier.ofProof(37, 70, other);
        for (const leaf of leaves.slice(37)) tree.append(leaf);
        if (toHex(tree.root()) !== toHex(rootOf(leaves))) throw new Refused("merkle", "root");
      }).toThrow(Refused);
    }
  });
});
