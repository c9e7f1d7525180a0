// Holds a plan against the vault: what is new, what is there already, what has changed since it was imported.

import type { Entry } from "../vault/types.ts";
import { hostOf } from "./shape.ts";
import { keyedFingerprint } from "./fingerprint.ts";
import { Pace } from "./pace.ts";
import type { ComparedRow, Comparison, ExistingEntry, ImportPlan, Mac, PlanRow, Work } from "./types.ts";

/** What `compare` needs to know of the vault's entries. Those in the trash do not count, so that an import that was undone can be repeated. */
export function existingEntries(entries: readonly Entry[]): ExistingEntry[] {
  return entries.filter((entry) => !entry.trashed).map((entry) => {
    const fingerprint = entry.origin?.fingerprint ?? "";
    const written = Number(fingerprint.split(".")[2] ?? "1");
    return {
      entryId: entry.id,
      version: entry.version,
      fingerprint,
      edited: entry.fields.some((field) => field.version > written),
      likeness: likeness(entry.title, entry.fields.map(({ kind, value }) => ({ kind, value }))),
    };
  });
}

/**
 * Decides for each row: `create`, `merge` into the entry that came from it, or `skip`. The second import of a file skips every row. Sets the
 * fingerprint of every row's entry.
 */
export async function compare(plan: ImportPlan, existing: readonly ExistingEntry[], mac: Mac, work: Work = {}): Promise<Comparison> {
  const pace = new Pace(work);
  const vault = new VaultIndex(existing);
  const rows: ComparedRow[] = [];
  const inFile = new Map<string, PlanRow>();
  // Rows that are the same as before are matched first, so that of several rows with one name each finds its own.
  const fingerprints: string[] = [];
  for (const row of plan.rows) {
    const fingerprint = await keyedFingerprint(row.identity, row.content, mac);
    fingerprints.push(fingerprint);
    vault.reserve(fingerprint);
    await pace.step("comparing", fingerprints.length, plan.rows.length * 2);
  }
  for (const [i, row] of plan.rows.entries()) {
    const fingerprint = fingerprints[i] ?? "";
    row.entry.origin.fingerprint = fingerprint;
    const repeated = inFile.get(fingerprint);
    rows.push(repeated !== undefined ? { row, action: "skip", reason: `The same as ${repeated.place} of this file.` } : decide(row, fingerprint, vault));
    if (repeated === undefined) inFile.set(fingerprint, row);
    await pace.step("comparing", plan.rows.length + i, plan.rows.length * 2);
  }
  pace.report("comparing", rows.length * 2, rows.length * 2);
  return { plan, rows, counts: count(rows) };
}

/** Counts again, after the owner changed an action. */
export function count(rows: readonly ComparedRow[]): Comparison["counts"] {
  const counts = { create: 0, merge: 0, skip: 0, altered: 0, lost: 0 };
  for (const { action, row } of rows) {
    counts[action]++;
    if (action === "skip") continue;
    if (row.notices.some((notice) => notice.severity === "altered")) counts.altered++;
    if (row.notices.some((notice) => notice.severity === "lost")) counts.lost++;
  }
  return counts;
}

function decide(row: PlanRow, fingerprint: string, vault: VaultIndex): ComparedRow {
  const same = vault.same(fingerprint);
  if (same !== undefined) return { row, action: "skip", entryId: same.entryId, reason: "Already in the vault." };
  const own = row.exported === undefined ? undefined : vault.byId(row.exported.id);
  if (own !== undefined && row.exported !== undefined) {
    if (own.version >= row.exported.version) return { row, action: "skip", entryId: own.entryId, reason: "Already in the vault, in this version or a newer one." };
    return { row, action: "merge", entryId: own.entryId, reason: "The file has a newer version of an entry in the vault." };
  }
  if (row.proposal === "skip") return { row, action: "skip", reason: row.notices[0]?.message ?? "Proposed to be left out." };
  const before = vault.takeIdentity(fingerprint);
  if (before !== undefined && !before.edited) return { row, action: "merge", entryId: before.entryId, reason: "Changed since it was imported; the old values stay in the history." };
  if (before !== undefined) return { row, action: "create", reason: "Changed in the file and in the vault since it was imported: kept as a separate entry." };
  const like = vault.like(likeness(row.entry.title, row.entry.fields));
  if (like !== undefined) return { row, action: "create", reason: "The vault holds another entry with this title, address and user name: kept as a separate entry." };
  return { row, action: "create" };
}

/** The vault's entries by what a row may share with them. */
class VaultIndex {
  readonly #byId = new Map<string, ExistingEntry>();
  readonly #byFingerprint = new Map<string, ExistingEntry>();
  readonly #byIdentity = new Map<string, ExistingEntry[]>();
  readonly #byLikeness = new Map<string, ExistingEntry>();
  readonly #reserved = new Set<ExistingEntry>();

  constructor(existing: readonly ExistingEntry[]) {
    for (const entry of existing) {
      this.#byId.set(entry.entryId, entry);
      if (entry.likeness !== "") this.#byLikeness.set(entry.likeness, entry);
      const [identity, content] = entry.fingerprint.split(".");
      if (identity === undefined || content === undefined) continue;
      this.#byFingerprint.set(`${identity}.${content}`, entry);
      this.#byIdentity.set(identity, [...(this.#byIdentity.get(identity) ?? []), entry]);
    }
  }

  reserve(fingerprint: string): void {
    const entry = this.#byFingerprint.get(fingerprint);
    if (entry !== undefined) this.#reserved.add(entry);
  }

  same(fingerprint: string): ExistingEntry | undefined {
    return this.#byFingerprint.get(fingerprint);
  }

  byId(id: string): ExistingEntry | undefined {
    return this.#byId.get(id);
  }

  like(text: string): ExistingEntry | undefined {
    return this.#byLikeness.get(text);
  }

  /** An entry of the same identity that no other row is the same as; each is given once. */
  takeIdentity(fingerprint: string): ExistingEntry | undefined {
    const entry = this.#byIdentity.get(fingerprint.split(".")[0] ?? "")?.find((each) => !this.#reserved.has(each));
    if (entry !== undefined) this.#reserved.add(entry);
    return entry;
  }
}

/** Empty when there is neither address nor user name: a title alone is no likeness. */
function likeness(title: string, fields: readonly { kind: string; value?: string | Uint8Array | undefined }[]): string {
  const first = (...kinds: string[]): string => {
    const value = fields.find((field) => kinds.includes(field.kind))?.value;
    return typeof value === "string" ? value : "";
  };
  const host = hostOf(first("url"));
  const user = first("username", "email");
  return host === "" && user === "" ? "" : [title, host, user].join("\u0000").toLowerCase();
}
