// The code itself: RFC 6238 on WebCrypto's HMAC, and Steam's five characters.

import type { TotpCode, TotpSecret } from "./types.ts";

const STEAM_ALPHABET = "23456789BCDFGHJKMNPQRTVWXY";

/** The code at a moment, given in Unix milliseconds. */
export async function totpCode(secret: TotpSecret, nowMs: number): Promise<TotpCode> {
  const seconds = Math.floor(nowMs / 1000);
  const counter = Math.floor(seconds / secret.period);
  const key = await crypto.subtle.importKey("raw", secret.secret, { name: "HMAC", hash: secret.algorithm }, false, ["sign"]);
  const moving = new DataView(new ArrayBuffer(8));
  moving.setBigUint64(0, BigInt(counter));
  const digest = new DataView(await crypto.subtle.sign("HMAC", key, moving.buffer));
  // RFC 4226 section 5.3: the low four bits of the last byte say where the four bytes of the code begin.
  const truncated = digest.getUint32(digest.getUint8(digest.byteLength - 1) & 0x0f) & 0x7fffffff;
  return {
    code: secret.steam ? steamText(truncated) : decimalText(truncated, secret.digits),
    secondsLeft: secret.period - (seconds % secret.period),
    period: secret.period,
  };
}

function decimalText(truncated: number, digits: number): string {
  return String(truncated % 10 ** digits).padStart(digits, "0");
}

function steamText(truncated: number): string {
  let rest = truncated;
  let text = "";
  for (let i = 0; i < 5; i++) {
    text += STEAM_ALPHABET.charAt(rest % STEAM_ALPHABET.length);
    rest = Math.floor(rest / STEAM_ALPHABET.length);
  }
  return text;
}
