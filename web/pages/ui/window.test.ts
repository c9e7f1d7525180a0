// The rows that a long list draws.
import { expect, test } from "vitest";
import { slice } from "./window.ts";

test("draws what is in sight and a little more", () => {
  expect(slice(0, 600, 10_000, 60)).toEqual({ from: 0, to: 18 });
  expect(slice(6_000, 600, 10_000, 60)).toEqual({ from: 92, to: 118 });
});

test("never goes past the ends, also when the list has just become shorter", () => {
  expect(slice(599_400, 600, 10_000, 60)).toEqual({ from: 9_982, to: 10_000 });
  expect(slice(6_000, 600, 3, 60)).toEqual({ from: 0, to: 3 });
  expect(slice(0, 600, 0, 60)).toEqual({ from: 0, to: 0 });
});
