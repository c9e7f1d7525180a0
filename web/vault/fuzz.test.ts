// Answers damaged at random, anywhere: the client either refuses or shows exactly what was written. It never shows anything else.
import { describe, expect, it } from "vitest";
import { Alarm, BadDraft, Conflict, Locked, PasskeyProblem, Refusal } from "./index.ts";
import { flipped } from "./testing/evil.ts";
import { type Full, makeVault, secondBrowser } from "./testing/world.ts";
import type { OpenVault } from "./index.ts";

type Place = { readonly holder: Record<string, unknown> | unknown[]; readonly key: string | number };

/** A generator that gives the same numbers for the same seed. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

function places(value: unknown, found: Place[] = []): Place[] {
  if (typeof value !== "object" || value === null) return found;
  for (const key of Array.isArray(value) ? value.keys() : Object.keys(value)) {
    const holder = value as Record<string, unknown>;
    found.push({ holder, key });
    places(holder[key], found);
  }
  return found;
}

/** Damages one place of an answer. */
function damage(answer: unknown, random: (below: number) => number): void {
  const all = places(answer);
  const place = all[random(all.length)];
  const other = all[random(all.length)];
  if (place === undefined || other === undefined) return;
  const holder = place.holder as Record<string | number, unknown>;
  const value = holder[place.key];
  const otherValue = (other.holder as Record<string | number, unknown>)[other.key];
  const garbage = [null, 7, "", "AAAA", [], {}, true, undefined, -1, 1e300, structuredClone(otherValue)];
  const turned = typeof value === "string" && /^[\w-]{8,}$/.test(value) && value.length % 4 !== 1;
  holder[place.key] = turned && random(3) > 0 ? flipped(value, random(8) - 9) : garbage[random(garbage.length)];
}

/** Everything a person sees that the owner has signed or sealed. */
async function shown(vault: OpenVault): Promise<unknown> {
  await vault.entries.load();
  const entries = await Promise.all(
    vault.entries.all().map(async (entry) => {
      const values = await Promise.all(entry.fields.map((field) => vault.entries.openField(entry.id, field.id)));
      return { entry, values, history: await vault.entries.history(entry.id) };
    }),
  );
  const ways = (await vault.ways.list()).list.map(({ id, kind, name }) => [id, kind, name]);
  const agents = (await vault.agents.list()).map(({ id, name, kind, scopes, perHour }) => ({ id, name, kind, scopes, perHour }));
  return { name: vault.name, entries, ways, agents, scopes: vault.scopes.list() };
}

const refusals = [Alarm, Refusal, PasskeyProblem, Conflict, Locked, BadDraft];

async function attempt(world: Full, honest: unknown): Promise<"refused" | "same"> {
  try {
    expect(await shown(await secondBrowser(world).client.unlock())).toEqual(honest);
    return "same";
  } catch (error) {
    if (refusals.some((kind) => error instanceof kind)) return "refused";
    throw error;
  }
}

describe("random damage", () => {
  it.each([1, 2, 3, 4])("seed %i", async (seed) => {
    const world = await makeVault(["Alpha", "Beta"]);
    await world.vault.agents.makeHosted("Curl", {
      scopes: [{ scopeId: "0".repeat(32), capabilities: { use: true, totp: true, reveal: true, write: false } }], perMinute: 3, perHour: 10, notAfterS: 2_000_000_000,
    });
    const alpha = world.vault.entries.all()[0];
    if (alpha) await world.vault.entries.trash([alpha.id]);
    const honest = await shown(await secondBrowser(world).client.unlock());
    const random = numbers(seed * 7919);
    const outcomes = { refused: 0, same: 0 };
    for (let i = 0; i < 60; i++) {
      let until = random(14);
      world.node.evil = (_, path, answer) => {
        if (path.startsWith("/v1/session") || until-- !== 0) return answer;
        damage(answer, random);
        return answer;
      };
      outcomes[await attempt(world, honest)]++;
    }
    expect(outcomes.refused).toBeGreaterThan(10);
  }, 60_000);
});
