// Reads a TOTP secret in the forms people have it: otpauth URI, bare base32, steam://, KeePass's key=…, and writes it as one of two.

import { decodeBase32, encodeBase32 } from "./base32.ts";
import type { TotpAlgorithm, TotpSecret } from "./types.ts";

/** Text longer than this is not a TOTP secret. */
export const TEXT_CHARS_MAX = 4_096;
/** Longest period, an hour: what every part of Clavitor takes. */
export const PERIOD_S_MAX = 3_600;
const SECRET_BYTES_MAX = 1_024;
/** A base32 text shorter than this may as well be a word. */
const BARE_CHARS_MIN = 8;

/** Why a text is not a TOTP secret, in words for the person who typed it. */
export class TotpError extends Error {
  override readonly name = "TotpError";
}

/** Reads any of the forms. Throws `TotpError`. */
export function parseTotp(text: string): TotpSecret {
  const trimmed = text.trim();
  if (trimmed.length === 0) throw new TotpError("There is no secret.");
  if (trimmed.length > TEXT_CHARS_MAX) throw new TotpError("The text is too long to be a one-time password secret.");
  if (/^otpauth:/i.test(trimmed)) return fromUri(trimmed);
  if (/^steam:\/\//i.test(trimmed)) return steam(secretBytes(trimmed.slice("steam://".length)), "", "");
  if (/(^|&)key=/i.test(trimmed)) return fromKeyValues(trimmed);
  if (trimmed.replace(/[\s-]/g, "").length < BARE_CHARS_MIN) throw new TotpError("The secret is too short.");
  return { secret: secretBytes(trimmed), algorithm: "SHA-1", digits: 6, period: 30, steam: false, issuer: "", account: "" };
}

/**
 * Writes a secret in its one stored form: `steam://SECRET` for Steam, else an otpauth URI with `algorithm`, `digits` and `period` only where they
 * are not SHA-1, 6 and 30. Reading it back gives the same secret.
 */
export function formatTotp(secret: TotpSecret): string {
  const base32 = encodeBase32(secret.secret);
  if (secret.steam) return `steam://${base32}`;
  const label = [secret.issuer, secret.account].filter((part) => part !== "").map(encodeURIComponent).join(":");
  const query = [`secret=${base32}`];
  if (secret.issuer !== "") query.push(`issuer=${encodeURIComponent(secret.issuer)}`);
  if (secret.algorithm !== "SHA-1") query.push(`algorithm=${secret.algorithm.replace("-", "")}`);
  if (secret.digits !== 6) query.push(`digits=${secret.digits}`);
  if (secret.period !== 30) query.push(`period=${secret.period}`);
  return `otpauth://totp/${label}?${query.join("&")}`;
}

/** Any accepted form to the stored form. Throws `TotpError`. */
export function normalizeTotp(text: string, fallback: { issuer?: string; account?: string } = {}): string {
  const secret = parseTotp(text);
  if (secret.issuer === "" && secret.account === "") {
    secret.issuer = fallback.issuer ?? "";
    secret.account = fallback.account ?? "";
  }
  return formatTotp(secret);
}

function fromUri(text: string): TotpSecret {
  const match = /^otpauth:\/\/([^/?#]*)\/?([^?#]*)\??([^#]*)/i.exec(text);
  if (match === null) throw new TotpError("The otpauth address is not complete.");
  const [, type = "", rawLabel = "", rawQuery = ""] = match;
  if (type.toLowerCase() === "hotp") throw new TotpError("This is a counter-based (HOTP) secret; only time-based ones give codes here.");
  if (type.toLowerCase() !== "totp") throw new TotpError("The otpauth address is of an unknown type.");
  const query = new URLSearchParams(rawQuery);
  const get = (name: string): string => valueOf(query, name);
  const label = decode(rawLabel);
  const colon = label.indexOf(":");
  const issuer = get("issuer") || (colon < 0 ? "" : label.slice(0, colon).trim());
  const account = (colon < 0 ? label : label.slice(colon + 1)).trim();
  const secret = secretBytes(get("secret"));
  // Steam is written in three ways; all of them mean five characters.
  if ([get("encoder"), get("issuer"), label.slice(0, Math.max(colon, 0))].some((name) => name.toLowerCase() === "steam")) return steam(secret, issuer, account);
  return { secret, algorithm: algorithm(get("algorithm")), digits: digits(get("digits")), period: period(get("period")), steam: false, issuer, account };
}

function fromKeyValues(text: string): TotpSecret {
  const query = new URLSearchParams(text);
  const get = (name: string): string => valueOf(query, name);
  const secret = secretBytes(get("key"));
  if (get("encoder").toLowerCase() === "steam") return steam(secret, "", "");
  return {
    secret,
    algorithm: algorithm(get("otphashmode") || get("algorithm")),
    digits: digits(get("size") || get("digits")),
    period: period(get("step") || get("period")),
    steam: false,
    issuer: "",
    account: "",
  };
}

function valueOf(query: URLSearchParams, name: string): string {
  for (const [key, value] of query) if (key.toLowerCase() === name) return value;
  return "";
}

/** A label with a stray percent sign is still a label. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function secretBytes(text: string): Uint8Array<ArrayBuffer> {
  const bytes = decodeBase32(text);
  if (bytes === undefined) throw new TotpError("The secret is not base32 (letters A to Z and digits 2 to 7).");
  if (bytes.length > SECRET_BYTES_MAX) throw new TotpError("The secret is too long.");
  return bytes;
}

function steam(secret: Uint8Array<ArrayBuffer>, issuer: string, account: string): TotpSecret {
  return { secret, algorithm: "SHA-1", digits: 5, period: 30, steam: true, issuer, account };
}

function algorithm(text: string): TotpAlgorithm {
  const name = text.toUpperCase().replace(/^HMAC-?/, "").replace("-", "");
  if (name === "" || name === "SHA1") return "SHA-1";
  if (name === "SHA256") return "SHA-256";
  if (name === "SHA512") return "SHA-512";
  throw new TotpError("The hash function is not SHA-1, SHA-256 or SHA-512.");
}

function digits(text: string): number {
  return whole(text, 6, 6, 10, "The number of digits must be from 6 to 10.");
}

function period(text: string): number {
  return whole(text, 30, 1, PERIOD_S_MAX, "The period must be from 1 second to an hour.");
}

function whole(text: string, absent: number, least: number, most: number, message: string): number {
  if (text === "") return absent;
  const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) throw new TotpError(message);
  return value;
}
