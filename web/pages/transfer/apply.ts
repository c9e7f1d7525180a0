// Carries out an import, and takes it back.
import { merge, report, type Applied, type ComparedRow, type Comparison, type ImportReport } from "../../import/index.ts";
import { Alarm, type Entries, type ImportReceipt, type Work } from "../../vault/index.ts";

/** What was done: the report, and what is needed to undo it. */
export interface Done {
  report: ImportReport;
  receipt: ImportReceipt;
  /** Merged entries with the version they had before. */
  merged: readonly { id: string; before: number }[];
  stopped: boolean;
}

/** Creates, then merges. One row that fails does not stop the others; an alarm stops everything. */
export async function applyImport(entries: Entries, comparison: Comparison, work: Work): Promise<Done> {
  const creates = comparison.rows.filter((row) => row.action === "create");
  const merges = comparison.rows.filter((row) => row.action === "merge");
  const total = creates.length + merges.length;
  const applied = new Map<number, Applied>();
  const receipt = await entries.importMany(
    creates.map(({ row }) => row.entry),
    {
      ...work,
      onProgress: ({ done }) => work.onProgress?.({ done, total }),
    },
  );
  creates.forEach(({ row }, at) => applied.set(row.index, { entryId: receipt.entryIds[at] ?? null }));
  const merged: { id: string; before: number }[] = [];
  for (const [at, compared] of merges.entries()) {
    if (work.signal?.aborted === true) break;
    const done = await mergeOne(entries, compared);
    applied.set(compared.row.index, done.applied);
    if (done.before !== null && compared.entryId !== undefined) merged.push({ id: compared.entryId, before: done.before });
    work.onProgress?.({ done: creates.length + at + 1, total });
  }
  return { report: report(comparison, applied), receipt, merged, stopped: work.signal?.aborted === true };
}

async function mergeOne(entries: Entries, { row, entryId }: ComparedRow): Promise<{ applied: Applied; before: number | null }> {
  const entry = entryId === undefined ? undefined : entries.get(entryId);
  if (entry === undefined) return { applied: { entryId: null }, before: null };
  const open = (fieldId: string, kind: string): Promise<string | Uint8Array> =>
    kind === "file" ? entries.openBytes(entry.id, fieldId) : entries.openField(entry.id, fieldId);
  try {
    const result = await merge(entry, row.entry, open);
    if (result === undefined) return { applied: { entryId: entry.id, notes: [] }, before: null };
    await entries.edit(entry.id, entry.version, result.draft);
    return { applied: { entryId: entry.id, notes: result.notes }, before: entry.version };
  } catch (failure) {
    if (failure instanceof Alarm || !(failure instanceof Error)) throw failure;
    return { applied: { entryId: null, error: failure.message }, before: null };
  }
}

/** New entries go to the trash, merged ones get back the content they had. */
export async function undoImport(entries: Entries, done: Done, work: Work): Promise<void> {
  await entries.undoImport(done.receipt, work);
  for (const { id, before } of done.merged) await entries.revert(id, before);
}
