// An event of the audit log: the bytes that the tree hashes, and what they say. Nothing else that a node says of an event is believed.
import { type Bytes, toHex } from "./bytes.ts";
import { asBytes, asText, asUint, type Cbor, decode, encode, members, numbered } from "./cbor.ts";
import { demand } from "./refused.ts";

/** In the order of their numbers, from 1. */
const actors = ["person", "agent", "hosted", "node", "anonymous"] as const;

/** Who did it. */
export type ActorKind = (typeof actors)[number];

/** What an event says. */
export interface LogEvent {
  readonly vault: string;
  /** Position in the log, from 0. */
  readonly seq: number;
  /** Unix milliseconds. */
  readonly timeMs: number;
  readonly actorKind: ActorKind;
  /** The agent or the unlocker, where there is one; in hexadecimal, as every id. */
  readonly actorId: string | null;
  readonly action: string;
  /** `ok`, or the code of the refusal. */
  readonly outcome: string;
  readonly entryId: string | null;
  readonly fieldId: string | null;
  readonly tier: 1 | 2 | 3 | null;
  readonly detail: string | null;
}

function idOf(value: Cbor | undefined, ...lengths: number[]): string | null {
  demand(value instanceof Uint8Array, "cbor", "bytes");
  demand(value.length === 0 || lengths.includes(value.length), "rule", "id");
  return value.length === 0 ? null : toHex(value);
}

/** Reads canonical bytes. Throws `Refused` for anything that is not the one encoding of an event. */
export function decodeEvent(bytes: Bytes): LogEvent {
  const [format, vault, seq, time, actor, actorId, action, outcome, entry, field, tierOf, detail] = members(decode(bytes), 12);
  demand(asUint(format) === 1, "rule", "format");
    const [actorKind, tier] = [actors[asUint(actor) - 1], asUint(tierOf)];
  demand(actorKind !== undefined && tier <= 3, "rule", "event");
  return {
    vault: toHex(asBytes(vault, 16)), seq: asUint(seq), timeMs: asUint(time), actorKind, actorId: idOf(actorId, 16, 32), action: asText(action), outcome: asText(outcome),
    entryId: idOf(entry, 16), fieldId: idOf(field, 16), tier: tier === 0 ? null : (tier as 1 | 2 | 3), detail: asText(detail) || null,
  };
}

/** The canonical bytes, as a log makes them. */
export function encodeEvent(event: Omit<LogEvent, "vault" | "actorId" | "entryId" | "fieldId"> & Record<"vault" | "actorId" | "entryId" | "fieldId", Bytes>): Bytes {
  const { vault, seq, timeMs, actorKind, actorId, action, outcome, entryId, fieldId, tier, detail } = event;
  const actor = actors.indexOf(actorKind) + 1;
  return encode(numbered(1, vault, seq, timeMs, actor, actorId, action, outcome, entryId, fieldId, tier ?? 0, detail ?? ""));
}
