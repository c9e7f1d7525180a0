// What this browser knows of the audit log: the last tree head it has verified, and that every later one grew from it.
import { type Bytes, equal } from "../crypto/bytes.ts";
import { logOrigin, verifyCheckpoint } from "../crypto/checkpoint.ts";
import { sha256 } from "../crypto/hash.ts";
import { verifyConsistency } from "../crypto/merkle.ts";
import { demand, Refused } from "../crypto/refused.ts";
import { Refusal } from "./errors.ts";
import { blob, list, object } from "./read.ts";
import type { Transport } from "./transport.ts";
import type { Checkpoint } from "./wire.ts";

/** A log that is written to meanwhile is asked again so often. */
const joinTriesMax = 8;

/** Size and root of a tree head that was verified. */
export interface Head {
  readonly size: number;
  readonly root: Bytes;
}

/** The head of a log nobody has written yet. */
export const emptyHead: Head = { size: 0, root: sha256(new Uint8Array(0)) };

/** Checks a signed head, and that it grew from `from`. */
export async function checkHead(vault: string, logKey: Bytes, from: Head, answer: Checkpoint): Promise<Head> {
  demand(typeof answer.checkpoint === "string", "checkpoint", "form");
  const head = await verifyCheckpoint(answer.checkpoint, logOrigin(vault), logKey);
  verifyConsistency(from.size, from.root, head.size, head.root, list(answer.consistency).map(blob));
  return { size: head.size, root: head.root };
}

/** Asks for the newest head, and for the proof that it grew from one of this size. */
export function askGrown(transport: Transport, size: number): Promise<unknown> {
  return transport.send("GET", `/v1/audit/checkpoint?from=${size}`).catch((error: unknown) => {
    // The node has signed this size before. One that does not know it any more has a shorter log now.
    throw error instanceof Refusal && error.status === 400 ? new Refused("merkle", "the log is shorter than it was") : error;
  });
}

/** Asks for the newest head and checks that it grew from `from`. `asked`: that question, asked before. */
export async function advance(transport: Transport, vault: string, logKey: Bytes, from: Head, asked = askGrown(transport, from.size)): Promise<Head> {
  return checkHead(vault, logKey, from, object<Checkpoint>(await asked, "checkpoint", "consistency"));
}

/** Brings a head that another client has signed and this browser's own pin into one log. `asked`: how the log grew from the pin, asked for before. */
export async function join(transport: Transport, vault: string, logKey: Bytes, fresh: Head, pin: Head, asked?: Promise<unknown>): Promise<Head> {
  if (pin.size === 0 || (pin.size === fresh.size && equal(pin.root, fresh.root))) return fresh;
  let [lower, higher] = [fresh, await advance(transport, vault, logKey, pin, asked)];
  // One log where both are the same size. Until then the lower one is asked to grow: somebody may write between two answers.
  for (let tries = 0; lower.size !== higher.size; tries++) {
    if (tries === joinTriesMax) throw new Refusal(0, { code: "unavailable", message: "The log grew faster than it could be checked. Try again." });
    if (lower.size > higher.size) [lower, higher] = [higher, lower];
    lower = await advance(transport, vault, logKey, lower);
  }
  demand(equal(lower.root, higher.root), "merkle", "two logs");
  return higher;
}
