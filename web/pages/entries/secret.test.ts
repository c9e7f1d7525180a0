// Splitting a secret for the eye never changes it.
import { expect, test } from "vitest";
import { runs } from "./secret.tsx";

test("letters, digits and symbols are told apart", () => {
  expect(runs("ab12-é")).toEqual([
    { text: "ab", look: "" },
    { text: "12", look: "digit-hl" },
    { text: "-", look: "symbol-hl" },
    { text: "é", look: "" },
  ]);
});

test("no character is lost", () => {
  for (const text of ["", "a\nb\t c", "😀pass🔑1", "e\u0301x", "\u0000\u200b"])
    expect(
      runs(text)
        .map((run) => run.text)
        .join(""),
    ).toBe(text);
});
