// Broken files: cut anywhere, bytes changed anywhere, members of the wrong type. Each gives a plan or a named refusal, never anything else.

import { describe, expect, test } from "vitest";
import { archive, fixture, fixtureNames, fixtureText, onepuxFiles } from "./fixtures/load.ts";
import { ImportError, parse } from "./index.ts";

/** Numbers below the argument, from a fixed start. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >>> 8) % below;
  };
}

async function planOrRefusal(blob: Blob, what: string): Promise<void> {
  const result = await parse(blob).catch((error: unknown) => error);
  if (result instanceof Error) {
    expect(result, `${what}: ${result.stack ?? ""}`).toBeInstanceOf(ImportError);
    expect(result.message.length, what).toBeGreaterThan(10);
  } else expect((result as { rows: unknown[] }).rows.length, what).toBeGreaterThan(0);
}

const plainFixtures = [...fixtureNames(".csv"), "bitwarden.json", "bitwarden-organization.json"];

describe("cut off and changed", () => {
  for (const name of [...plainFixtures, "1PUX"]) {
    test(name, async () => {
      const bytes = new Uint8Array(await (name === "1PUX" ? archive({ ...onepuxFiles(), "files/doc3__big.bin": new Uint8Array(9) }) : fixture(name)).arrayBuffer());
      const random = seeded(name.length * 31);
      for (let i = 0; i < 60; i++) {
        const length = random(bytes.length);
        await planOrRefusal(new Blob([bytes.slice(0, length)]), `cut at ${length}`);
        const changed = bytes.slice();
        const at = random(bytes.length);
        changed[at] = random(256);
        await planOrRefusal(new Blob([changed]), `byte ${at} is ${changed[at] ?? 0}`);
      }
    });
  }
});

describe("members of the wrong type", () => {
  const odd: unknown[] = [null, 0, -1, 1e300, true, "", "text", [], [[]], {}, { a: { b: ["c"] } }, ["x", 1, null], "\u0000", "ﷺ".repeat(50)];

  /** The value with one of its members, anywhere, replaced. */
  function replaced(value: unknown, random: (below: number) => number): unknown {
    if (random(6) === 0 || typeof value !== "object" || value === null) return odd[random(odd.length)];
    if (Array.isArray(value)) {
      const at = random(Math.max(1, value.length));
      return value.map((item: unknown, i) => (i === at ? replaced(item, random) : item));
    }
    const keys = Object.keys(value);
    const at = keys[random(Math.max(1, keys.length))];
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, key === at ? replaced(member, random) : (member as unknown)]));
  }

  const clavitor = { format: "clavitor-export", version: 1, entries: [{ id: "a", version: 1, kind: "login", title: "T", folder: "F", tags: ["t"], favorite: true, archived: false, origin: { source: "s", details: { a: "b" } }, fields: [{ kind: "password", label: "P", tier: 2, value: "v" }, { kind: "file", label: "F", tier: 2, file: "AAEC" }] }] };
  const sources: [name: string, root: unknown, wrap: (root: unknown) => Blob][] = [
    ["Bitwarden", JSON.parse(fixtureText("bitwarden.json")), (root) => new Blob([JSON.stringify(root)])],
    ["1PUX", JSON.parse(fixtureText("1password.export.data.json")), (root) => archive({ "export.data": new TextEncoder().encode(JSON.stringify(root)), "files/doc1__a": new Uint8Array([1]) })],
    ["Clavitor", clavitor, (root) => new Blob([JSON.stringify(root)])],
    ["protected", JSON.parse(fixtureText("bitwarden-protected-pbkdf2.json")), (root) => new Blob([JSON.stringify(root)])],
  ];
  for (const [name, root, wrap] of sources) {
    test(name, async () => {
      const random = seeded(name.length * 7919);
      for (let i = 0; i < 300; i++) {
        const changed = replaced(root, random);
        await planOrRefusal(wrap(changed), JSON.stringify(changed)?.slice(0, 2000) ?? "");
      }
    });
  }
});
