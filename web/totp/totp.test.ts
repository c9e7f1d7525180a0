// One-time passwords against the vectors of RFC 6238, and every form of writing a secret.

import { describe, expect, test } from "vitest";
import { decodeBase32, encodeBase32 } from "./base32.ts";
import { formatTotp, normalizeTotp, parseTotp, totpCode, TotpError } from "./index.ts";
import type { TotpAlgorithm } from "./index.ts";

const ascii = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(new TextEncoder().encode(text));

describe("RFC 6238 appendix B", () => {
  const seeds: Record<TotpAlgorithm, string> = {
    "SHA-1": "12345678901234567890",
    "SHA-256": "12345678901234567890123456789012",
    "SHA-512": "1234567890123456789012345678901234567890123456789012345678901234",
  };
  const vectors: [seconds: number, sha1: string, sha256: string, sha512: string][] = [
    [59, "94287082", "46119246", "90693936"],
    [1111111109, "07081804", "68084774", "25091201"],
    [1111111111, "14050471", "67062674", "99943326"],
    [1234567890, "89005924", "91819424", "93441116"],
    [2000000000, "69279037", "90698825", "38618901"],
    [20000000000, "65353130", "77737706", "47863826"],
  ];
  for (const [seconds, ...codes] of vectors) {
    for (const [i, algorithm] of (["SHA-1", "SHA-256", "SHA-512"] as const).entries()) {
      test(`${algorithm} at ${seconds}`, async () => {
        const secret = { secret: ascii(seeds[algorithm]), algorithm, digits: 8, period: 30, steam: false, issuer: "", account: "" };
        expect((await totpCode(secret, seconds * 1000)).code).toBe(codes[i]);
      });
    }
  }
});

test("RFC 4226 appendix D through counters, and ten digits keep the leading zero", async () => {
  const secret = { ...parseTotp(encodeBase32(ascii("12345678901234567890"))), period: 1 };
  const codes = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"];
  for (const [counter, code] of codes.entries()) expect((await totpCode(secret, counter * 1000)).code).toBe(code);
  // Decimal of counter 0 in the same appendix: 1284755224.
  expect((await totpCode({ ...secret, digits: 10 }, 0)).code).toBe("1284755224");
  expect((await totpCode({ ...secret, digits: 10 }, 9000)).code).toBe("0645520489");
});

test("seconds left count down from the period to one", async () => {
  const secret = parseTotp("JBSWY3DPEHPK3PXP");
  expect((await totpCode(secret, 60_000)).secondsLeft).toBe(30);
  expect((await totpCode(secret, 89_999)).secondsLeft).toBe(1);
  const first = await totpCode(secret, 60_000);
  expect(await totpCode(secret, 89_000)).toEqual({ ...first, secondsLeft: 1 });
});

test("Steam codes have five characters of its alphabet", async () => {
  const secret = parseTotp("steam://JBSWY3DPEHPK3PXP");
  expect(secret.steam).toBe(true);
  for (let at = 0; at < 50; at++) expect((await totpCode(secret, at * 30_000)).code).toMatch(/^[23456789BCDFGHJKMNPQRTVWXY]{5}$/);
  // The number behind counter 0 of RFC 4226's key is 1284755224; in base 26 with Steam's digits, least significant first.
  const known = { ...secret, secret: ascii("12345678901234567890") };
  expect((await totpCode(known, 0)).code).toBe("GG5F5");
});

describe("forms", () => {
  test("bare base32 in any case, with spaces, hyphens and padding", () => {
    for (const form of ["JBSWY3DPEHPK3PXP", "jbsw y3dp ehpk 3pxp", "JBSW-Y3DP-EHPK-3PXP", "  JBSWY3DPEHPK3PXP=== "]) {
      expect(parseTotp(form)).toMatchObject({ algorithm: "SHA-1", digits: 6, period: 30, steam: false });
      expect(encodeBase32(parseTotp(form).secret)).toBe("JBSWY3DPEHPK3PXP");
    }
  });
  test("otpauth with everything", () => {
    const secret = parseTotp("otpauth://totp/Acme%20Co:ann%40example.test?secret=JBSWY3DPEHPK3PXP&issuer=Acme%20Co&algorithm=SHA512&digits=8&period=60");
    expect(secret).toMatchObject({ issuer: "Acme Co", account: "ann@example.test", algorithm: "SHA-512", digits: 8, period: 60 });
  });
  test("otpauth with little: lower case, no label, plus signs, unknown members", () => {
    expect(parseTotp("OTPAUTH://TOTP/?SECRET=jbswy3dpehpk3pxp&image=x")).toMatchObject({ issuer: "", account: "", digits: 6 });
    expect(parseTotp("otpauth://totp/100%?secret=JBSWY3DPEHPK3PXP").account).toBe("100%");
  });
  test("KeePass key=… and its encoder for Steam", () => {
    expect(parseTotp("key=JBSWY3DPEHPK3PXP&step=45&size=7&otpHashMode=SHA256")).toMatchObject({ period: 45, digits: 7, algorithm: "SHA-256" });
    expect(parseTotp("otpauth://totp/Steam:ann?secret=JBSWY3DPEHPK3PXP&encoder=steam").steam).toBe(true);
    expect(parseTotp("key=JBSWY3DPEHPK3PXP&encoder=steam").steam).toBe(true);
    expect(parseTotp("otpauth://totp/ann?secret=JBSWY3DPEHPK3PXP&issuer=Steam").steam).toBe(true);
    expect(parseTotp("otpauth://totp/Steam:ann?secret=JBSWY3DPEHPK3PXP").steam).toBe(true);
    expect(parseTotp("otpauth://totp/Steamboat:ann?secret=JBSWY3DPEHPK3PXP&issuer=Steamboat").steam).toBe(false);
  });
  const refused: [name: string, text: string][] = [
    ["empty", "  "],
    ["not base32", "JBSWY3DP!HPK3PXP"],
    ["digits one and zero", "JBSWY3DP0HPK1PXP"],
    ["impossible length", "JBSWY3DPE"],
    ["too short", "JBSW"],
    ["hotp", "otpauth://hotp/x?secret=JBSWY3DPEHPK3PXP&counter=1"],
    ["other type", "otpauth://other/x?secret=JBSWY3DPEHPK3PXP"],
    ["no secret", "otpauth://totp/x?issuer=a"],
    ["five digits", "otpauth://totp/x?secret=JBSWY3DPEHPK3PXP&digits=5"],
    ["eleven digits", "otpauth://totp/x?secret=JBSWY3DPEHPK3PXP&digits=11"],
    ["period zero", "otpauth://totp/x?secret=JBSWY3DPEHPK3PXP&period=0"],
    ["period above an hour", "otpauth://totp/x?secret=JBSWY3DPEHPK3PXP&period=3601"],
    ["MD5", "otpauth://totp/x?secret=JBSWY3DPEHPK3PXP&algorithm=MD5"],
    ["very long", "A".repeat(5_000)],
  ];
  for (const [name, text] of refused) test(`refuses: ${name}`, () => expect(() => parseTotp(text)).toThrow(TotpError));
});

describe("stored form", () => {
  test("reading what was written gives the same secret", () => {
    for (const algorithm of ["SHA-1", "SHA-256", "SHA-512"] as const) {
      for (const digits of [6, 7, 8, 9, 10]) {
        for (const period of [1, 30, 60, 3_600]) {
          const secret = { secret: new Uint8Array([1, 2, 3, 4, 5, 6, 7]), algorithm, digits, period, steam: false, issuer: "A & B/?:", account: "ann:b@example.test" };
          // A colon separates issuer and account, so it cannot stay in the issuer's half of the label; the issuer member carries it.
          expect(parseTotp(formatTotp(secret))).toEqual({ ...secret, account: parseTotp(formatTotp(secret)).account });
          expect(formatTotp(parseTotp(formatTotp({ ...secret, issuer: "Acme" })))).toBe(formatTotp({ ...secret, issuer: "Acme" }));
        }
      }
    }
  });
  test("a bare secret takes the names it is given", () => {
    expect(normalizeTotp("jbsw y3dp ehpk 3pxp", { issuer: "Acme", account: "ann" })).toBe("otpauth://totp/Acme:ann?secret=JBSWY3DPEHPK3PXP&issuer=Acme");
    expect(normalizeTotp("JBSWY3DPEHPK3PXP")).toBe("otpauth://totp/?secret=JBSWY3DPEHPK3PXP");
    expect(normalizeTotp("STEAM://jbswy3dpehpk3pxp")).toBe("steam://JBSWY3DPEHPK3PXP");
  });
});

test("base32 goes both ways for every length", () => {
  for (let length = 1; length < 40; length++) {
    const bytes = crypto.getRandomValues(new Uint8Array(length));
    expect(decodeBase32(encodeBase32(bytes))).toEqual(bytes);
  }
});
