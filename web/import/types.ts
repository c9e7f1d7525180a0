// What an import file becomes before anything is sealed: a plan of proposed entries, and what will happen to each of its rows.

import type { EntryKind, FieldKindName, Tier } from "../crypto/kinds.ts";
import type { EntryDraft } from "../vault/types.ts";

export type { EntryKind, Tier };
export type FieldKind = FieldKindName;

/** The files this folder reads. `csv` is any comma-separated file whose header names at least one column we know. */
export type Format =
  | "bitwarden-json" | "bitwarden-protected" | "bitwarden-zip" | "bitwarden-csv" | "1password-1pux" | "1password-csv" | "chrome-csv"
  | "firefox-csv" | "keepassxc-csv" | "lastpass-csv" | "clavitor-json" | "clavitor-sealed" | "clavitor-csv" | "csv";

/** One field of a proposed entry, in the order in which it will be shown. */
export interface ImportedField {
  kind: FieldKind;
  label: string;
  /** Text, or the bytes of a file (kind `file`, whose label is the file's name). Never empty. */
  value: string | Uint8Array;
  /** Proposed tier; the owner may change it before anything is sealed, but not below the kind's lowest tier. */
  tier: Tier;
}

/** Where an entry came from; stored in its summary. Holds nothing secret. */
export interface ImportOrigin {
  /** The program or file kind: `bitwarden`, `1password`, `chrome`, … */
  source: string;
  /** `<identity>.<content>`, both keyed by the vault (see `Mac`), after a merge `<identity>.<content>.<version>`; set by `compare`, empty until then. */
  fingerprint: string;
  /** What the source said about the row itself and is not a field: its own id, dates, icon, and so on. */
  details?: Record<string, string>;
}

/** An entry as it will be created; what `web/vault` takes in bulk. */
export interface ImportedEntry {
  kind: EntryKind;
  title: string;
  /** Path with `/` between parts; empty for none. */
  folder: string;
  tags: string[];
  favorite: boolean;
  archived: boolean;
  /** Origins of its web addresses. */
  destinations: string[];
  fields: ImportedField[];
  origin: ImportOrigin;
}

/** Something a person should know about a row. Never holds a secret value. */
export interface Notice {
  /** `info`: all is as it was. `altered`: kept, in another form. `lost`: could not be kept. */
  severity: "info" | "altered" | "lost";
  message: string;
}

/** One row of the file: a CSV row, or an item of a JSON or 1PUX file. */
export interface PlanRow {
  /** From 0, in the order of the file. */
  index: number;
  /** Where a person finds it: `line 12`, `items[3]`, `Private / 2 of 14`. */
  place: string;
  entry: ImportedEntry;
  /** `skip` for rows the source itself had thrown away or made for its own use; the owner may still take them. */
  proposal: "import" | "skip";
  notices: Notice[];
  /** Canonical text that stays the same when the row's contents change; not yet keyed. */
  identity: string;
  /** Canonical text of everything in the row; not yet keyed. */
  content: string;
  /** For our own exports: the entry and version it was made of. */
  exported?: { id: string; version: number };
}

/** A file, read to its end, with nothing left out. */
export interface ImportPlan {
  format: Format;
  source: string;
  rows: PlanRow[];
  /** Facts about the file as a whole that no entry holds (account name, date of export), as label and value. */
  about: [label: string, value: string][];
  /** About the whole file. */
  notices: Notice[];
}

/** How far a step is. `total` is 0 when it is not known. */
export interface Progress {
  step: "reading" | "unlocking" | "parsing" | "comparing" | "writing";
  done: number;
  total: number;
}

/** Options of every long step: it gives way to the page every few milliseconds, and stops with `aborted` when told. */
export interface Work {
  onProgress?: (progress: Progress) => void;
  signal?: AbortSignal;
}

/** What `detect` says. */
export interface Detection {
  /** The best match. */
  format: Format;
  /** Every match, the best first; more than one when the header leaves a doubt. Any of them may be given to `parse`. */
  candidates: Format[];
  /** The file asks for a password before it can be read. */
  needsPassword: boolean;
}

/** Options of `parse`. */
export interface ParseOptions extends Work {
  /** Read it as this; what `detect` says when absent. */
  format?: Format;
  /** For password-protected files. */
  password?: string;
}

/** `importMac` of the vault: HMAC-SHA-256 under a key derived from KX, in lower-case hexadecimal. Fingerprints stand in the tier-1 summary, where a
 * plain hash would let a node guess passwords. */
export type Mac = (text: string) => Promise<string>;

/** An entry the vault already holds; made by `existingEntries`. */
export interface ExistingEntry {
  entryId: string;
  /** Its current version. */
  version: number;
  /** Empty when it was not imported. */
  fingerprint: string;
  /** Title, host of the first address and user name, in lower case: what an entry of another source may share. */
  likeness: string;
  /** A field was changed since the import (or the last merge) wrote it. */
  edited: boolean;
}

/** What will happen to a row. */
export interface ComparedRow {
  row: PlanRow;
  action: "create" | "merge" | "skip";
  /** The existing entry it merges into, or is the same as. */
  entryId?: string;
  /** Why, when the action is not plain `create`. */
  reason?: string;
}

/** A plan held against the vault. `rows` are in the order of the plan; the owner may change an `action` from `create` to `skip` and back. */
export interface Comparison {
  plan: ImportPlan;
  rows: ComparedRow[];
  counts: { create: number; merge: number; skip: number; altered: number; lost: number };
}

/** What became of a row. `altered` is `imported` with something changed or lost on the way; `failed` means not in the vault. */
export type Outcome = "imported" | "merged" | "skipped" | "altered" | "failed";

/** One line of the report. */
export interface ReportRow {
  index: number;
  place: string;
  title: string;
  outcome: Outcome;
  entryId?: string;
  notes: string[];
}

/** What a person is told at the end: every row of the file is in it. */
export interface ImportReport {
  rows: ReportRow[];
  counts: Record<Outcome, number>;
  /** Everything that could not be kept, in words. Empty when nothing was lost. */
  losses: string[];
  notices: Notice[];
}

/** A merge, ready for `entries.edit`: values that differ are replaced (the old version stays in the history), new fields are added, nothing is removed. */
export interface Merge {
  draft: EntryDraft;
  /** In words, labels only; empty when nothing but the fingerprint differs. */
  notes: string[];
}
