// A plan against the vault: the second import is a no-op, changes merge, what was changed on both sides is kept apart, and the report has every row.

import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { Entry } from "../vault/types.ts";
import { archive, file, fixture, fixtureNames, FIXTURE_PASSWORD, onepuxFiles } from "./fixtures/load.ts";
import { compare, existingEntries, merge, parse, report, reportText } from "./index.ts";
import type { Applied, Comparison, ImportedEntry } from "./index.ts";

const mac = (text: string): Promise<string> => Promise.resolve(createHmac("sha256", "a key of the vault").update(text).digest("hex"));

/** An entry as the vault would show it after an import. */
function stored(entry: ImportedEntry, id: string, version = 1): Entry {
  const fields = entry.fields.map((field, i) => ({
    id: `${id}-${i}`, kind: field.kind, label: field.label, tier: field.tier, version: 1,
    ...(field.tier === 1 && typeof field.value === "string" ? { value: field.value } : {}),
  }));
  return { ...entry, id, version, fields, trashed: false, scopes: [], changedMs: 0, author: null };
}

/** Imports everything that is to be created. */
function vaultAfter(comparison: Comparison): Entry[] {
  return comparison.rows.filter(({ action }) => action === "create").map(({ row }) => stored(row.entry, `entry-${row.index}`));
}

const chrome = (...rows: string[]): Blob => file(["name,url,username,password,note", ...rows].join("\n"));
const first = chrome("Site,https://site.example.test,owner,one,", "Other,https://other.example.test,owner,two,note");

describe("the second import of a file changes nothing", () => {
  const names = [...fixtureNames(".csv"), "bitwarden.json", "bitwarden-organization.json", "bitwarden-protected-pbkdf2.json"];
  for (const name of [...names, "1PUX"]) {
    test(name, async () => {
      const blob = name === "1PUX" ? archive(onepuxFiles()) : fixture(name);
      const once = await compare(await parse(blob, { password: FIXTURE_PASSWORD }), [], mac);
      expect(once.counts.create + once.counts.skip).toBe(once.rows.length);
      expect(once.counts.create).toBeGreaterThan(0);
      const again = await compare(await parse(blob, { password: FIXTURE_PASSWORD }), existingEntries(vaultAfter(once)), mac);
      expect(again.counts).toMatchObject({ create: 0, merge: 0, skip: once.rows.length });
    });
  }
});

test("a row that stands twice in the file is taken once", async () => {
  const { rows } = await compare(await parse(fixture("chrome.csv")), [], mac);
  expect(rows.map(({ action }) => action)).toEqual(["create", "create", "create", "skip", "create", "create", "create"]);
  expect(rows[3]?.reason).toBe("The same as line 2 of this file.");
});

test("rows of one name and different contents are all taken, and find themselves again", async () => {
  const twins = chrome("Site,https://site.example.test,owner,one,", "Site,https://site.example.test,owner,two,");
  const once = await compare(await parse(twins), [], mac);
  expect(once.counts.create).toBe(2);
  const changed = chrome("Site,https://site.example.test,owner,three,", "Site,https://site.example.test,owner,two,");
  const again = await compare(await parse(changed), existingEntries(vaultAfter(once)), mac);
  expect(again.rows.map(({ action, entryId }) => [action, entryId])).toEqual([["merge", "entry-0"], ["skip", "entry-1"]]);
});

test("the order of rows and columns does not matter", async () => {
  const vault = existingEntries(vaultAfter(await compare(await parse(first), [], mac)));
  const turned = file("password,note,username,url,name\ntwo,note,owner,https://other.example.test,Other\none,,owner,https://site.example.test,Site");
  expect((await compare(await parse(turned), vault, mac)).counts).toMatchObject({ create: 0, merge: 0, skip: 2 });
});

test("a time of last use is no change", async () => {
  const text = await fixture("firefox.csv").text();
  const vault = existingEntries(vaultAfter(await compare(await parse(file(text)), [], mac)));
  const later = await compare(await parse(file(text.replace("1700000000000", "1800000000000"))), vault, mac);
  expect(later.counts).toMatchObject({ create: 0, merge: 0 });
});

test("entries in the trash do not count, so that an undone import can be repeated", async () => {
  const once = await compare(await parse(first), [], mac);
  const trashed = vaultAfter(once).map((entry) => ({ ...entry, trashed: true }));
  expect((await compare(await parse(first), existingEntries(trashed), mac)).counts.create).toBe(2);
});

test("fingerprints depend on the vault's key", async () => {
  const other = (text: string): Promise<string> => Promise.resolve(createHmac("sha256", "another").update(text).digest("hex"));
  const [here, there] = [await compare(await parse(first), [], mac), await compare(await parse(first), [], other)];
  expect(here.rows[0]?.row.entry.origin.fingerprint).toMatch(/^[0-9a-f]{32}\.[0-9a-f]{32}$/);
  expect(here.rows[0]?.row.entry.origin.fingerprint).not.toBe(there.rows[0]?.row.entry.origin.fingerprint);
});

describe("a row that changed", () => {
  const changed = chrome("Site,https://site.example.test,owner,new-secret,and a note", "Other,https://other.example.test,owner,two,note");
  test("merges: values that differ are replaced, new fields added, the rest stays", async () => {
    const vault = vaultAfter(await compare(await parse(first), [], mac));
    const next = await compare(await parse(changed), existingEntries(vault), mac);
    expect(next.rows.map(({ action, entryId }) => [action, entryId])).toEqual([["merge", "entry-0"], ["skip", "entry-1"]]);
    const opened: Record<string, string> = { "entry-0-0": "owner", "entry-0-1": "one", "entry-0-2": "https://site.example.test" };
    const made = await merge(vault[0]!, next.rows[0]!.row.entry, (id) => Promise.resolve(opened[id] ?? ""));
    expect(made.notes).toEqual(["\"Password\" was replaced.", "\"Notes\" was added."]);
    expect(made.draft.fields.map(({ id, label, value }) => [id, label, value])).toEqual([
      ["entry-0-0", "Username", undefined], ["entry-0-1", "Password", "new-secret"], ["entry-0-2", "Website", undefined], [undefined, "Notes", "and a note"],
    ]);
    // After the merge the same file is a no-op.
    const after = [{ ...vault[0]!, version: 2, origin: made.draft.origin! }, vault[1]!];
    expect((await compare(await parse(changed), existingEntries(after), mac)).counts).toMatchObject({ create: 0, merge: 0, skip: 2 });
  });
  test("is kept apart when its entry was changed by hand since", async () => {
    const vault = vaultAfter(await compare(await parse(first), [], mac));
    const edited = vault.map((entry) => ({ ...entry, version: 2, fields: entry.fields.map((field) => ({ ...field, version: 2 })) }));
    const next = await compare(await parse(changed), existingEntries(edited), mac);
    expect(next.rows[0]).toMatchObject({ action: "create", reason: expect.stringContaining("kept as a separate entry") as string });
  });
  test("still merges when only the folder or a scope of its entry changed", async () => {
    const vault = vaultAfter(await compare(await parse(first), [], mac)).map((entry) => ({ ...entry, version: 5, folder: "Moved" }));
    expect((await compare(await parse(changed), existingEntries(vault), mac)).rows[0]?.action).toBe("merge");
  });
});

test("the same login from another program is kept apart, and said", async () => {
  const vault = vaultAfter(await compare(await parse(first), [], mac));
  const other = await compare(await parse(file("Title,Url,Username,Password,OTPAuth,Favorite,Archived,Tags,Notes\nSite,https://site.example.test,owner,one,,,,,")), existingEntries(vault), mac);
  expect(other.rows[0]).toMatchObject({ action: "create", reason: expect.stringContaining("another entry with this title") as string });
});

describe("the report", () => {
  test("has every row with its outcome, and every loss", async () => {
    const comparison = await compare(await parse(archive(onepuxFiles())), [], mac);
    const applied = new Map<number, Applied>(comparison.rows.map(({ row }) => [row.index, { entryId: row.index === 2 ? null : `e${row.index}`, ...(row.index === 2 ? { error: "The connection was lost." } : {}) }]));
    const made = report(comparison, applied);
    expect(made.rows).toHaveLength(comparison.rows.length);
    expect(made.counts).toEqual({ imported: 8, merged: 0, skipped: 1, altered: 1, failed: 1 });
    expect(Object.values(made.counts).reduce((a, b) => a + b)).toBe(comparison.rows.length);
    expect(made.losses).toEqual([
      expect.stringContaining("files/doc7__stray.bin"), "Note (Private, item 3) is not in the vault.",
      expect.stringContaining("missing.bin"), expect.stringContaining("big.bin"),
    ]);
    const text = reportText(made);
    expect(text).toContain("8 imported, 1 imported with changes, 0 merged, 1 skipped, 1 failed");
    for (const row of made.rows) expect(text).toContain(row.title);
  });
  test("holds no secret", async () => {
    const plan = await parse(fixture("bitwarden.json"));
    const comparison = await compare(plan, [], mac);
    const text = reportText(report(comparison, new Map(plan.rows.map((row) => [row.index, { entryId: "e" }]))));
    for (const row of plan.rows) for (const field of row.entry.fields) if (field.tier > 1) expect(text).not.toContain(String(field.value));
  });
  test("a merge that found nothing to change counts as skipped", async () => {
    const comparison = await compare(await parse(first), [], mac);
    comparison.rows[0] = { ...comparison.rows[0]!, action: "merge", entryId: "e0" };
    const made = report(comparison, new Map([[0, { entryId: "e0", notes: [] }], [1, { entryId: "e1" }]]));
    expect(made.counts).toMatchObject({ merged: 0, skipped: 1, imported: 1 });
  });
});
