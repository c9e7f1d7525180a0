// Picking: one by one, ranges, all; and nothing that is not on screen.
import { beforeEach, describe, expect, it } from "vitest";
import { fixtureClient } from "../testing/fixture.ts";
import { phase } from "./phase.ts";
import { picked, pickAll, pickNone, pickTo, toggle } from "./pick.ts";
import { found, forgetView, place, query } from "./view.ts";

const titles = (): string[] => picked.value.map((entry) => entry.title);
const id = (index: number): string => found.value[index]?.id ?? "";

beforeEach(async () => {
  const vault = await fixtureClient({ entries: 10, nowMs: 1_800_000_000_000, recoveryPending: false, serverAiling: false }).unlock();
  phase.value = { name: "open", vault } as typeof phase.value;
  forgetView();
  pickNone();
});

describe("picking", () => {
  it("goes one by one, and back", () => {
    toggle(id(2));
    toggle(id(0));
    expect(titles()).toEqual([found.value[0]?.title, found.value[2]?.title]);
    toggle(id(2));
    expect(titles()).toEqual([found.value[0]?.title]);
  });

  it("takes a range from where it began, in either direction", () => {
    toggle(id(3));
    pickTo(id(5), null);
    expect(picked.value.length).toBe(3);
    pickTo(id(1), null);
    expect(titles()).toEqual([1, 2, 3].map((index) => found.value[index]?.title));
    pickNone();
    pickTo(id(2), id(0));
    expect(picked.value.length).toBe(3);
  });

  it("forgets what is not on screen", () => {
    pickAll();
    const all = picked.value.length;
    expect(all).toBe(found.value.length);
    query.value = found.value[0]?.title ?? "";
    expect(picked.value.length).toBe(found.value.length);
    expect(picked.value.length).toBeLessThan(all);
    query.value = "";
    place.value = "trash";
    expect(picked.value.length).toBe(0);
  });
});
