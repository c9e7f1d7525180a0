// Opens Bitwarden's password-protected export: PBKDF2 or Argon2id, then AES-256-CBC with HMAC-SHA-256.

import { ImportError } from "../error.ts";
import { text, type JsonObject } from "../json.ts";
import { argon2_lanes_max, argon2_memory_mib_max, argon2_passes_max, pbkdf2_iterations_max } from "../limits.ts";
import type { Pace } from "../pace.ts";
import { argon2id } from "./argon2.ts";

interface Keys {
  encryption: CryptoKey;
  mac: CryptoKey;
}

const utf8 = new TextEncoder();

/** The plain JSON inside. Throws `account_restricted`, `password_needed`, `password_wrong`, `damaged`, `cost_too_high`. */
export async function openProtected(root: JsonObject, password: string | undefined, pace: Pace): Promise<string> {
  if (root["passwordProtected"] !== true) {
    throw new ImportError(
      "account_restricted",
      "This Bitwarden export is bound to the Bitwarden account that made it and cannot be opened anywhere else. "
        + "In Bitwarden choose Export vault, file format \"JSON\", or \"JSON (Encrypted)\" with export type \"Password protected\".",
    );
  }
  if (password === undefined || password === "") throw new ImportError("password_needed", "This export is protected with a password of its own. Enter the password that was chosen when it was made.");
  pace.report("unlocking", 0, 1);
  const keys = await keysOf(await masterKey(root, password, pace));
  // The check value tells a wrong password from a damaged file.
  const check = await openString(text(root["encKeyValidation_DO_NOT_EDIT"]), keys).catch(() => undefined);
  if (check === undefined) throw new ImportError("password_wrong", "The password is wrong, or the beginning of the file is damaged.");
  const data = await openString(text(root["data"]), keys).catch(() => undefined);
  if (data === undefined) throw new ImportError("damaged", "The password is right, but the file is damaged: its contents do not match their checksum.");
  pace.report("unlocking", 1, 1);
  return data;
}

async function masterKey(root: JsonObject, password: string, pace: Pace): Promise<Uint8Array<ArrayBuffer>> {
  // The base64 text itself is the salt, not the bytes it stands for.
  const salt = new Uint8Array(utf8.encode(text(root["salt"])));
  const secret = new Uint8Array(utf8.encode(password));
  const iterations = cost(root, "kdfIterations");
  if (text(root["kdfType"]) === "0") {
    inRange(iterations, pbkdf2_iterations_max);
    const base = await crypto.subtle.importKey("raw", secret, "PBKDF2", false, ["deriveBits"]);
    return new Uint8Array(await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations }, base, 256));
  }
  if (text(root["kdfType"]) !== "1") throw new ImportError("unsupported", "The file's password protection is of a kind that is not known.");
  const memory = cost(root, "kdfMemory");
  const lanes = cost(root, "kdfParallelism");
  inRange(iterations, argon2_passes_max);
  inRange(memory, argon2_memory_mib_max);
  inRange(lanes, argon2_lanes_max);
  const hashedSalt = new Uint8Array(await crypto.subtle.digest("SHA-256", salt));
  return argon2id(secret, hashedSalt, { memoryKib: memory * 1024, passes: iterations, lanes }, pace);
}

function cost(root: JsonObject, member: string): number {
  const value = Number(text(root[member]));
  if (!Number.isInteger(value) || value < 1) throw new ImportError("damaged", "The file's password protection has no usable parameters.", member);
  return value;
}

function inRange(value: number, most: number): void {
  if (value > most) throw new ImportError("cost_too_high", "Opening this file would take more time or memory than any real export asks for.");
}

/** HKDF without its first half: one block for each key. */
async function keysOf(master: Uint8Array<ArrayBuffer>): Promise<Keys> {
  const key = await crypto.subtle.importKey("raw", master, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const expand = (info: string): Promise<ArrayBuffer> => crypto.subtle.sign("HMAC", key, new Uint8Array([...utf8.encode(info), 1]));
  const [enc, mac] = [new Uint8Array(await expand("enc")), new Uint8Array(await expand("mac"))];
  const keys = {
    encryption: await crypto.subtle.importKey("raw", enc, "AES-CBC", false, ["decrypt"]),
    mac: await crypto.subtle.importKey("raw", mac, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]),
  };
  for (const bytes of [master, enc, mac]) bytes.fill(0);
  return keys;
}

/** Opens `2.iv|ciphertext|mac`. */
async function openString(sealed: string, keys: Keys): Promise<string> {
  const match = /^2\.([^|]+)\|([^|]*)\|([^|]+)$/.exec(sealed);
  if (match === null) throw new Error("not a type-2 string");
  const [iv, ciphertext, mac] = [match[1], match[2], match[3]].map((part) => fromBase64(part ?? "")) as [Bytes, Bytes, Bytes];
  const signed = new Uint8Array(iv.length + ciphertext.length);
  signed.set(iv);
  signed.set(ciphertext, iv.length);
  if (!(await crypto.subtle.verify("HMAC", keys.mac, mac, signed))) throw new Error("checksum");
  return new TextDecoder("utf-8", { fatal: true }).decode(await crypto.subtle.decrypt({ name: "AES-CBC", iv }, keys.encryption, ciphertext));
}

type Bytes = Uint8Array<ArrayBuffer>;

function fromBase64(text: string): Bytes {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
