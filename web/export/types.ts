// What an export is made of: entries as the owner sees them, every value open.

import type { EntryKind, FieldKind, ImportOrigin, Progress, Tier } from "../import/types.ts";

/** An open field. */
export interface ExportField {
  kind: FieldKind;
  label: string;
  value: string | Uint8Array;
  tier: Tier;
}

/** An open entry, its current version. */
export interface ExportEntry {
  id: string;
  /** The entry's version; lets the same vault see that it already holds this. */
  version: number;
  kind: EntryKind;
  title: string;
  folder: string;
  tags: string[];
  favorite: boolean;
  archived: boolean;
  fields: ExportField[];
  origin?: ImportOrigin;
}

/** Options of every export. */
export interface ExportOptions {
  vaultName: string;
  /** Unix milliseconds. */
  exportedAtMs: number;
  /** How many entries there are, for progress. */
  total: number;
  onProgress?: (progress: Progress) => void;
  signal?: AbortSignal;
}

/** A finished export. */
export interface Exported {
  blob: Blob;
  fileName: string;
  entries: number;
  /** What the format cannot hold, in words: files, in a CSV. */
  leftOut: string[];
}

/** Where entries come from, one at a time, so that a large vault is never open all at once. */
export type EntrySource = Iterable<ExportEntry> | AsyncIterable<ExportEntry>;
