// Bytes to text: UTF-8 with or without a byte-order mark, UTF-16 with or without one, and Windows-1252 as the last resort for old CSV files.

import { ImportError } from "./error.ts";
import { text_bytes_max } from "./limits.ts";
import type { Pace } from "./pace.ts";

/** A decoded text. */
export interface Decoded {
  text: string;
  encoding: "utf-8" | "utf-16le" | "utf-16be" | "windows-1252";
}

const PIECE_BYTES = 1024 * 1024;
const LOOK_BYTES = 4096;

/** Reads a whole file as text. `lenient` allows Windows-1252 when the bytes are no Unicode. */
export async function decodeText(bytes: Uint8Array, pace: Pace, lenient: boolean): Promise<Decoded> {
  if (bytes.length > text_bytes_max) throw new ImportError("too_large", `The file is larger than ${text_bytes_max / 1024 / 1024} MiB.`);
  if (bytes.length === 0) throw new ImportError("empty", "The file is empty.");
  const encoding = unicodeOf(bytes);
  const text = await decodeAs(bytes, encoding, pace);
  if (text !== undefined) return { text, encoding };
  if (!lenient || bytes.subarray(0, LOOK_BYTES).includes(0)) throw new ImportError("not_text", "The file is not text in UTF-8 or UTF-16.");
  const western = await decodeAs(bytes, "windows-1252", pace);
  if (western === undefined) throw new ImportError("not_text", "The file is not text.");
  return { text: western, encoding: "windows-1252" };
}

/** The beginning of a file as text, for sniffing; never throws. */
export function peekText(bytes: Uint8Array): string {
  return new TextDecoder(unicodeOf(bytes)).decode(bytes.subarray(0, LOOK_BYTES * 16));
}

function unicodeOf(bytes: Uint8Array): "utf-8" | "utf-16le" | "utf-16be" {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  // Text of Latin letters in UTF-16 without a mark has a zero in every second byte.
  const look = bytes.subarray(0, LOOK_BYTES - 1);
  let even = 0;
  let odd = 0;
  for (const [i, byte] of look.entries()) if (byte === 0) i % 2 === 0 ? even++ : odd++;
  if (odd > look.length / 4 && even === 0) return "utf-16le";
  if (even > look.length / 4 && odd === 0) return "utf-16be";
  return "utf-8";
}

async function decodeAs(bytes: Uint8Array, encoding: Decoded["encoding"], pace: Pace): Promise<string | undefined> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  const pieces: string[] = [];
  try {
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      const piece = bytes.subarray(at, at + PIECE_BYTES);
      pieces.push(decoder.decode(piece, { stream: true }));
      await pace.step("reading", 0, bytes.length);
    }
    pieces.push(decoder.decode());
  } catch (error) {
    if (error instanceof ImportError) throw error;
    return undefined;
  }
  return pieces.join("");
}
