// The past of an entry: each version proved by the one after it, opened, and compared with the one before.
import { equal, wipe } from "../crypto/bytes.ts";
import { Deleted, type Header, type HeaderField, type SignedHeader } from "../crypto/header.ts";
import { zeroId } from "../crypto/ids.ts";
import { demand } from "../crypto/refused.ts";
import { fetchHistory, readChain } from "./accept.ts";
import { openSummary, openValue, recordOf } from "./opening.ts";
import { blobOrNone, list } from "./read.ts";
import type { EntryStore } from "./store.ts";
import { fieldViews, type Summary } from "./summary.ts";
import type { EntryVersion, FieldView, VersionChange, VersionField } from "./types.ts";
import type { FieldRecord, Grant } from "./wire.ts";

/** One version, proved and not yet opened. */
export interface PastVersion {
  readonly signed: SignedHeader;
  readonly records: readonly FieldRecord[];
}

/** All versions of an entry, newest first, with the grants that open them. */
export interface Past {
  readonly versions: readonly PastVersion[];
  readonly grants: readonly Grant[];
}

/** Asks for the history and proves it. */
export async function fetchPast(store: EntryStore, entry: string): Promise<Past> {
  const { session, acceptor } = store;
  const answer = await fetchHistory(session, entry);
  const [newest] = answer;
  demand(newest !== undefined, "rule", "no history");
  const { detail } = await store.takeDetail(entry, newest);
  const pin = (await acceptor.pins()).get(entry);
  const chain = readChain(entry, answer, detail.signed, pin);
  await acceptor.proveAuthors(chain, undefined);
  const versions = chain.map((signed, at) => ({ signed, records: list(answer[at]?.records) }));
  return { versions, grants: detail.grants };
}

/** The summary as it was. */
export async function pastSummary(store: EntryStore, past: Past, version: PastVersion): Promise<Summary> {
  const record = version.records.find((one) => one.field_id === zeroId)?.record;
  return openSummary(store.session, version.signed.header, blobOrNone(record), past.grants, true);
}

/** A value as it was. The caller wipes it. */
export function pastValue(store: EntryStore, past: Past, version: PastVersion, field: HeaderField) {
  return openValue(store.session, version.signed.header, field, recordOf(field, version.records), past.grants, true);
}

interface Opened { readonly version: PastVersion; readonly summary: Summary; readonly fields: readonly FieldView[] }

/** Whether a value differs. Under another key the records differ anyway, and the values are compared. */
async function differs(store: EntryStore, past: Past, now: Opened, before: Opened, view: FieldView): Promise<boolean> {
  const old = before.fields.find((field) => field.id === view.id);
  if (view.value !== undefined || old?.value !== undefined) return view.value !== old?.value;
  const find = (opened: Opened) => opened.version.signed.header.fields.find((field) => field.id === view.id);
  const [a, b] = [find(now), find(before)];
  if (a === undefined || b === undefined || equal(a.hash, b.hash)) return a === undefined || b === undefined;
  if (!rekeyed(now.version.signed.header, before.version.signed.header) && a.tier === b.tier) return true;
  const [x, y] = await Promise.all([pastValue(store, past, now.version, a), pastValue(store, past, before.version, b)]);
  const same = equal(x, y);
  wipe(x, y);
  return !same;
}

function rekeyed(now: Header, before: Header): boolean {
  return now.ekEpoch !== before.ekEpoch || now.vaultEpoch !== before.vaultEpoch;
}

function entryChanges(now: Opened, before: Opened): VersionChange[] {
  const changes: VersionChange[] = [];
  const [header, old] = [now.version.signed.header, before.version.signed.header];
  if (now.summary.title !== before.summary.title) changes.push({ what: "title", before: before.summary.title, after: now.summary.title });
  if (header.deleted !== old.deleted) changes.push({ what: header.deleted === Deleted.trash ? "trashed" : "restored" });
  if (header.destinations.join("\n") !== old.destinations.join("\n")) {
    changes.push({ what: "destinations", before: old.destinations.join(", "), after: header.destinations.join(", ") });
  }
  if (header.scopes.join() !== old.scopes.join()) changes.push({ what: "scopes" });
  const details = ({ kind, folder, tags, favorite, archived }: Summary) => JSON.stringify([kind, folder, tags, favorite, archived]);
  if (details(now.summary) !== details(before.summary)) changes.push({ what: "details" });
  return changes;
}

function valueChange(view: FieldView, old: FieldView): VersionChange {
  const texts = { ...(old.value !== undefined && { before: old.value }), ...(view.value !== undefined && { after: view.value }) };
  return { what: "value changed", fieldId: view.id, ...texts };
}

async function compared(store: EntryStore, past: Past, now: Opened, before: Opened | undefined): Promise<EntryVersion> {
  const changes: VersionChange[] = before ? entryChanges(now, before) : [{ what: "created" }];
  const fields: VersionField[] = [];
  for (const view of now.fields) {
    const old = before?.fields.find((field) => field.id === view.id);
    if (!before || !old) {
      fields.push({ ...view, since: "added" });
      if (before) changes.push({ what: "field added", fieldId: view.id, after: view.label });
      continue;
    }
    const changed = await differs(store, past, now, before, view);
    if (changed) changes.push(valueChange(view, old));
    if (view.tier !== old.tier) changes.push({ what: "tier changed", fieldId: view.id, before: String(old.tier), after: String(view.tier) });
    if (view.label !== old.label) changes.push({ what: "label changed", fieldId: view.id, before: old.label, after: view.label });
    fields.push({ ...view, since: changed ? "changed" : "same" });
  }
  for (const old of before?.fields ?? []) {
    if (!now.fields.some((field) => field.id === old.id)) changes.push({ what: "field removed", fieldId: old.id, before: old.label });
  }
  const { header } = now.version.signed;
  return {
    version: header.version, atMs: header.hlcMs, author: header.author === zeroId ? null : header.author, trashed: header.deleted === Deleted.trash,
    title: now.summary.title, fields, destinations: header.destinations, changes,
  };
}

/** All versions, newest first, in the words of the pages. */
export async function readHistory(store: EntryStore, past: Past): Promise<EntryVersion[]> {
  const opened = await Promise.all(
    past.versions.map(async (version): Promise<Opened> => {
      const summary = await pastSummary(store, past, version);
      return { version, summary, fields: fieldViews(version.signed.header, summary) };
    }),
  );
  return Promise.all(opened.map((now, at) => compared(store, past, now, opened[at + 1])));
}
