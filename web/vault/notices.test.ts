// A node's own words are never shown: only kinds and numbers that are known.
import { describe, expect, it } from "vitest";
import { noticesOf } from "./notices.ts";
import { makeVault } from "./testing/world.ts";

describe("what a node says about itself", () => {
  it("is taken by kind and number, and nothing else of it", () => {
    const said = [{ kind: "certificate_ending", days: 4 }, { kind: "disk_low" }, { kind: "<b>", days: 1 }, { kind: "backup_old", days: "x" }, null, 7];
    expect(noticesOf(said)).toEqual([
      { kind: "certificate_ending", days: 4 },
      { kind: "disk_low", days: null },
      { kind: "backup_old", days: null },
    ]);
  });

  it("may be nothing, nonsense or endless", () => {
    for (const said of [undefined, null, "many", {}, [[]]]) expect(noticesOf(said)).toEqual([]);
    expect(noticesOf(Array.from({ length: 1000 }, () => ({ kind: "disk_low" })))).toHaveLength(3);
  });

  it("is heard at sign-in, and again when it is asked", async () => {
    const { node, vault } = await makeVault();
    let changes = 0;
    vault.onChange(() => changes++);
    expect(vault.notices).toEqual([]);
    node.notices = [{ kind: "certificate_ending", days: 4 }];
    await vault.askNotices();
    expect(vault.notices).toEqual([{ kind: "certificate_ending", days: 4 }]);
    await vault.askNotices();
    expect(changes).toBe(1);
  });

  it("of another vault's session is refused", async () => {
    const { node, vault } = await makeVault();
    node.evil = (_, path, answer) => (path === "/v1/session" ? { ...(answer as object), vault_id: "0".repeat(32) } : answer);
    await expect(vault.askNotices()).rejects.toMatchObject({ name: "Alarm" });
  });
});
