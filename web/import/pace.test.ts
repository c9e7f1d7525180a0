// Ten thousand rows: the page gets its turn all along, progress only grows, and stopping works at any point.

import { describe, expect, test } from "vitest";
import { compare, parse } from "./index.ts";
import type { Progress } from "./index.ts";
import { parseCsv } from "./csv.ts";
import { file } from "./fixtures/load.ts";
import { parseJson } from "./json.ts";
import { json_piece_chars_max, slice_ms_max } from "./limits.ts";
import { Pace } from "./pace.ts";

const ROWS = 10_000;
const csv = ["name,url,username,password,note", ...Array.from({ length: ROWS }, (_, i) => `Site ${i},https://s${i}.example.test/login,user${i},secret-${i},"line one\nline ${i}"`)].join("\n");
const json = JSON.stringify({
  encrypted: false, folders: [],
  items: Array.from({ length: ROWS }, (_, i) => ({ id: `id-${i}`, type: 1, name: `Site ${i}`, notes: "n".repeat(200), login: { username: `user${i}`, password: `secret-${i}`, uris: [{ match: null, uri: `https://s${i}.example.test/` }] } })),
});
const mac = (text: string): Promise<string> => Promise.resolve(text.slice(0, 40));

/** A clock that moves on by one millisecond whenever it is looked at, and counts the page's turns. */
function countingPace(work = {}): { pace: Pace; looks: () => number; turns: () => number } {
  let now = 0;
  let turns = 0;
  const pace = new Pace(work, {
    now: () => ++now,
    turn: () => {
      turns++;
      return Promise.resolve();
    },
  });
  return { pace, looks: () => now, turns: () => turns };
}

describe("the page gets its turn", () => {
  test("after every row of a table, when its slice is used up", async () => {
    const { pace, looks, turns } = countingPace();
    await parseCsv(csv, pace);
    expect(looks()).toBeGreaterThan(ROWS);
    expect(turns()).toBeGreaterThan(ROWS / (slice_ms_max + 2));
  });
  test("after every piece of JSON", async () => {
    const { pace, looks, turns } = countingPace();
    await parseJson(json, pace);
    expect(json.length).toBeGreaterThan(20 * json_piece_chars_max);
    expect(looks()).toBeGreaterThan(ROWS);
    expect(turns()).toBeGreaterThan(ROWS / (slice_ms_max + 2));
  });
  test("other work runs between, in a whole import", async () => {
    for (const text of [csv, json]) {
      let turns = 0;
      let running = true;
      const other = (async () => {
        for (; running; turns++) await new Promise((resolve) => setImmediate(resolve));
      })();
      const plan = await parse(file(text));
      await compare(plan, [], mac);
      running = false;
      await other;
      expect(plan.rows).toHaveLength(ROWS);
      expect(turns).toBeGreaterThan(5);
    }
  });
});

test.each([["CSV", csv], ["JSON", json]])("progress of %s goes from step to step, only grows within one, and ends at its total", async (_, text) => {
  const seen: Progress[] = [];
  const plan = await parse(file(text), { onProgress: (progress) => seen.push({ ...progress }) });
  await compare(plan, [], mac, { onProgress: (progress) => seen.push({ ...progress }) });
  const comparing = seen.filter(({ step }) => step === "comparing");
  expect(comparing.at(-1)).toEqual({ step: "comparing", done: ROWS * 2, total: ROWS * 2 });
  expect(seen.filter(({ step }) => step === "parsing").at(-1)).toEqual({ step: "parsing", done: ROWS, total: ROWS });
  const order = ["reading", "parsing", "comparing"];
  for (const [i, { step, done, total }] of seen.entries()) {
    expect(done).toBeLessThanOrEqual(total);
    const before = seen[i - 1];
    if (before === undefined) continue;
    expect(order.indexOf(step)).toBeGreaterThanOrEqual(order.indexOf(before.step));
    if (step === before.step) expect(done).toBeGreaterThanOrEqual(before.done);
  }
});

describe("stopping", () => {
  test("before it begins", async () => {
    const stop = new AbortController();
    stop.abort();
    await expect(parse(file(csv), { signal: stop.signal })).rejects.toMatchObject({ code: "aborted" });
    const plan = await parse(file("name,url,username,password\na,b,c,d"));
    await expect(compare(plan, [], mac, { signal: stop.signal })).rejects.toMatchObject({ code: "aborted" });
  });
  for (const [name, text] of [["CSV", csv], ["JSON", json]] as const) {
    test(`in the middle of ${name}`, async () => {
      const stop = new AbortController();
      let reports = 0;
      const onProgress = (): void => {
        if (++reports === 4) stop.abort();
      };
      await expect(parse(file(text), { signal: stop.signal, onProgress })).rejects.toMatchObject({ code: "aborted" });
    });
  }
});
