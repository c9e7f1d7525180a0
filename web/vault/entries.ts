// The entries, as the pages ask for them.
import { fromUtf8, toHex, wipe } from "../crypto/bytes.ts";
import { Deleted } from "../crypto/header.ts";
import { zeroId } from "../crypto/ids.ts";
import { demand } from "../crypto/refused.ts";
import { planDraft, planScopes } from "./draft.ts";
import { BadDraft, Conflict, Refusal } from "./errors.ts";
import { exportAll } from "./export.ts";
import { fetchPast, type Past, pastSummary, pastValue, readHistory } from "./history.ts";
import type { Entries } from "./index.ts";
import { openValue, recordOf } from "./opening.ts";
import { sealVersion, signAgain } from "./sealing.ts";
import type { Session } from "./session.ts";
import { batches, type EntryStore, type Written } from "./store.ts";
import { fieldViews } from "./summary.ts";
import { takeOverLongRuns } from "./takeover.ts";
import type { Entry, EntryDraft, EntryFilter, EntryVersion, FieldDraft, ImportReceipt, OpenedEntry, WhoCanOpen, Work } from "./types.ts";
import { whoCanOpen } from "./who.ts";

/** Header-only versions sent in one change. */
const signBatch = 200;
/** Entries sealed and sent in one change. */
const sealBatch = 250;
/** Sealed bytes sent in one change; the node takes 32 MiB. */
const changeBytesMax = 8 * 1024 * 1024;
/** Entries asked for at once. */
const fetchBatch = 8;

function unknownEntry(): BadDraft {
  return new BadDraft("This entry is not in the vault any more.");
}

/** An address somebody typed is no reason for an alarm. */
function checkId(id: string): void {
  if (!/^[0-9a-f]{32}$/.test(id)) throw unknownEntry();
}

export class VaultEntries implements Entries {
  #past: { entry: string; version: number; past: Past } | undefined;

  constructor(private readonly session: Session, private readonly store: EntryStore) {}

  async load(work: Work = {}): Promise<void> {
    await this.session.run(() => this.store.load(work));
    await this.#takeOver();
  }

  async reload(work: Work = {}): Promise<void> {
    await this.session.run(async () => {
      await this.session.refresh();
      await this.store.load(work, true);
    });
    await this.#takeOver();
  }

  /** Nobody asked for it: what the node refuses now, or another browser was faster with, is tried again the next time. */
  #takeOver(): Promise<void> {
    return this.session.change(() => takeOverLongRuns(this.store)).catch((error: unknown) => {
      if (!(error instanceof Refusal || error instanceof Conflict)) throw error;
    });
  }

  get loaded(): boolean {
    return this.store.loaded;
  }

  all(): readonly Entry[] {
    return this.store.index.all();
  }

  get(id: string): Entry | undefined {
    return this.store.index.get(id);
  }

  search(text: string, filter?: EntryFilter, limit?: number): Entry[] {
    return this.store.index.search(text, filter, limit);
  }

  folders(): string[] {
    return this.store.index.folders();
  }

  tags(): string[] {
    return this.store.index.tags();
  }

  async openField(entryId: string, fieldId: string, version?: number): Promise<string> {
    const bytes = await this.openBytes(entryId, fieldId, version);
    try {
      return fromUtf8(bytes);
    } catch {
      return toHex(bytes);
    } finally {
      wipe(bytes);
    }
  }

  openBytes(entryId: string, fieldId: string, version?: number): Promise<Uint8Array> {
    return this.session.run(async () => {
      checkId(entryId);
      if (version !== undefined) return this.#openPast(entryId, fieldId, version);
      const shown = this.store.get(entryId)?.view.fields.find((field) => field.id === fieldId)?.value;
      if (shown !== undefined) return new TextEncoder().encode(shown);
      const { detail } = await this.store.detail(entryId);
      const { header } = detail.signed;
      const field = header.fields.find((one) => one.id === fieldId && one.id !== zeroId);
      if (field === undefined) throw new BadDraft("This field is not in the entry any more.");
      return openValue(this.session, header, field, recordOf(field, detail.records), detail.grants);
    });
  }

  async #pastOf(entryId: string): Promise<Past> {
    const current = this.store.get(entryId)?.signed.header.version;
    if (this.#past?.entry === entryId && this.#past.version === current) return this.#past.past;
    const past = await fetchPast(this.store, entryId);
    this.#past = { entry: entryId, version: past.versions.length, past };
    return past;
  }

  async #openPast(entryId: string, fieldId: string, number: number): Promise<Uint8Array> {
    const past = await this.#pastOf(entryId);
    const version = past.versions.find((one) => one.signed.header.version === number);
    if (version === undefined) throw new BadDraft("There is no such version.");
    const field = version.signed.header.fields.find((one) => one.id === fieldId && one.id !== zeroId);
    if (field) return pastValue(this.store, past, version, field);
    const shown = (await pastSummary(this.store, past, version)).fields.find((one) => one.id === fieldId)?.value;
    return new TextEncoder().encode(shown ?? "");
  }

  create(draft: EntryDraft): Promise<Entry> {
    return this.session.change(async () => {
      const plan = await planDraft(this.session, draft);
      demand(plan.summary !== undefined, "rule", "summary");
      const version = await sealVersion(this.session, plan);
      await this.store.write([{ version, summary: plan.summary }]);
      return this.#written(plan.entry);
    });
  }

  edit(id: string, version: number, draft: EntryDraft): Promise<Entry> {
    return this.session.change(async () => {
      checkId(id);
      const { detail, summary } = await this.store.detail(id);
      if (detail.signed.header.version !== version) throw new Conflict(detail.signed.header.version);
      const plan = await planDraft(this.session, draft, detail, summary);
      await this.store.write([{ version: await sealVersion(this.session, plan), summary: plan.summary ?? summary }]);
      return this.#written(id);
    });
  }

  #written(id: string): Entry {
    const entry = this.store.index.get(id);
    if (entry === undefined) throw unknownEntry();
    return entry;
  }

  /** Signs header-only versions; entries that are already so are left alone. */
  async #mark(ids: readonly string[], deleted: number, work: Work = {}): Promise<void> {
    let done = 0;
    for (const part of batches([...new Set(ids)], signBatch)) {
      if (work.signal?.aborted) return;
      const held = part.map((id) => this.store.get(id)).filter((one) => one !== undefined);
      const due = held.filter((one) => one.signed.header.deleted !== deleted);
      const written = await Promise.all(
        due.map(async (one): Promise<Written> => {
          const summary = deleted === Deleted.purged ? undefined : one.summary;
          return { version: await signAgain(this.session, one.signed, deleted), summary };
        }),
      );
      if (written.length > 0) await this.store.write(written);
      work.onProgress?.({ done: (done += part.length), total: ids.length });
    }
  }

  trash(ids: readonly string[]): Promise<void> {
    return this.session.change(() => this.#mark(ids, Deleted.trash));
  }

  restore(ids: readonly string[]): Promise<void> {
    return this.session.change(() => this.#mark(ids, Deleted.live));
  }

  purge(ids: readonly string[]): Promise<void> {
    return this.session.change(async () => {
      if (ids.some((id) => this.store.get(id)?.view.trashed === false)) throw new BadDraft("Only what is in the trash can be ended for ever.");
      await this.session.fresh();
      await this.#mark(ids, Deleted.purged);
    });
  }

  setScopes(ids: readonly string[], scopeIds: readonly string[], work: Work = {}): Promise<void> {
    return this.session.change(() => this.putIntoScopes(ids, () => scopeIds, work));
  }

  /** The inside of `setScopes`, for work that has its turn already. */
  async putIntoScopes(ids: readonly string[], scopesOf: (entry: Entry) => readonly string[], work: Work = {}): Promise<void> {
    let done = 0;
    for (const part of batches(ids, fetchBatch)) {
      if (work.signal?.aborted) return;
      const written = await Promise.all(
        part.map(async (id): Promise<Written> => {
          checkId(id);
          const { detail, summary } = await this.store.detail(id);
          const scopes = scopesOf(this.#written(id)).filter((scope) => scope !== zeroId);
          return { version: await sealVersion(this.session, await planScopes(this.session, detail, summary, scopes)), summary };
        }),
      );
      await this.store.write(written);
      work.onProgress?.({ done: (done += part.length), total: ids.length });
    }
  }

  editMany(ids: readonly string[], change: (entry: Entry) => EntryDraft, work: Work = {}): Promise<void> {
    return this.session.change(async () => {
      let done = 0;
      for (const part of batches([...new Set(ids)], fetchBatch)) {
        if (work.signal?.aborted) return;
        const planned = await Promise.all(
          part.map(async (id): Promise<Written[]> => {
            checkId(id);
            const { detail, summary } = await this.store.detail(id);
            const plan = await planDraft(this.session, change(this.#written(id)), detail, summary);
            const same = plan.summary === undefined && plan.fields.every((field) => "keep" in field) && plan.fields.length + 1 === detail.signed.header.fields.length;
            return same ? [] : [{ version: await sealVersion(this.session, plan), summary: plan.summary ?? summary }];
          }),
        );
        const written = planned.flat();
        if (written.length > 0) await this.store.write(written);
        work.onProgress?.({ done: (done += part.length), total: ids.length });
      }
    });
  }

  revert(id: string, toVersion: number): Promise<Entry> {
    return this.session.change(async () => {
      checkId(id);
      const past = await this.#pastOf(id);
      const old = past.versions.find((one) => one.signed.header.version === toVersion);
      if (old === undefined) throw new BadDraft("There is no such version.");
      const { detail, summary } = await this.store.detail(id);
      const oldSummary = await pastSummary(this.store, past, old);
      const fields = await Promise.all(
        fieldViews(old.signed.header, oldSummary).map(async (view): Promise<FieldDraft> => {
          const value = view.value ?? (await this.#openPast(id, view.id, toVersion));
          return { id: view.id, kind: view.kind, label: view.label, tier: view.tier, value };
        }),
      );
      const { title, kind, folder, tags, favorite, archived } = oldSummary;
      const draft = { title, kind, folder, tags, favorite, archived, fields } as EntryDraft;
      const plan = await planDraft(this.session, { ...draft, destinations: old.signed.header.destinations }, detail, summary);
      await this.store.write([{ version: await sealVersion(this.session, plan), summary: plan.summary ?? summary }]);
      return this.#written(id);
    });
  }

  history(id: string): Promise<EntryVersion[]> {
    return this.session.run(async () => {
      checkId(id);
      return readHistory(this.store, await this.#pastOf(id));
    });
  }

  importMany(drafts: readonly EntryDraft[], work: Work = {}): Promise<ImportReceipt> {
    return this.session.change(async () => {
      const entryIds: (string | null)[] = [];
      let waiting: Written[] = [];
      let bytes = 0;
      const send = async () => {
        if (waiting.length === 0) return;
        await this.store.write(waiting);
        entryIds.push(...waiting.map(({ version }) => version.signed.header.entry));
        [waiting, bytes] = [[], 0];
        work.onProgress?.({ done: entryIds.length, total: drafts.length });
      };
      for (const part of batches(drafts, 50)) {
        if (work.signal?.aborted) break;
        const sealed = await Promise.all(part.map((draft) => this.#sealNew(draft)));
        for (const one of sealed) {
          const size = JSON.stringify(one.version.change).length;
          if (waiting.length >= sealBatch || bytes + size > changeBytesMax) await send();
          waiting.push(one);
          bytes += size;
        }
      }
      await send();
      while (entryIds.length < drafts.length) entryIds.push(null);
      return { entryIds };
    });
  }

  async #sealNew(draft: EntryDraft): Promise<Written> {
    const plan = await planDraft(this.session, draft);
    return { version: await sealVersion(this.session, plan), summary: plan.summary };
  }

  undoImport(receipt: ImportReceipt, work: Work = {}): Promise<void> {
    return this.session.change(() => this.#mark(receipt.entryIds.filter((id) => id !== null), Deleted.trash, work));
  }

  /** Under the first vault key, which the chain of previous keys reaches, so that fingerprints outlive a rotation. */
  importMac(text: string): Promise<string> {
    return this.session.run(async () => (await this.session.keysOf(1)).indexMac(text));
  }

  origins(): ReadonlyMap<string, string> {
    const origins = new Map<string, string>();
    for (const { view } of this.store.all()) {
      if (view.origin && !view.trashed) origins.set(`${view.origin.source} ${view.origin.fingerprint}`, view.id);
    }
    return origins;
  }

  exportAll(work: Work = {}): AsyncIterable<OpenedEntry> {
    return exportAll(this.session, this.store, work);
  }

  whoCanOpen(entryId: string, fieldId: string): WhoCanOpen {
    const held = this.store.get(entryId);
    const field = held?.view.fields.find((one) => one.id === fieldId);
    if (held === undefined || field === undefined) throw unknownEntry();
    return whoCanOpen(this.session.manifest, this.session.names, held.signed.header, field.tier, this.session.parts.now());
  }
}

