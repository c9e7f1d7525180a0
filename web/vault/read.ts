// Reading what a node sent: anything that has not the promised shape is refused like anything else that does not hold.
import { type Bytes, fromBase64, fromHex } from "../crypto/bytes.ts";
import { demand } from "../crypto/refused.ts";

/** Bytes of a base64url member. */
export function blob(value: unknown): Bytes {
  demand(typeof value === "string", "shape", "bytes expected");
  const bytes = fromBase64(value);
  demand(bytes !== undefined, "shape", "base64url");
  return bytes;
}

/** Bytes of a member that may be absent. */
export function blobOrNone(value: unknown): Bytes | undefined {
  return value === undefined || value === null ? undefined : blob(value);
}

/** An array member. */
export function list<T>(value: readonly T[] | undefined | null): readonly T[] {
  demand(Array.isArray(value), "shape", "list expected");
  return value as readonly T[];
}

/** An id of 16 bytes. */
export function id(value: unknown): string {
  demand(typeof value === "string" && value.length === 32 && fromHex(value) !== undefined, "shape", "id");
  return value;
}

/** A whole number that is not negative. */
export function count(value: unknown): number {
  demand(typeof value === "number" && Number.isSafeInteger(value) && value >= 0, "shape", "number");
  return value;
}

/** An object with at least these members. */
export function object<T>(value: unknown, ...members: (keyof T & string)[]): T {
  demand(typeof value === "object" && value !== null, "shape", "object expected");
  for (const member of members) demand(member in value, "shape", `no ${member}`);
  return value as T;
}
