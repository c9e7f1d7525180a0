// From what a person wrote to what is sealed: tiers, which values stay, which have to be opened first.
import { type Bytes, utf8 } from "../crypto/bytes.ts";
import { Deleted, destinationBytesMax, type HeaderField } from "../crypto/header.ts";
import { makeId, zeroId } from "../crypto/ids.ts";
import { type FieldKind, kindByName, type Tier } from "../crypto/kinds.ts";
import { valueBytesMax } from "../crypto/record.ts";
import { BadDraft } from "./errors.ts";
import { type Detail, openValue, recordOf } from "./opening.ts";
import { epochNeeded, type Plan, type PlannedField, valueBytes } from "./sealing.ts";
import type { Session } from "./session.ts";
import type { Summary, SummaryField } from "./summary.ts";
import type { EntryDraft, FieldDraft } from "./types.ts";

const fieldsMax = 255;
const summaryBytesMax = 262_144;

/** A draft's field with its kind and tier settled. */
interface Settled {
  readonly draft: FieldDraft;
  readonly id: string;
  readonly kind: FieldKind;
  readonly tier: Tier;
  /** Its record so far. */
  readonly sealed: HeaderField | undefined;
  /** Its value in the summary so far. */
  readonly shown: string | undefined;
}

function settle(draft: FieldDraft, before: Detail | undefined, summary: Summary | undefined): Settled {
  const kind = kindByName(draft.kind);
  if (kind === undefined) throw new BadDraft(`There is no kind of field called "${draft.kind}".`);
  const sealed = before?.signed.header.fields.find((field) => field.id === draft.id && field.id !== zeroId);
  const inSummary = summary?.fields.find((field) => field.id === draft.id);
  const shown = sealed ? undefined : inSummary?.value;
  const had = sealed?.tier ?? (shown === undefined ? undefined : 1);
  const usual = had !== undefined && had >= kind.lowestTier ? had : kind.defaultTier;
  const tier = draft.tier ?? usual;
  if (tier < kind.lowestTier) throw new BadDraft(`"${draft.label}" holds something that may not go below "${tierWord(kind.lowestTier)}".`);
  if (draft.value === undefined && sealed === undefined && shown === undefined) throw new BadDraft(`"${draft.label}" has no value.`);
  return { draft, id: draft.id ?? makeId(), kind, tier, sealed, shown };
}

/** The tier in a person's words. */
export function tierWord(tier: Tier): string {
  return tier === 1 ? "Hosted" : tier === 2 ? "Agents" : "Only me";
}

function checkSizes(draft: EntryDraft): void {
  if (draft.fields.length > fieldsMax) throw new BadDraft(`An entry holds at most ${fieldsMax} fields.`);
  for (const { label, value } of draft.fields) {
    if (value !== undefined && valueBytes(value).length > valueBytesMax) throw new BadDraft(`"${label}" is too large: a value is at most 1 MB.`);
  }
  for (const destination of draft.destinations ?? []) {
    const length = utf8(destination).length;
    if (length === 0 || length > destinationBytesMax) throw new BadDraft("A destination is an address of at most 2,048 bytes.");
  }
}

function unique(texts: readonly string[] | undefined): string[] {
  return [...new Set(texts ?? [])];
}

async function plannedField(session: Session, settled: Settled, before: Detail | undefined, rekey: boolean): Promise<PlannedField> {
  const { draft, id, kind, tier, sealed, shown } = settled;
  if (draft.value !== undefined) return { id, kind: kind.number, tier, value: valueBytes(draft.value) };
  if (sealed && before) {
    const oldKey = tier === 3 ? before.signed.header.vaultEpoch !== session.keys.epoch : rekey;
    if (sealed.tier === tier && sealed.kind === kind.number && !oldKey) return { keep: sealed };
    const value = await openValue(session, before.signed.header, sealed, recordOf(sealed, before.records), before.grants);
    return { id, kind: kind.number, tier, value };
  }
  return { id, kind: kind.number, tier, value: utf8(shown ?? "") };
}

async function shownValue(session: Session, settled: Settled, before: Detail | undefined): Promise<string> {
  const { draft, sealed, shown } = settled;
  if (draft.value !== undefined) return typeof draft.value === "string" ? draft.value : new TextDecoder().decode(draft.value);
  if (sealed && before) {
    const value: Bytes = await openValue(session, before.signed.header, sealed, recordOf(sealed, before.records), before.grants);
    return new TextDecoder().decode(value);
  }
  return shown ?? "";
}

function same(a: Summary, b: Summary): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Plans the version that a draft describes. `before` and `summary` are the stored version. */
export async function planDraft(session: Session, draft: EntryDraft, before?: Detail, summary?: Summary): Promise<Plan> {
  checkSizes(draft);
  const scopes = unique(draft.scopes ?? before?.signed.header.scopes).filter((scope) => scope !== zeroId);
  const known = new Set(session.manifest.scopes.map((scope) => scope.id));
  if (scopes.some((scope) => !known.has(scope))) throw new BadDraft("One of the scopes does not exist any more.");
  const left = before?.signed.header.scopes.some((scope) => !scopes.includes(scope)) === true;
  const rekey = before !== undefined && (left || before.signed.header.ekEpoch < epochNeeded(session, scopes));
  const settled = draft.fields.map((field) => settle(field, before, summary));
  if (new Set(settled.map((field) => field.id)).size !== settled.length) throw new BadDraft("Two fields have the same id.");
  const inSummary = (field: Settled) => field.kind.descriptive && field.tier === 1;
  const fields = await Promise.all(settled.filter((field) => !inSummary(field)).map((field) => plannedField(session, field, before, rekey)));
  const next: Summary = { ...summary, ...(await summaryOf(session, draft, settled.map((field) => ({ field, shown: inSummary(field) })), before, summary)) };
  if (JSON.stringify(next).length > summaryBytesMax) throw new BadDraft("The names and descriptions of this entry are too long together.");
  const plan: Plan = {
    entry: before?.signed.header.entry ?? makeId(),
    fields,
    destinations: unique(draft.destinations ?? before?.signed.header.destinations),
    scopes,
    deleted: before?.signed.header.deleted ?? Deleted.live,
    rekey,
    ...(before && { before }),
    ...((rekey || summary === undefined || !same(next, summary)) && { summary: next }),
  };
  return plan;
}

async function summaryOf(
  session: Session, draft: EntryDraft, fields: readonly { field: Settled; shown: boolean }[], before?: Detail, old?: Summary,
): Promise<Summary> {
  const oldFields = new Map(old?.fields.map((field) => [field.id, field]));
  const listed = await Promise.all(
    fields.map(async ({ field, shown }): Promise<SummaryField> => {
      const { value: _, ...kept } = oldFields.get(field.id) ?? {};
      const base = { ...kept, id: field.id, kind: field.kind.name, label: field.draft.label };
      return shown ? { ...base, value: await shownValue(session, field, before) } : base;
    }),
  );
  const summary: Summary = {
    title: draft.title, kind: draft.kind, folder: draft.folder ?? old?.folder ?? "", tags: unique(draft.tags ?? old?.tags),
    favorite: draft.favorite ?? old?.favorite ?? false, archived: draft.archived ?? old?.archived ?? false, fields: listed,
  };
  const origin = draft.origin ?? old?.origin;
  return origin ? { ...summary, origin } : summary;
}

/** The same entry in other scopes: grants alone when it only joins, new entry keys when it leaves one. */
export async function planScopes(session: Session, before: Detail, summary: Summary, scopes: readonly string[]): Promise<Plan> {
  const { header } = before.signed;
  const left = header.scopes.some((scope) => !scopes.includes(scope));
  if (left || header.ekEpoch < epochNeeded(session, scopes) || header.vaultEpoch !== session.keys.epoch) {
    return { ...(await planRekey(session, before, summary)), scopes };
  }
  const fields = header.fields.filter((field) => field.id !== zeroId).map((keep) => ({ keep }));
  return { entry: header.entry, before, fields, destinations: header.destinations, scopes, deleted: header.deleted, rekey: false };
}

/** The same entry sealed under new entry keys; nothing else changes but the scopes given. */
export async function planRekey(session: Session, before: Detail, summary: Summary): Promise<Plan> {
  const { header } = before.signed;
  const fields = await Promise.all(
    header.fields
      .filter((field) => field.id !== zeroId)
      .map(async (field): Promise<PlannedField> => {
        if (field.tier === 3 && header.vaultEpoch === session.keys.epoch) return { keep: field };
        const value = await openValue(session, header, field, recordOf(field, before.records), before.grants);
        return { id: field.id, kind: field.kind, tier: field.tier, value };
      }),
  );
  return { entry: header.entry, before, summary, fields, destinations: header.destinations, scopes: header.scopes, deleted: header.deleted, rekey: true };
}
