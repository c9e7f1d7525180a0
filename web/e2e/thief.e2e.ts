// The thief: takes every file of the node and a copy of its memory while nothing is in flight, and looks for anything that opens a tier.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fromHex } from "../crypto/bytes.ts";
import { derive } from "../crypto/derive.ts";
import { idBytes } from "../crypto/ids.ts";
import { parseToken } from "../crypto/token.ts";
import { t } from "../pages/words/index.ts";
import { openBrowser } from "./harness/browser.ts";
import { dump } from "./harness/memory.ts";
import { keysInHand, type HeldKey, StolenDatabase, tryAll, tryOwners } from "./harness/loot.ts";
import { find, type Needle, text } from "./harness/needles.ts";
import { endWorld, entryTitle, makeWorld, secretsOf, values, type World } from "./harness/world.ts";

/** Tier 2 of an entry that the agent has in no scope. */
const outside = "tier-two-outside-Walnut-40117";

let browser: Browser;
let world: World;
let needles: Needle[];
let vaultId: string;

beforeAll(async () => {
  browser = await openBrowser();
  world = await makeWorld(browser);
  await world.person.createEntry("login", "Outside", { [t.kinds.field.password]: { value: outside } });
  const token = await world.person.makeHostedToken({ name: "Searched hosted", scope: "Searched scope", perMinute: 10 });
  ({ needles, vaultId } = await secretsOf(world));
  const { secret } = parseToken(token);
  needles.push(text("hosted token", token), { name: "hosted secret", bytes: secret });
  needles.push({ name: "hosted key", bytes: await derive(secret.slice(), "token/k1", idBytes(vaultId), 0) });
  await useHosted(token);
  await world.person.lock();
  await world.device.page.goto("about:blank");
});

afterAll(async () => {
  await endWorld(world);
  await browser.close();
});

/** The node opens tier 1 a few times, each over a connection of its own. */
async function useHosted(token: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, connection: "close" };
  const list = await fetch(`${world.node.origin}/v1/hosted/entries`, { headers });
  const { entries } = (await list.json()) as { entries: { entry_id: string; title: string }[] };
  const id = entries.find((entry) => entry.title === "Hosted one")?.entry_id ?? "";
  for (let i = 0; i < 3; i++) {
    const answer = await fetch(`${world.node.origin}/v1/hosted/entries/${id}/fields/${t.kinds.field.password}`, { headers });
    expect(await answer.json()).toMatchObject({ value: values.hosted });
  }
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name)).filter((path) => statSync(path).isFile());
}

describe("a thief", () => {
  it("finds the vault in the files, so the search works", () => {
    const id: Needle = { name: "vault id", bytes: fromHex(vaultId) ?? new Uint8Array() };
    expect(filesIn(world.node.data).flatMap((path) => find(readFileSync(path), [id]))).not.toEqual([]);
  });

  it("finds nothing of any tier in the files", () => {
    for (const path of filesIn(world.node.data)) expect(find(readFileSync(path), needles), path).toEqual([]);
  });

  it("finds the vault in the memory, so the copy is one", () => {
    const found: string[] = [];
    const { bytes } = dump(world.node.pid, (memory) => void found.push(...find(memory, [text("vault id", vaultId), { name: "id", bytes: idBytes(vaultId) }])));
    expect(found).not.toEqual([]);
    expect(bytes).toBeGreaterThan(1_000_000);
  });

  describe("with an agent's key file as well", () => {
    let stolen: StolenDatabase;
    let keys: HeldKey[];

    beforeAll(async () => {
      stolen = new StolenDatabase(world.node.data);
      keys = await keysInHand(stolen, world.agent.home);
    });
    afterAll(() => stolen.remove());

    it("opens tiers 1 and 2 of that agent's scopes, so the attempt is a real one", async () => {
      expect(keys.filter((key) => key.name.startsWith("SK")).length).toBe(2);
      const opened: string[] = [];
      for (const field of stolen.fields().filter((one) => one.tier < 3)) opened.push((await tryAll(keys, field))?.value ?? "");
      const all = opened.join("\n");
      for (const value of [values.hosted, values.agents, entryTitle]) expect(all).toContain(value);
      expect(all).not.toContain(outside);
      expect(all).not.toContain("Outside");
    });

    it("opens no field of tier 3, with any key in hand or anything derived from one", async () => {
      const shut = stolen.fields().filter((field) => field.tier === 3);
      expect(shut.length).toBe(2);
      for (const field of shut) expect(await tryAll(keys, field)).toBeUndefined();
    });

    it("opens neither the owner's signing key, nor the names, nor a way in", async () => {
      expect(await tryOwners(stolen, keys)).toEqual([]);
    });
  });

  it("finds nothing of any tier in the memory", () => {
    const found: string[] = [];
    dump(world.node.pid, (memory) => void found.push(...find(memory, needles)));
    expect(found).toEqual([]);
  });
});
