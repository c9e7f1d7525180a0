// Which entries are picked for something to be done with all of them.
import { computed, signal } from "@preact/signals";
import type { Entry } from "../../vault/index.ts";
import { found } from "./view.ts";

/** Ids that somebody picked; what is not on screen any more counts for nothing. */
const ids = signal<ReadonlySet<string>>(new Set());
/** Where a range begins. */
let anchor: string | null = null;

/** The picked entries in the order of the list. */
export const picked = computed<readonly Entry[]>(() => (ids.value.size === 0 ? [] : found.value.filter((entry) => ids.value.has(entry.id))));
export const pickedIds = computed<ReadonlySet<string>>(() => new Set(picked.value.map((entry) => entry.id)));

/** Picks an entry, or lets it go. */
export function toggle(id: string): void {
  const next = new Set(pickedIds.peek());
  if (!next.delete(id)) next.add(id);
  ids.value = next;
  anchor = id;
}

/** Everything from where picking began to this entry, or to there from the one that is open. */
export function pickTo(id: string, from: string | null): void {
  const list = found.peek();
  const at = (wanted: string | null): number => list.findIndex((entry) => entry.id === wanted);
  const begin = [at(anchor), at(from), at(id)].find((index) => index >= 0) ?? 0;
  anchor = list[begin]?.id ?? null;
  const [first, last] = [Math.min(begin, at(id)), Math.max(begin, at(id))];
  ids.value = new Set(list.slice(first, last + 1).map((entry) => entry.id));
}

export function pickAll(): void {
  ids.value = new Set(found.peek().map((entry) => entry.id));
}

export function pickNone(): void {
  ids.value = new Set();
  anchor = null;
}
