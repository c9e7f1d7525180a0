// Proposed tiers of an import, kind by kind.
import type { Comparison, FieldKind, Tier } from "../../import/types.ts";

/** All fields of one kind. */
export interface Proposal {
  kind: FieldKind;
  fields: number;
  /** Null when they do not agree. */
  tier: Tier | null;
}

/** Kinds of fields in the rows that will be created, the most frequent first. */
export function proposals(comparison: Comparison): Proposal[] {
  const found = new Map<FieldKind, Proposal>();
  for (const { row, action } of comparison.rows) {
    if (action === "skip") continue;
    for (const field of row.entry.fields) {
      const known = found.get(field.kind);
      if (known === undefined) found.set(field.kind, { kind: field.kind, fields: 1, tier: field.tier });
      else {
        known.fields += 1;
        if (known.tier !== field.tier) known.tier = null;
      }
    }
  }
  return [...found.values()].sort((a, b) => b.fields - a.fields);
}

/** Gives every field of a kind the same tier. */
export function setTier(comparison: Comparison, kind: FieldKind, tier: Tier): void {
  for (const { row } of comparison.rows) {
    for (const field of row.entry.fields) if (field.kind === kind) field.tier = tier;
  }
}
