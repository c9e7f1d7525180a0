// The index stays in order whatever comes, changes and goes, and whenever somebody looks.
import { describe, expect, it } from "vitest";
import { SearchIndex } from "./search.ts";
import type { Entry } from "./types.ts";

const entry = (id: number, title: string): Entry => ({
  id: String(id).padStart(32, "0"), version: 1, title, kind: "login", folder: "", tags: [], favorite: false, archived: false, trashed: false, fields: [],
  destinations: [], scopes: [], changedMs: 0, author: null, origin: null,
});

/** Numbers that look random and are the same each time. */
function* numbers(seed: number): Generator<number> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state >>> 8;
  }
}

describe("the search index", () => {
  it.each([1, 2, 3, 4])("is sorted by title, then by id, after any changes (%d)", (seed) => {
    const random = numbers(seed);
    const next = (below: number): number => (random.next().value as number) % below;
    const [index, kept] = [new SearchIndex(), new Map<string, Entry>()];
    for (let step = 0; step < 400; step++) {
      const one = entry(next(60), ["Alpha", "beta", "Beta", "Item 9", "Item 10", "Ärger", ""][next(7)] ?? "");
      if (next(3) === 0) {
        index.delete(one.id);
        kept.delete(one.id);
      } else {
        index.put(one);
        kept.set(one.id, one);
      }
      if (next(5) > 0) continue;
      const collator = new Intl.Collator(undefined, { sensitivity: "base", numeric: true });
      const expected = [...kept.values()].sort((a, b) => collator.compare(a.title, b.title) || (a.id < b.id ? -1 : 1));
      expect(index.all()).toEqual(expected);
      expect(index.size).toBe(kept.size);
    }
  });

  it("finds the newest text of an entry, once", () => {
    const index = new SearchIndex();
    index.put(entry(1, "Old name"));
    expect(index.search("old").length).toBe(1);
    index.put(entry(1, "New name"));
    expect(index.search("old")).toEqual([]);
    expect(index.search("name").map((one) => one.title)).toEqual(["New name"]);
  });
});
