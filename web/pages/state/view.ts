// What the list shows: the search, the filters, and which row the keyboard is on.
import { computed, signal } from "@preact/signals";
import type { Entry, EntryFilter, EntryKind } from "../../vault/index.ts";
import { phase, revision } from "./phase.ts";

export type Place = "live" | "favorite" | "archive" | "trash";

export const query = signal("");
export const place = signal<Place>("live");
export const kind = signal<EntryKind | null>(null);
/** `folder:NAME`, `tag:NAME` or `scope:ID`; "" for all. */
export const group = signal("");
export const active = signal(0);

/** The filter as the vault takes it. */
export function filterOf(where: Place, only: EntryKind | null, inGroup: string): EntryFilter {
  const filter: EntryFilter = { place: where === "favorite" ? "live" : where };
  if (where === "favorite") filter.favorite = true;
  if (only !== null) filter.kind = only;
  if (inGroup.startsWith("folder:")) filter.folder = inGroup.slice("folder:".length);
  if (inGroup.startsWith("tag:")) filter.tag = inGroup.slice("tag:".length);
  if (inGroup.startsWith("scope:")) filter.scope = inGroup.slice("scope:".length);
  return filter;
}

/** The entries on screen, best match first. */
export const found = computed<readonly Entry[]>(() => {
  revision.value;
  const now = phase.value;
  if (now.name !== "open") return [];
  return now.vault.entries.search(query.value, filterOf(place.value, kind.value, group.value));
});

export const filtered = computed(() => kind.value !== null || group.value !== "" || query.value !== "");

/** Back to everything. */
export function clearFilters(): void {
  query.value = "";
  kind.value = null;
  group.value = "";
  active.value = 0;
}

/** Nothing of a vault stays behind when it closes. */
export function forgetView(): void {
  clearFilters();
  place.value = "live";
}
