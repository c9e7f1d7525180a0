// What a node says about itself to whoever signed in. Nothing depends on it: what is not understood is left out, and none of its words are shown.
import type { NodeNotice } from "./types.ts";

const kinds = ["certificate_ending", "backup_old", "disk_low"] as const satisfies readonly NodeNotice["kind"][];
const noticesMax = 3;

/** Reads them from an answer of the node. */
export function noticesOf(said: unknown): NodeNotice[] {
  const understood = (Array.isArray(said) ? (said as unknown[]) : []).flatMap((notice) => {
    const { kind, days } = (notice ?? {}) as { kind?: unknown; days?: unknown };
    const known = kinds.find((one) => one === kind);
    return known === undefined ? [] : [{ kind: known, days: Number.isSafeInteger(days) ? (days as number) : null }];
  });
  return understood.slice(0, noticesMax);
}
