// What a change of many entries makes of one.
import type { Entry, FieldDraft, FieldKindName, Tier } from "../../vault/index.ts";

/** The tags with one more, without repeats. */
export function tagged(tags: readonly string[], typed: string): string[] {
  const tag = typed.trim();
  return tag === "" || tags.includes(tag) ? [...tags] : [...tags, tag];
}

/** Every sealed field at this tier, or at the lowest its kind allows; what stands in the summary stays as it is. */
export function allAt(entry: Entry, tier: Tier, lowest: (kind: FieldKindName) => Tier): FieldDraft[] {
  return entry.fields.map((field): FieldDraft => {
    const least = lowest(field.kind);
    const wanted = field.value !== undefined ? field.tier : tier < least ? least : tier;
    return { id: field.id, kind: field.kind, label: field.label, tier: wanted };
  });
}
