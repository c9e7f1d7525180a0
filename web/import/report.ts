// What a person is told after an import: one line for every row of the file, and everything that could not be kept. No secret stands in it.

import type { Comparison, ImportReport, Outcome, ReportRow } from "./types.ts";

/** What was done with a row, in the order of the comparison. */
export interface Applied {
  /** `null` when the row is not in the vault: it was skipped, or the work was stopped or failed before it. */
  entryId: string | null;
  /** What a merge changed. */
  notes?: readonly string[];
  /** Why it failed. */
  error?: string;
}

/** Makes the report. `applied` holds one item for each row that was not skipped, by its index in the plan. */
export function report(comparison: Comparison, applied: ReadonlyMap<number, Applied>): ImportReport {
  const counts: Record<Outcome, number> = { imported: 0, merged: 0, skipped: 0, altered: 0, failed: 0 };
  const losses = comparison.plan.notices.filter((notice) => notice.severity === "lost").map((notice) => notice.message);
  const rows = comparison.rows.map(({ row, action, reason, entryId }): ReportRow => {
    const done = applied.get(row.index);
    const outcome = outcomeOf(action, done, row.notices.some((notice) => notice.severity !== "info"));
    counts[outcome]++;
    const lost = row.notices.filter((notice) => notice.severity === "lost");
    if (outcome !== "skipped") losses.push(...lost.map((notice) => `${row.entry.title}: ${notice.message}`));
    if (outcome === "failed") losses.push(`${row.entry.title} (${row.place}) is not in the vault.`);
    const notes = [reason, ...row.notices.map((notice) => notice.message), ...(done?.notes ?? []), done?.error].filter((note) => note !== undefined);
    const id = done?.entryId ?? entryId;
    return { index: row.index, place: row.place, title: row.entry.title, outcome, notes: [...new Set(notes)], ...(id == null ? {} : { entryId: id }) };
  });
  return { rows, counts, losses, notices: comparison.plan.notices };
}

/** The report as text, to be kept. */
export function reportText(made: ImportReport): string {
  const { counts } = made;
  const head = `${counts.imported} imported, ${counts.altered} imported with changes, ${counts.merged} merged, ${counts.skipped} skipped, ${counts.failed} failed`;
  const rows = made.rows.map((row) => [`${row.outcome}\t${row.place}\t${row.title}`, ...row.notes.map((note) => `\t\t${note}`)].join("\n"));
  const lost = made.losses.length === 0 ? "Nothing was lost." : ["Not kept:", ...made.losses.map((loss) => `\t${loss}`)].join("\n");
  return [head, lost, ...made.notices.map((notice) => notice.message), "", ...rows, ""].join("\n");
}

function outcomeOf(action: "create" | "merge" | "skip", done: Applied | undefined, changed: boolean): Outcome {
  if (action === "skip") return "skipped";
  if (done === undefined || done.entryId === null) return "failed";
  if (action === "merge") return done.notes === undefined || done.notes.length === 0 ? "skipped" : "merged";
  return changed ? "altered" : "imported";
}
