// The first rows wait for nothing; what follows does not come faster than it can be read.
import { expect, test } from "vitest";
import { Pace, REDRAW_MS } from "./pace.ts";

test("the first rows are drawn at once, also in a page that was loaded just now", () => {
  expect(new Pace().due(1, true)).toBe(true);
  expect(new Pace().due(0, true)).toBe(true);
});

test("a list that is loading is drawn now and then, one that is complete whenever it changes", () => {
  const pace = new Pace();
  expect([0, 1, REDRAW_MS - 1, REDRAW_MS, REDRAW_MS + 1].map((ms) => pace.due(ms, true))).toEqual([true, false, false, true, false]);
  expect([REDRAW_MS + 1, REDRAW_MS + 2].map((ms) => pace.due(ms, false))).toEqual([true, true]);
});
