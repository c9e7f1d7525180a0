// Recovery and backup codes: 20 bytes as 32 Crockford base32 characters and two check characters (docs/FORMAT.md section 9).
import { type Bytes, concat, makeRandom, utf8 } from "./bytes.ts";
import { sha256 } from "./hash.ts";
import { demand } from "./refused.ts";

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const codeBytes = 20;
const codeCharacters = 34;
const checkLabel = concat(utf8("clavitor/v1/code-check"), Uint8Array.of(0));

export function makeCode(): Bytes {
  return makeRandom(codeBytes);
}

function checkOf(code: Bytes): number {
  const hash = sha256(concat(checkLabel, code));
  return (((hash[0] ?? 0) << 8) | (hash[1] ?? 0)) >>> 6;
}

/** Groups of four with hyphens. */
export function formatCode(code: Bytes): string {
  demand(code.length === codeBytes, "code");
  let text = "";
  for (let i = 0; i < codeBytes; i += 5) {
    let group = 0n;
    for (let j = 0; j < 5; j++) group = (group << 8n) | BigInt(code[i + j] ?? 0);
    for (let shift = 35n; shift >= 0n; shift -= 5n) text += alphabet.charAt(Number((group >> shift) & 31n));
  }
  const check = checkOf(code);
  text += alphabet.charAt(check >>> 5) + alphabet.charAt(check & 31);
  return (text.match(/.{1,4}/g) ?? []).join("-");
}

function digitOf(character: string): number {
  if (character === "I" || character === "L") return 1;
  return character === "O" ? 0 : alphabet.indexOf(character);
}

/** Reads what a person typed: case, hyphens and spaces do not matter, `I` and `L` are `1`, `O` is `0`. Throws `Refused`. */
export function parseCode(text: string): Bytes {
  const digits = [...text.replace(/[\s-]/g, "")].map((character) => digitOf(character.toUpperCase()));
  demand(digits.length === codeCharacters && digits.every((digit) => digit >= 0), "code");
  const code = new Uint8Array(codeBytes);
  for (let i = 0; i < codeBytes / 5; i++) {
    let group = 0n;
    for (let j = 0; j < 8; j++) group = (group << 5n) | BigInt(digits[8 * i + j] ?? 0);
    for (let j = 4; j >= 0; j--, group >>= 8n) code[5 * i + j] = Number(group & 255n);
  }
  demand(((digits[32] ?? 0) << 5 | (digits[33] ?? 0)) === checkOf(code), "code");
  return code;
}
