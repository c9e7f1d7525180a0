// The warm-up does what the list does, in full, and stops for the real work.
import { describe, expect, it } from "vitest";
import { turnsMax, warmUp } from "./warm.ts";

describe("warming up", () => {
  it("opens made-up entries for as long as the person takes, and not without end", async () => {
    expect(await warmUp(new Promise(() => undefined))).toBe(turnsMax);
  });

  it("stops when the passkey has answered or was refused", async () => {
    expect(await warmUp(Promise.resolve())).toBe(0);
    expect(await warmUp(Promise.reject(new Error("cancelled")))).toBe(0);
  });
});
