// Bitwarden's password-protected exports. The fixtures were made with another implementation of every primitive.

import { describe, expect, test } from "vitest";
import { file, fixture, fixtureText, FIXTURE_PASSWORD } from "./fixtures/load.ts";
import { shown } from "./fixtures/find.ts";
import { parse } from "./index.ts";

for (const name of ["bitwarden-protected-pbkdf2.json", "bitwarden-protected-argon2id.json"]) {
  const edited = (edit: (root: Record<string, unknown>) => void): Blob => {
    const root = JSON.parse(fixtureText(name)) as Record<string, unknown>;
    edit(root);
    return file(JSON.stringify(root));
  };
  describe(name, () => {
    test("opens", async () => {
      const steps = new Set<string>();
      const plan = await parse(fixture(name), { password: FIXTURE_PASSWORD, onProgress: ({ step }) => steps.add(step) });
      expect(shown(plan.rows[0]!.entry)).toContain("password | Password | 3 | secret-2");
      expect(steps).toContain("unlocking");
    });
    test("asks for a password, and refuses a wrong one by name", async () => {
      await expect(parse(fixture(name))).rejects.toMatchObject({ code: "password_needed" });
      await expect(parse(fixture(name), { password: "wrong" })).rejects.toMatchObject({ code: "password_wrong" });
    });
    test("tells damage from a wrong password", async () => {
      const damaged = edited((root) => (root["data"] = String(root["data"]).replace(/\|(.)/, (_, c: string) => `|${c === "A" ? "B" : "A"}`)));
      await expect(parse(damaged, { password: FIXTURE_PASSWORD })).rejects.toMatchObject({ code: "damaged" });
    });
    test("refuses costs no real export has, before spending them", async () => {
      for (const [member, value] of [["kdfIterations", 2_000_000_000], ["kdfMemory", 100_000], ["kdfParallelism", 9_000]] as const) {
        if (name.includes("pbkdf2") && member !== "kdfIterations") continue;
        await expect(parse(edited((root) => (root[member] = value)), { password: "x" })).rejects.toMatchObject({ code: "cost_too_high" });
      }
      await expect(parse(edited((root) => (root["kdfIterations"] = 0)), { password: "x" })).rejects.toMatchObject({ code: "damaged" });
      await expect(parse(edited((root) => (root["kdfType"] = 7)), { password: "x" })).rejects.toMatchObject({ code: "unsupported" });
    });
  });
}

test("stops while it unlocks", async () => {
  const stop = new AbortController();
  const parsing = parse(fixture("bitwarden-protected-argon2id.json"), {
    password: FIXTURE_PASSWORD,
    signal: stop.signal,
    onProgress: ({ step, done }) => {
      if (step === "unlocking" && done > 0) stop.abort();
    },
  });
  await expect(parsing).rejects.toMatchObject({ code: "aborted" });
});

test("an account-restricted export is refused with what to do", async () => {
  await expect(parse(fixture("bitwarden-restricted.json"))).rejects.toMatchObject({ code: "account_restricted", message: expect.stringContaining("Password protected") as string });
});
