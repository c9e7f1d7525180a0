// Entries in full, page by page: for an export file, and for rotations, which seal again what they find here.
import { fromUtf8, wipe } from "../crypto/bytes.ts";
import { zeroId } from "../crypto/ids.ts";
import { kindByNumber } from "../crypto/kinds.ts";
import { demand } from "../crypto/refused.ts";
import { type Detail, openValue, recordOf } from "./opening.ts";
import { id, list, object } from "./read.ts";
import type { Session } from "./session.ts";
import type { EntryStore } from "./store.ts";
import { entryView, type Summary } from "./summary.ts";
import type { OpenedEntry, Work } from "./types.ts";
import type { ExportPage } from "./wire.ts";

/** An entry with its records, proved. */
export interface Whole {
  readonly detail: Detail;
  readonly summary: Summary;
}

/** Every wanted entry with its records and the grants of all its versions, proved; refuses when the node leaves one out. Needs a fresh passkey. */
export async function* wholeEntries(store: EntryStore, wanted: ReadonlySet<string>): AsyncGenerator<Whole> {
  const missing = new Set(wanted);
  let after: string | undefined;
  do {
    const path = after === undefined ? "/v1/export" : (`/v1/export?after=${after}` as const);
    const page = object<ExportPage>(await store.session.parts.transport.send("GET", path), "entries");
    for (const entry of list(page.entries)) {
      if (!missing.delete(id(entry.entry_id))) continue;
      yield await store.takeDetail(entry.entry_id, entry);
    }
    const next = page.next ?? undefined;
    demand(next === undefined || after === undefined || next > after, "rule", "pages out of order");
    after = next;
  } while (after !== undefined);
  demand(missing.size === 0, "pin", "an entry has disappeared");
}

async function opened(session: Session, { detail, summary }: Whole): Promise<OpenedEntry> {
  const { header } = detail.signed;
  const view = entryView(header, summary);
  const values = new Map<string, string | Uint8Array>();
  for (const field of view.fields) if (field.value !== undefined) values.set(field.id, field.value);
  for (const field of header.fields.filter((one) => one.id !== zeroId)) {
    const value = await openValue(session, header, field, recordOf(field, detail.records), detail.grants);
    values.set(field.id, kindByNumber(field.kind)?.name === "file" ? value : textOf(value));
  }
  return { ...view, values };
}

function textOf(value: Uint8Array): string | Uint8Array {
  try {
    const text = fromUtf8(value);
    wipe(value);
    return text;
  } catch {
    return value;
  }
}

/** Live entries with every value. */
export async function* exportAll(session: Session, store: EntryStore, work: Work): AsyncGenerator<OpenedEntry> {
  await session.run(async () => {
    await store.load();
    await session.fresh();
  });
  const wanted = new Set([...store.all()].filter((held) => !held.view.trashed).map((held) => held.view.id));
  const entries = wholeEntries(store, wanted);
  for (let done = 1; ; done++) {
    const next = await session.run(() => entries.next());
    if (next.done || work.signal?.aborted) return;
    yield await session.run(() => opened(session, next.value));
    work.onProgress?.({ done, total: wanted.size });
  }
}
