// One change for many entries.
import { expect, it } from "vitest";
import { kindByName, type Entry } from "../../vault/index.ts";
import { sampleEntries } from "../testing/samples.ts";
import { allAt, tagged } from "./many.ts";

it("adds a tag once", () => {
  expect(tagged(["a"], " b ")).toEqual(["a", "b"]);
  expect(tagged(["a"], "a")).toEqual(["a"]);
  expect(tagged(["a"], "  ")).toEqual(["a"]);
});

it("moves sealed fields to a tier, never below what their kind allows, and leaves names and addresses alone", () => {
  const [sample] = sampleEntries(1, 1_800_000_000_000);
  const field = (id: string, kind: string, tier: number, value?: string) => ({ id, kind, label: kind, tier, version: 1, ...(value !== undefined && { value }) });
  const entry = { ...sample, fields: [field("1", "username", 1, "ada"), field("2", "password", 2), field("3", "card_number", 3), field("4", "card_expiry", 3)] } as unknown as Entry;
  const lowest = (kind: Parameters<typeof kindByName>[0]) => kindByName(kind)?.lowestTier ?? 3;
  expect(allAt(entry, 1, lowest).map((one) => one.tier)).toEqual([1, 1, 3, 2]);
  expect(allAt(entry, 3, lowest).map((one) => one.tier)).toEqual([1, 3, 3, 3]);
});
