// Base32 of RFC 4648 section 6 as people type it: any case, spaces, hyphens, with or without padding.

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** Decodes; `undefined` when a character is not in the alphabet, nothing is left, or the length is impossible. */
export function decodeBase32(text: string): Uint8Array<ArrayBuffer> | undefined {
  const clean = text.replace(/[\s-]/g, "").replace(/=+$/, "").toUpperCase();
  if (clean.length === 0 || [1, 3, 6].includes(clean.length % 8)) return undefined;
  const bytes = new Uint8Array(Math.floor((clean.length * 5) / 8));
  let held = 0;
  let heldBits = 0;
  let at = 0;
  for (const character of clean) {
    const value = ALPHABET.indexOf(character);
    if (value < 0) return undefined;
    held = ((held << 5) | value) & 0xfff;
    heldBits += 5;
    if (heldBits >= 8) {
      heldBits -= 8;
      bytes[at++] = (held >> heldBits) & 0xff;
    }
  }
  return bytes;
}

/** Encodes in upper case without padding. */
export function encodeBase32(bytes: Uint8Array): string {
  let text = "";
  let held = 0;
  let heldBits = 0;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff;
    heldBits += 8;
    while (heldBits >= 5) {
      heldBits -= 5;
      text += ALPHABET.charAt((held >> heldBits) & 31);
    }
  }
  if (heldBits > 0) text += ALPHABET.charAt((held << (5 - heldBits)) & 31);
  return text;
}
