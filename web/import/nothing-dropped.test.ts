// Every value in every fixture, and in made-up tables, is found again in the plan.

import { describe, expect, test } from "vitest";
import { archive, file, fixture, fixtureNames, fixtureText, FIXTURE_PASSWORD, onepuxFiles } from "./fixtures/load.ts";
import { aboutText, keptText } from "./fixtures/find.ts";
import { dialects } from "./detect.ts";
import { ImportError, parse } from "./index.ts";
import type { ImportPlan } from "./index.ts";

/** Members of JSON exports that say how a value is shown or of what type it is, not what it is. */
const STRUCTURE = new Set([
  "type", "linkedId", "encrypted", "favorite", "reprompt", "match", "folderId", "collectionIds", "fieldType", "designation", "guarded", "multiline", "dontGenerate",
  "inputTraits", "keyboard", "correction", "capitalization", "favIndex", "state", "categoryUuid", "ps", "pbe", "pgrng", "decryptedSize", "trashed", "externalId",
  "documentId", "secureNote", "date", "id", "name",
]);

/** Leaves of a JSON value that are contents. `date`, `id` and `name` are contents except where a format uses them for its own structure. */
function contents(value: unknown, key = "", parent = ""): string[] {
  if (value === null || value === "" || value === true || value === false) return [];
  if (Array.isArray(value)) return value.flatMap((item) => contents(item, key, parent));
  if (typeof value === "object") return Object.entries(value).flatMap(([name, member]) => contents(member, name, key));
  const structural = STRUCTURE.has(key) && !(key === "name" && ["", "items", "folders", "collections", "attrs"].includes(parent));
  return structural ? [] : [String(value)];
}

/** The same value as the plan may write it: a moment as a date, a month, a bare secret in capitals. */
function forms(value: string): string[] {
  const number = Number(value);
  const dates = /^-?\d{8,13}$/.test(value) ? [number * 1000, number].flatMap((ms) => [new Date(ms).toISOString().replace(".000Z", "Z"), new Date(ms).toISOString().slice(0, 10)]) : [];
  const month = /^\d{6}$/.test(value) ? [`${value.slice(4)}/${value.slice(0, 4)}`] : [];
  const bare = value.replace(/^steam:\/\//i, "").replace(/\s/g, "").toUpperCase();
  const uri = /secret=([A-Z2-7]+)/i.exec(value) ?? /key=([A-Z2-7]+)/i.exec(value);
  return [value, value.trim(), ...dates, ...month, ...(/^[A-Z2-7]{16,}$/.test(bare) ? [bare] : []), ...(uri?.[1] === undefined ? [] : [uri[1]])];
}

function appears(value: string, kept: string): boolean {
  return forms(value).some((form) => kept.includes(form));
}

/** A cell, whole or in the parts that a dialect documents: lines, list members, parts of a path. */
function cellAppears(cell: string, kept: string): boolean {
  if (appears(cell, kept)) return true;
  const line = (text: string): boolean => {
    if (text.trim() === "" || appears(text, kept)) return true;
    const colon = text.indexOf(":");
    const [label, value] = colon < 0 ? [text, ""] : [text.slice(0, colon), text.slice(colon + 1)];
    const empty = value.replaceAll(",", "").trim() === "";
    return (empty || appears(label, kept) || ["NoteType", "Language", "Notes"].includes(label)) && (empty || appears(value.trim(), kept) || dateAppears(value, kept));
  };
  return cell.split("\n").every(line) || cell.split(/[,\\/;]/).every((part) => part.trim() === "" || appears(part.trim().replace(/[\u0000-\u001f]/g, " "), kept));
}

function dateAppears(value: string, kept: string): boolean {
  const parsed = new Date(`${value.replaceAll(",", " ")} UTC`);
  const iso = Number.isNaN(parsed.getTime()) ? "" : parsed.toISOString();
  return iso !== "" && (kept.includes(iso.slice(0, 10)) || kept.includes(`${iso.slice(5, 7)}/${iso.slice(0, 4)}`));
}

/** Cells that mean "nothing" in their dialect, or say of what kind a row is. */
const MEANINGLESS: Record<string, string[]> = { "lastpass.csv": ["http://sn", "http://", "(none)", "0", "1"], "lastpass-html.csv": ["(none)", "0"], "bitwarden.csv": ["login", "note", "0", "1"], "bitwarden-organization.csv": ["login", "0"], "1password.csv": ["true", "false"] };

async function planOf(blob: Blob): Promise<ImportPlan> {
  return parse(blob, { password: FIXTURE_PASSWORD });
}

describe("CSV fixtures, read a second time by Python", () => {
  const read = JSON.parse(fixtureText("csv-rows.json")) as Record<string, string[][]>;
  for (const name of fixtureNames(".csv")) {
    test(name, async () => {
      const rows = (read[name] ?? []).slice(1).filter((cells) => cells.some((cell) => cell !== ""));
      expect(rows.length).toBeGreaterThan(0);
      const plan = await planOf(fixture(name));
      expect(plan.rows).toHaveLength(rows.length);
      const decode = name === "lastpass-html.csv" ? (cell: string) => cell.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", "\"").replaceAll("&amp;", "&") : (cell: string) => cell;
      for (const [i, cells] of rows.entries()) {
        const kept = `${keptText(plan.rows[i]!)}\u0001${aboutText(plan)}`;
        for (const cell of cells) {
          if (cell.trim() === "" || MEANINGLESS[name]?.includes(cell) === true) continue;
          expect(cellAppears(decode(cell), kept), `${name} row ${i + 1}: ${cell}`).toBe(true);
        }
      }
    });
  }
});

describe("JSON fixtures", () => {
  for (const name of ["bitwarden.json", "bitwarden-organization.json"]) {
    test(name, async () => {
      const plan = await planOf(fixture(name));
      const source = JSON.parse(fixtureText(name)) as { items: unknown[] };
      expect(plan.rows).toHaveLength(source.items.length);
      for (const [i, item] of source.items.entries()) expectAll(contents(item), `${keptText(plan.rows[i]!)}\u0001${aboutText(plan)}`);
      const whole = [...plan.rows.map(keptText), aboutText(plan)].join("\u0001");
      for (const value of contents({ ...source, items: [] })) expect(value.split("/").every((part) => whole.includes(part)) || /^[0-9a-f-]{36}$|^0rg$/.test(value), value).toBe(true);
    });
  }
  for (const name of fixtureNames(".json").filter((each) => each.startsWith("bitwarden-protected"))) {
    test(name, async () => {
      const plan = await planOf(fixture(name));
      const item = (JSON.parse(fixtureText("bitwarden.json")) as { items: unknown[] }).items[1];
      expect(plan.rows).toHaveLength(1);
      expectAll(contents(item), keptText(plan.rows[0]!));
    });
  }
  test("1password.1pux", async () => {
    const plan = await planOf(archive(onepuxFiles()));
    const source = JSON.parse(fixtureText("1password.export.data.json")) as { accounts: { attrs: unknown; vaults: { attrs: unknown; items: unknown[] }[] }[] };
    const items = source.accounts.flatMap((account) => account.vaults.flatMap((vault) => vault.items));
    expect(plan.rows).toHaveLength(items.length);
    for (const [i, item] of items.entries()) expectAll(contents(item), `${keptText(plan.rows[i]!)}\u0001${aboutText(plan)}`);
    const whole = [...plan.rows.map(keptText), aboutText(plan)].join("\u0001");
    for (const account of source.accounts) expectAll([...contents(account.attrs), ...account.vaults.flatMap((vault) => contents(vault.attrs))], whole);
  });
});

function expectAll(values: string[], kept: string): void {
  for (const value of values) expect(appears(value, kept) || value.split("\n").every((line) => kept.includes(line)), value).toBe(true);
}

describe("made-up tables in every dialect", () => {
  const alphabet = ["a", "B", "7", " ", ",", ";", "\"", "\n", "\r\n", "\t", "=", "é", "☂", "𝄞", "\\", "/", "&", "http://", "@", ":", "{", "-----BEGIN PRIVATE KEY-----", "4111111111111111"];
  for (const dialect of dialects.filter((each) => each.format !== "clavitor-csv")) {
    test(dialect.format, async () => {
      const random = seeded(dialect.format.length * 977);
      const own = Object.keys(dialect.columns).filter((name) => dialect.required.includes(name) || dialect.required.length === 0).slice(0, 12);
      for (let round = 0; round < 20; round++) {
        const header = [...own, `Extra ${round}`, "Unknown column"];
        const rows = Array.from({ length: 8 }, () => header.map(() => Array.from({ length: random(7) }, () => alphabet[random(alphabet.length)]).join("")));
        const plan = await planOf(file([header, ...rows].map((cells) => cells.map((cell) => `"${cell.replaceAll("\"", "\"\"")}"`).join(",")).join("\r\n"))).catch((error: unknown) => error);
        if (plan instanceof ImportError) {
          expect(rows.every((cells) => cells.every((cell) => cell.trim() === "")), plan.message).toBe(true);
          continue;
        }
        const kept = `${[...(plan as ImportPlan).rows.map(keptText), aboutText(plan as ImportPlan)].join("\u0001")}`.replace(/[\s\u0000]+/g, "");
        for (const cells of rows) for (const cell of cells) for (const part of cell.split(/[\s,;/\\:]+/)) expect(kept.includes(part), JSON.stringify({ round, cell, part })).toBe(true);
      }
    });
  }
});

/** A small generator with a fixed start: numbers below the argument. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >>> 8) % below;
  };
}
