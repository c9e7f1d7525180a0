// The entries this browser has proved and opened: loading them all, one in full, and taking over what was written.
import { equal } from "../crypto/bytes.ts";
import { Deleted, type SignedHeader } from "../crypto/header.ts";
import { demand } from "../crypto/refused.ts";
import { Acceptor } from "./accept.ts";
import { type Detail, openSummary } from "./opening.ts";
import { blob, blobOrNone, count, id, list, object } from "./read.ts";
import { SearchIndex } from "./search.ts";
import type { SealedVersion } from "./sealing.ts";
import type { Session, Taken } from "./session.ts";
import { firstPage } from "./unlocking.ts";
import { entryView, type Summary } from "./summary.ts";
import type { Entry, Work } from "./types.ts";
import type { Change, EntryDetail, EntryPage, EntrySummary } from "./wire.ts";

const laterPages = 1000;
/** Entries opened at once; between two batches the page may draw. */
const batch = 125;

/** An entry in memory. */
export interface Held {
  readonly signed: SignedHeader;
  readonly summary: Summary;
  readonly view: Entry;
}

/** A sealed version with the summary that is in it; no summary for a purge. */
export interface Written {
  readonly version: SealedVersion;
  readonly summary: Summary | undefined;
}

/** Entries come ascending, so none comes twice. Notes them as seen, and returns the last. */
function checkOrder(entries: readonly EntrySummary[], last: string, seen: Set<string>): string {
  for (const entry of entries) {
    demand(id(entry.entry_id) > last, "rule", "entries out of order");
    last = entry.entry_id;
    seen.add(last);
  }
  return last;
}

function readPage(answer: unknown): EntryPage {
  return object<EntryPage>(answer, "entries", "total");
}

export class EntryStore {
  readonly index = new SearchIndex();
  readonly acceptor: Acceptor;
  readonly #held = new Map<string, Held>();
  #loading: Promise<void> | undefined;
  #loaded = false;

  constructor(readonly session: Session) {
    this.acceptor = new Acceptor(session);
  }

  get loaded(): boolean {
    return this.#loaded;
  }

  get(entry: string): Held | undefined {
    return this.#held.get(entry);
  }

  all(): IterableIterator<Held> {
    return this.#held.values();
  }

  /** Loads everything once; whoever asks meanwhile waits for the same. `again`: also what others wrote since. */
  async load(work: Work = {}, again = false): Promise<void> {
    if (this.#loaded && !again) return;
    this.#loading ??= this.#loadAll(work).finally(() => {
      this.#loading = undefined;
    });
    await this.#loading;
  }

  async #page(after: string | undefined, limit: number): Promise<EntryPage> {
    const query = after === undefined ? `limit=${limit}` : `after=${after}&limit=${limit}`;
    return readPage(await this.session.parts.transport.send("GET", `/v1/entries?${query}`));
  }

  async #loadAll({ onProgress, drawn, signal }: Work): Promise<void> {
    const early = this.session.takeEarly();
    const first = early ? early.page.then(readPage) : this.#page(undefined, firstPage);
    first.catch(() => undefined);
    const pinned = (await this.acceptor.pins(early?.pins)).pinned();
    const seen = new Set<string>();
    let page = await first;
    let last = "";
    for (let turn = 0; ; turn++) {
      // Every page is asked for while the one before it is opened, but the first rows get everything for themselves until they are on screen.
      let following = turn === 0 ? undefined : this.#behind(page);
      for (const entries of batches(list(page.entries), batch)) {
        last = checkOrder(entries, last, seen);
        await Promise.all(entries.map((entry) => this.#takeSummary(entry)));
        this.session.changed();
        onProgress?.({ done: seen.size, total: count(page.total) });
        if (signal?.aborted) return this.#flush();
      }
      if (turn === 0) {
        await drawn?.();
        following = this.#behind(page);
      }
      if (following === undefined) break;
      page = await following;
    }
    await this.#flush();
    for (const entry of pinned()) demand(seen.has(entry), "pin", "an entry has disappeared");
    this.#loaded = true;
    this.session.changed();
  }

  /** The page behind this one, if there is one. */
  #behind({ next }: EntryPage): Promise<EntryPage> | undefined {
    const page = next === undefined || next === null ? undefined : this.#page(id(next), laterPages);
    page?.catch(() => undefined);
    return page;
  }

  async #flush(): Promise<void> {
    const raised = this.acceptor.takeRaised();
    if (raised.size > 0) await this.session.parts.pins.raiseEntries(this.session.vaultId, raised);
  }

  async #takeSummary(entry: EntrySummary): Promise<void> {
    const held = this.#held.get(entry.entry_id);
    const signed = await this.acceptor.accept(entry.entry_id, blob(entry.header), held?.signed);
    if (held && held.signed.header.version >= signed.header.version) return;
    if (signed.header.deleted === Deleted.purged) return this.#drop(entry.entry_id);
    this.#put(signed, await openSummary(this.session, signed.header, blobOrNone(entry.summary), list(entry.grants)));
  }

  #put(signed: SignedHeader, summary: Summary): void {
    const view = entryView(signed.header, summary);
    this.#held.set(view.id, { signed, summary, view });
    this.index.put(view);
  }

  #drop(entry: string): void {
    this.#held.delete(entry);
    this.index.delete(entry);
  }

  /** Checks an entry that came with all its records, and brings the index up to it. */
  async takeDetail(entry: string, answer: EntryDetail): Promise<{ detail: Detail; summary: Summary }> {
    demand(answer.entry_id === entry, "rule", "another entry");
    const held = this.#held.get(entry);
    const signed = await this.acceptor.accept(entry, blob(answer.header), held?.signed);
    demand(signed.header.deleted !== Deleted.purged, "rule", "purged");
    const detail: Detail = { signed, records: list(answer.records), grants: list(answer.grants) };
    if (held && equal(held.signed.hash, signed.hash)) return { detail, summary: held.summary };
    const record = detail.records.find((one) => one.field_id === "0".repeat(32))?.record;
    const summary = await openSummary(this.session, signed.header, blobOrNone(record), detail.grants);
    this.#put(signed, summary);
    await this.#flush();
    return { detail, summary };
  }

  /** Asks for one entry with everything. */
  async detail(entry: string): Promise<{ detail: Detail; summary: Summary }> {
    const path = `/v1/entries/${id(entry)}` as const;
    return this.takeDetail(entry, object<EntryDetail>(await this.session.parts.transport.send("GET", path), "entry_id", "header", "records", "grants"));
  }

  /** Sends new versions in one change and takes them over. */
  async write(written: readonly Written[], more: Change = {}, taken: Taken = {}): Promise<void> {
    const entries = new Map(written.map(({ version: { signed } }) => [signed.header.entry, { version: signed.header.version, hash: signed.hash }]));
    await this.session.apply({ ...more, entries: written.map(({ version }) => version.change) }, { ...taken, entries });
    for (const { version, summary } of written) {
      await this.acceptor.note(version.signed);
      if (summary === undefined) this.#drop(version.signed.header.entry);
      else this.#put(version.signed, summary);
    }
    this.session.changed();
  }
}

/** A list in pieces. */
export function* batches<T>(all: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < all.length; at += size) yield all.slice(at, at + size);
}
