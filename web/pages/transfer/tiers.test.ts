// Proposed tiers, changed for a whole kind at once.
import { expect, test } from "vitest";
import type { ComparedRow, Comparison, ImportedField } from "../../import/types.ts";
import { proposals, setTier } from "./tiers.ts";

const row = (action: ComparedRow["action"], fields: ImportedField[]): ComparedRow => ({ action, row: { entry: { fields } } }) as ComparedRow;
const password = (tier: 1 | 2 | 3): ImportedField => ({ kind: "password", label: "Password", value: "x", tier });

test("counts kinds of the rows that come in, and says when they do not agree", () => {
  const comparison = {
    rows: [row("create", [password(2), password(3)]), row("merge", [{ ...password(1), kind: "url" }]), row("skip", [password(1)])],
  } as Comparison;
  expect(proposals(comparison)).toEqual([
    { kind: "password", fields: 2, tier: null },
    { kind: "url", fields: 1, tier: 1 },
  ]);
});

test("one choice changes every field of the kind, and no other", () => {
  const comparison = { rows: [row("create", [password(2), { ...password(1), kind: "url" }]), row("skip", [password(2)])] } as Comparison;
  setTier(comparison, "password", 3);
  expect(comparison.rows.flatMap(({ row: { entry } }) => entry.fields.map((field) => field.tier))).toEqual([3, 1, 3]);
});
