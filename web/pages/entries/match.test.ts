// Marking what a search hit.
import { expect, test } from "vitest";
import { pieces } from "./match.ts";

test("marks every word, whatever its case", () => {
  expect(pieces("GitHub work", "WORK git")).toEqual([
    { text: "Git", hit: true },
    { text: "Hub ", hit: false },
    { text: "work", hit: true },
  ]);
});

test("prefers the longer word where two begin at one place", () => {
  expect(pieces("bank", "b bank")).toEqual([{ text: "bank", hit: true }]);
});

test("keeps the text whole, with or without a hit", () => {
  for (const [text, query] of [
    ["abcabc", "ca b"],
    ["İstanbul", "i"],
    ["", "x"],
    ["plain", ""],
  ] as const) {
    expect(
      pieces(text, query)
        .map((piece) => piece.text)
        .join(""),
    ).toBe(text);
  }
});
