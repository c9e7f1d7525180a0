// Exports: what is written is read back by our own importer, a sealed file gives nothing away and refuses every change.

import { createHmac } from "node:crypto";
import Papa from "papaparse";
import { describe, expect, test } from "vitest";
import { fieldKinds, type Tier } from "../crypto/kinds.ts";
import { archive, fixture, FIXTURE_PASSWORD, onepuxFiles } from "../import/fixtures/load.ts";
import { compare, detect, existingEntries, parse, type ImportedEntry, type ImportPlan } from "../import/index.ts";
import { Pace } from "../import/pace.ts";
import type { Entry, OpenedEntry } from "../vault/types.ts";
import { fromBase64Url, toBase64Url } from "./base64.ts";
import { exportCsv, exportEntries, exportJson, exportSealed, PASSPHRASE_CHARS_MIN, type ExportEntry } from "./index.ts";
import { openSealed, seal } from "./sealed.ts";

const options = { vaultName: "My Vault", exportedAtMs: Date.UTC(2026, 0, 2, 3, 4, 5), total: 0 };
const mac = (text: string): Promise<string> => Promise.resolve(createHmac("sha256", "a key of the vault").update(text).digest("hex"));
const cheap = { memoryKib: 64, passes: 1, lanes: 1 };

/** One entry of every field kind, at every tier it may have, with awkward text. */
function everything(): ExportEntry[] {
  const awkward = ["=1+1", " spaces ", "\"quotes\", commas; and\nlines\r\nof both kinds", "☂ 𝄞 é", "'-- ", "\t", "</script>", "{\"a\":1}"];
  const entries = fieldKinds.map((kind, i): ExportEntry => ({
    id: String(i).padStart(32, "0"), version: i + 1, kind: "custom", title: `Kind ${kind.name}`, folder: i % 2 === 0 ? "" : "A/B c", tags: i % 3 === 0 ? ["one", "two, three"] : [],
    favorite: i % 2 === 0, archived: i % 5 === 0,
    fields: ([1, 2, 3] as Tier[]).filter((tier) => tier >= kind.lowestTier).map((tier) => ({ kind: kind.name, label: `${kind.name} at ${tier}`, tier, value: kind.name === "file" ? new Uint8Array([0, 255, tier]) : (awkward[(i + tier) % awkward.length] ?? "") })),
    ...(i % 4 === 0 ? { origin: { source: "bitwarden", fingerprint: "f.f", details: { id: `source-${i}`, created: "2020-01-01" } } } : {}),
  }));
  entries.push({ id: "f".repeat(32), version: 9, kind: "login", title: "Plain login", folder: "", tags: ["semi;colon"], favorite: false, archived: false, fields: [
    { kind: "username", label: "Username", tier: 1, value: "owner" }, { kind: "password", label: "Password", tier: 3, value: "p,w\"" }, { kind: "url", label: "Website", tier: 1, value: "https://a.example.test" },
    { kind: "password", label: "Second", tier: 2, value: "q" },
  ] });
  return entries;
}

/** An entry without what an import adds or may not keep: its order of fields where the format has none of its own. */
function essence(entry: ExportEntry | ImportedEntry, sorted: boolean): unknown {
  const fields = entry.fields.map(({ kind, label, tier, value }) => ({ kind, label, tier, value }));
  if (sorted) fields.sort((a, b) => (`${a.kind} ${a.label}` < `${b.kind} ${b.label}` ? -1 : 1));
  return { kind: entry.kind, title: entry.title, folder: entry.folder, tags: entry.tags, favorite: entry.favorite, archived: entry.archived, fields };
}

function asExport(plan: ImportPlan): ExportEntry[] {
  return plan.rows.map(({ entry }, i) => ({ ...entry, id: String(i).padStart(32, "a"), version: 1 }));
}

describe("round trip", () => {
  test("JSON keeps every kind, tier, file and order", async () => {
    const entries = everything();
    const { blob, fileName, entries: count, leftOut } = await exportJson(entries, options);
    expect([fileName, count, leftOut]).toEqual(["clavitor-my-vault-2026-01-02.json", entries.length, []]);
    expect((await detect(blob)).format).toBe("clavitor-json");
    const plan = await parse(blob);
    expect(plan.rows.map((row) => essence(row.entry, false))).toEqual(entries.map((entry) => essence(entry, false)));
    expect(plan.rows.flatMap((row) => row.notices)).toEqual([]);
    expect(plan.rows[0]?.entry.origin.details).toEqual({ "first imported from": "bitwarden", id: "source-0", created: "2020-01-01" });
    expect(await blob.text()).not.toContain("f.f");
  });
  test("CSV keeps everything but files and order", async () => {
    const entries = everything();
    const { blob, leftOut } = await exportCsv(entries, options);
    expect(leftOut).toEqual(["1", "2", "3"].map((tier) => `The file "file at ${tier}" of "Kind file"`));
    expect((await detect(blob)).format).toBe("clavitor-csv");
    const withoutFiles = entries.map((entry) => ({ ...entry, fields: entry.fields.filter((field) => typeof field.value === "string") }));
    const plan = await parse(blob);
    expect(plan.rows.map((row) => essence(row.entry, true))).toEqual(withoutFiles.map((entry) => essence(entry, true)));
  });
  test("CSV is what another reader understands", async () => {
    const text = await (await exportCsv(everything(), options)).blob.text();
    const { data } = Papa.parse<Record<string, string>>(text, { header: true, skipEmptyLines: true });
    expect(data.at(-1)).toMatchObject({ title: "Plain login", url: "https://a.example.test", username: "owner", password: "p,w\"" });
  });
  test("whatever was imported goes out and comes back the same", async () => {
    for (const source of [fixture("bitwarden.json"), fixture("lastpass.csv"), archive(onepuxFiles())]) {
      const entries = asExport(await parse(source));
      const back = await parse((await exportJson(entries, options)).blob);
      expect(back.rows.map((row) => essence(row.entry, false))).toEqual(entries.map((entry) => essence(entry, false)));
    }
  });
  test("the vault that made an export skips it, until it is older than the export", async () => {
    const entries = everything();
    const plan = await parse((await exportJson(entries, options)).blob);
    const inVault = (version: (entry: ExportEntry) => number): Entry[] => entries.map((entry) => ({
      ...entry, version: version(entry), origin: null, trashed: false, destinations: [], scopes: [], changedMs: 0, author: null,
      fields: entry.fields.map((field, i) => ({ id: `${i}`, kind: field.kind, label: field.label, tier: field.tier, version: 1 })),
    }));
    expect((await compare(plan, existingEntries(inVault((entry) => entry.version)), mac)).counts).toMatchObject({ create: 0, merge: 0 });
    expect((await compare(plan, existingEntries(inVault((entry) => entry.version + 3)), mac)).counts).toMatchObject({ create: 0, merge: 0 });
    expect((await compare(plan, existingEntries(inVault((entry) => entry.version - 1)), mac)).counts).toMatchObject({ create: 0, merge: entries.length });
  });
  test("a tier below the lowest of its kind is raised, unknown kinds are kept hidden, damaged files are reported", async () => {
    const json = { format: "clavitor-export", version: 1, entries: [{ id: "x", version: 1, kind: "spaceship", title: "T", new_member: "kept", fields: [
      { kind: "card_number", label: "Number", tier: 1, value: "4111111111111111" }, { kind: "retina", label: "Eye", tier: 2, value: "v", extra: "more" }, { kind: "file", label: "F", tier: 2, file: "*" },
    ] }] };
    const plan = await parse(new Blob([JSON.stringify(json)]));
    const row = plan.rows[0]!;
    expect(row.entry.fields.map(({ kind, tier, value }) => [kind, tier, value])).toEqual([["card_number", 3, "4111111111111111"], ["hidden", 2, "v"], ["text", 1, "more"], ["text", 1, "kept"]]);
    expect(row.notices.map((notice) => notice.severity).sort()).toEqual(["altered", "altered", "altered", "lost"]);
    await expect(parse(new Blob([JSON.stringify({ ...json, version: 2 })]))).rejects.toMatchObject({ code: "unsupported" });
  });
});

describe("from the vault", () => {
  test("entries in the trash stay out, values come from the opened ones", async () => {
    const entry = (id: string, trashed: boolean): OpenedEntry => ({
      id, version: 2, title: id, kind: "login", folder: "", tags: [], favorite: false, archived: false, trashed, destinations: [], scopes: [], changedMs: 0, author: null, origin: null,
      fields: [{ id: "u", kind: "username", label: "Username", tier: 1, version: 1, value: "owner" }, { id: "p", kind: "password", label: "Password", tier: 2, version: 1 }],
      values: new Map([["p", "secret"]]),
    });
    async function* all(): AsyncGenerator<OpenedEntry> {
      yield entry("kept", false);
      yield entry("thrown away", true);
    }
    const { blob, entries } = await exportJson(exportEntries(all()), options);
    expect(entries).toBe(1);
    expect((await parse(blob)).rows[0]?.entry.fields.map((field) => field.value)).toEqual(["owner", "secret"]);
  });
});

describe("sealed", () => {
  const passphrase = "correct horse ☂ é";
  const sealed = async (parts: string[], cost = cheap): Promise<Uint8Array<ArrayBuffer>> => {
    async function* plain(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
      for (const part of parts) yield new Uint8Array(new TextEncoder().encode(part));
    }
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    for await (const piece of seal(plain(), passphrase, new Pace(), cost)) pieces.push(piece);
    return new Uint8Array(await new Blob(pieces).arrayBuffer());
  };
  const open = (bytes: Uint8Array<ArrayBuffer>, word: string | undefined = passphrase): Promise<Uint8Array<ArrayBuffer>> => openSealed(bytes, word, new Pace());

  test("the whole way, at the usual cost, with progress; letters composed otherwise are the same", async () => {
    const steps = new Set<string>();
    const { blob, fileName } = await exportSealed(everything(), passphrase, { ...options, onProgress: ({ step }) => steps.add(step) });
    expect(fileName).toBe("clavitor-my-vault-2026-01-02.clavitor");
    expect(await detect(blob)).toEqual({ format: "clavitor-sealed", candidates: ["clavitor-sealed"], needsPassword: true });
    const header = new TextDecoder("latin1").decode(new Uint8Array(await blob.slice(12, 300).arrayBuffer()));
    expect(header).toContain("\"memory_kib\":65536,\"passes\":3");
    const plan = await parse(blob, { password: passphrase.normalize("NFD") });
    expect(plan.rows).toHaveLength(everything().length);
    expect([...steps].sort()).toEqual(["unlocking", "writing"]);
  }, 60_000);
  test("a file written by another implementation opens, and must for ever", async () => {
    const plan = await parse(fixture("sealed-pinned.clavitor"), { password: FIXTURE_PASSWORD });
    expect(plan.rows.map((row) => essence(row.entry, false))).toEqual([{ kind: "login", title: "Pinned entry", folder: "A/B", tags: ["t"], favorite: true, archived: false, fields: [
      { kind: "username", label: "Username", tier: 1, value: "owner" }, { kind: "password", label: "Password", tier: 3, value: "pinned ☂ secret" },
      { kind: "file", label: "f.bin", tier: 2, value: new Uint8Array([0, 1, 2, 255]) },
    ] }]);
  });
  test("every size around a chunk comes back, and no chunk is empty but the only one", async () => {
    const chunk = 256 * 1024;
    for (const size of [0, 1, chunk - 1, chunk, chunk + 1, 2 * chunk, 2 * chunk + 7]) {
      const text = "x".repeat(size);
      const bytes = await sealed(size > 1 ? [text.slice(0, size / 2), "", text.slice(size / 2)] : [text]);
      expect(new TextDecoder().decode(await open(bytes))).toBe(text);
    }
  });
  test("two seals of one text share nothing after the header's fixed part", async () => {
    const [a, b] = [await sealed(["same"]), await sealed(["same"])];
    expect(toBase64Url(a.subarray(-20))).not.toBe(toBase64Url(b.subarray(-20)));
  });
  test("a short passphrase is refused", async () => {
    await expect(exportSealed([], "x".repeat(PASSPHRASE_CHARS_MIN - 1), options)).rejects.toThrow(RangeError);
  });
  test("no passphrase and a wrong one have their own names", async () => {
    const bytes = await sealed(["text"]);
    await expect(open(bytes, "")).rejects.toMatchObject({ code: "password_needed" });
    await expect(open(bytes, "wrong")).rejects.toMatchObject({ code: "password_wrong" });
  });
  test("every changed byte is refused", async () => {
    const bytes = await sealed(["some text that is sealed"]);
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice();
      changed[at] = (changed[at] ?? 0) ^ 0x01;
      await expect(open(changed), `byte ${at}`).rejects.toMatchObject({ name: "ImportError" });
    }
  }, 60_000);
  test("chunks cannot be cut off, added, swapped or repeated", async () => {
    const chunk = 256 * 1024 + 16;
    const bytes = await sealed(["a".repeat(256 * 1024), "b".repeat(256 * 1024), "c"]);
    const start = bytes.length - 2 * chunk - 17;
    const [a, b, c] = [bytes.slice(start, start + chunk), bytes.slice(start + chunk, start + 2 * chunk), bytes.slice(start + 2 * chunk)];
    const head = bytes.slice(0, start);
    for (const parts of [[a, b], [a], [b, a, c], [a, a, b, c], [a, b, c, c], [a, c], [a, b, c.slice(0, 5)], []]) {
      const changed = new Uint8Array(await new Blob([head, ...parts]).arrayBuffer());
      await expect(open(changed)).rejects.toMatchObject({ code: "damaged" });
    }
  });
  test("a header that asks for too much is refused before it is spent", async () => {
    const bytes = await sealed(["x"], { ...cheap, memoryKib: 64 });
    const text = new TextDecoder("latin1").decode(bytes).replace("\"memory_kib\":64", "\"memory_kib\":99999999").replace("\"lanes\":1,", "\"lanes\":1,");
    const grown = Uint8Array.from([...text].map((c) => c.charCodeAt(0)));
    new DataView(grown.buffer).setUint32(8, new DataView(bytes.buffer).getUint32(8) + 6);
    await expect(open(grown)).rejects.toMatchObject({ code: "cost_too_high" });
  });
});

test("ten thousand entries are written with turns for the page, and stop when told", async () => {
  const many = function* (): Generator<ExportEntry> {
    for (let i = 0; i < 10_000; i++) yield { id: `${i}`, version: 1, kind: "login", title: `Site ${i}`, folder: "", tags: [], favorite: false, archived: false, fields: [{ kind: "password", label: "Password", tier: 2, value: `secret-${i}` }] };
  };
  let turns = 0;
  let running = true;
  const other = (async () => {
    for (; running; turns++) await new Promise((resolve) => setImmediate(resolve));
  })();
  const { entries, blob } = await exportJson(many(), { ...options, total: 10_000 });
  running = false;
  await other;
  expect(entries).toBe(10_000);
  expect(turns).toBeGreaterThan(1);
  expect((await parse(blob)).rows).toHaveLength(10_000);
  const stop = new AbortController();
  const stopped = exportCsv((function* () {
    for (const entry of many()) {
      if (entry.id === "5000") stop.abort();
      yield entry;
    }
  })(), { ...options, total: 10_000, signal: stop.signal });
  await expect(stopped).rejects.toMatchObject({ code: "aborted" });
});

test("base64url goes both ways, and refuses what it is not", () => {
  for (let length = 0; length < 70; length++) {
    const bytes = crypto.getRandomValues(new Uint8Array(length));
    expect(toBase64Url(bytes)).toBe(Buffer.from(bytes).toString("base64url"));
    expect(fromBase64Url(toBase64Url(bytes))).toEqual(bytes);
  }
  for (const text of ["a", "a+b=", "a b", "ab=="]) expect(fromBase64Url(text)).toBeUndefined();
});
