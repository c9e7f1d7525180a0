// The sealed summary of an entry (docs/FORMAT.md section 8), and what the pages see of it.
import { type Bytes, fromUtf8, utf8 } from "../crypto/bytes.ts";
import { Deleted, type Header } from "../crypto/header.ts";
import { zeroId } from "../crypto/ids.ts";
import { type EntryKind, entryKinds, kindByName, kindByNumber, type Tier } from "../crypto/kinds.ts";
import { demand, Refused } from "../crypto/refused.ts";
import type { Entry, FieldView, Origin } from "./types.ts";

/** A field in a summary. Members this client does not know are kept. */
export interface SummaryField {
  id: string;
  kind: string;
  label: string;
  /** Exactly for descriptive fields at tier 1. */
  value?: string;
  [more: string]: unknown;
}

/** A summary. Members this client does not know are kept. */
export interface Summary {
  title: string;
  kind: string;
  folder: string;
  tags: string[];
  favorite: boolean;
  archived: boolean;
  fields: SummaryField[];
  origin?: Origin;
  [more: string]: unknown;
}

const text = (value: unknown) => (typeof value === "string" ? value : "");

function readField(value: unknown): SummaryField | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const all = value as Record<string, unknown>;
  const field = { ...all, id: text(all["id"]), kind: text(all["kind"]), label: text(all["label"]) } as SummaryField;
  if (typeof all["value"] !== "string") delete field.value;
  return field;
}

function readOrigin(value: unknown): Origin | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { source, fingerprint, details } = value as Record<string, unknown>;
  if (typeof source !== "string" || typeof fingerprint !== "string") return undefined;
  const facts = typeof details === "object" && details !== null ? Object.entries(details).filter((each): each is [string, string] => typeof each[1] === "string") : [];
  return facts.length === 0 ? { source, fingerprint } : { source, fingerprint, details: Object.fromEntries(facts) };
}

/** Reads a summary's value. An author signed it, so odd members are read as empty and not refused; what is no JSON object is. */
export function readSummary(value: Bytes): Summary {
  let json: unknown;
  try {
    json = JSON.parse(fromUtf8(value));
  } catch {
    throw new Refused("rule", "summary");
  }
  demand(typeof json === "object" && json !== null, "rule", "summary");
  const all = json as Record<string, unknown>;
  const list = (member: unknown): unknown[] => (Array.isArray(member) ? member : []);
  const origin = readOrigin(all["origin"]);
  const summary: Summary = {
    ...all,
    title: text(all["title"]),
    kind: text(all["kind"]),
    folder: text(all["folder"]),
    tags: list(all["tags"]).filter((tag): tag is string => typeof tag === "string"),
    favorite: all["favorite"] === true,
    archived: all["archived"] === true,
    fields: list(all["fields"]).map(readField).filter((field) => field !== undefined),
  };
  delete summary.origin;
  if (origin) summary.origin = origin;
  return summary;
}

export function writeSummary(summary: Summary): Bytes {
  return utf8(JSON.stringify(summary));
}

function isEntryKind(kind: string): kind is EntryKind {
  return (entryKinds as readonly string[]).includes(kind);
}

/** Fields as the signed header has them: kind and tier come from there, label and order from the summary. */
export function fieldViews(header: Header, summary: Summary): FieldView[] {
  const sealed = new Map(header.fields.filter((field) => field.id !== zeroId).map((field) => [field.id, field]));
  const views: FieldView[] = [];
  for (const { id, kind, label, value } of summary.fields) {
    const field = sealed.get(id);
    const known = field ? kindByNumber(field.kind) : kindByName(kind);
    if (known === undefined) continue;
    if (field) views.push({ id, kind: known.name, label, tier: field.tier, version: field.version });
    else if (known.descriptive && value !== undefined) views.push({ id, kind: known.name, label, tier: 1, version: header.version, value });
    sealed.delete(id);
  }
  for (const field of sealed.values()) {
    const known = kindByNumber(field.kind);
    if (known) views.push({ id: field.id, kind: known.name, label: known.name, tier: field.tier, version: field.version });
  }
  return views;
}

/** What the pages see. */
export function entryView(header: Header, summary: Summary): Entry {
  return {
    id: header.entry,
    version: header.version,
    title: summary.title,
    kind: isEntryKind(summary.kind) ? summary.kind : "custom",
    folder: summary.folder,
    tags: summary.tags,
    favorite: summary.favorite,
    archived: summary.archived,
    trashed: header.deleted === Deleted.trash,
    fields: fieldViews(header, summary),
    destinations: header.destinations,
    scopes: header.scopes,
    changedMs: header.hlcMs,
    author: header.author === zeroId ? null : header.author,
    origin: summary.origin ?? null,
  };
}

/** The tier a draft's field gets: its own, the one it had, or the default of its kind. */
export function tierOr(wanted: Tier | undefined, had: Tier | undefined, usual: Tier): Tier {
  return wanted ?? had ?? usual;
}
