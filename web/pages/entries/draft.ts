// From an entry to the draft of its next version, and what a new entry of each kind begins with.
import { kindByName, type Entry, type EntryDraft, type EntryKind, type FieldDraft, type FieldKindName, type Tier } from "../../vault/index.ts";
import { t } from "../words/index.ts";

/** The draft that changes nothing; `change` says what shall differ. */
export function draftOf(entry: Entry, change: Partial<EntryDraft> = {}): EntryDraft {
  const draft: EntryDraft = {
    title: entry.title,
    kind: entry.kind,
    folder: entry.folder,
    tags: [...entry.tags],
    favorite: entry.favorite,
    archived: entry.archived,
    destinations: [...entry.destinations],
    scopes: [...entry.scopes],
    fields: entry.fields.map((field): FieldDraft => ({ id: field.id, kind: field.kind, label: field.label, tier: field.tier })),
    ...change,
  };
  if (entry.origin !== null) draft.origin = entry.origin;
  return draft;
}

/** A field in the form. */
export interface FormField {
  /** Stable while the form is open. */
  key: string;
  /** Absent for a field that is not stored yet. */
  id?: string;
  kind: FieldKindName;
  label: string;
  tier: Tier;
  value: string | Uint8Array;
  /** The value that is stored; null while it is not known (a file, or still opening). */
  stored: string | null;
}

let keys = 0;

/** An empty field of a kind, at its default tier. */
export function emptyField(kind: FieldKindName, label?: string): FormField {
  keys += 1;
  return { key: `new-${keys}`, kind, label: label ?? t.kinds.field[kind], tier: kindByName(kind)?.defaultTier ?? 3, value: "", stored: null };
}

const templates: Record<EntryKind, readonly (FieldKindName | readonly [FieldKindName, string])[]> = {
  login: ["username", "password", "url", "totp", "note"],
  api_key: ["api_key", "url", "note"],
  note: ["note"],
  card: [["name", t.entries.labels.cardholder], "card_number", "card_expiry", "card_cvv", "card_pin", "note"],
  identity: ["name", "email", "phone", "address", ["date", t.entries.labels.birthday], "government_id", "note"],
  ssh_key: ["username", "hostname", "ssh_private_key", "public_key", ["password", t.entries.labels.passphrase], "note"],
  database: ["hostname", "port", ["text", t.entries.labels.database], "username", "password", "note"],
  wifi: [["name", t.entries.labels.network], "wifi_password", "note"],
  server: ["hostname", "port", "username", "password", "ssh_private_key", "note"],
  software_license: [["text", t.entries.labels.version], "license_key", "email", ["date", t.entries.labels.bought], "note"],
  crypto_wallet: [["text", t.entries.labels.chain], "seed_phrase", "wallet_private_key", ["text", t.entries.labels.walletAddress], "note"],
  document: ["file", "note"],
  custom: ["text"],
};

/** The fields a new entry of a kind begins with; fields that already have a value stay. */
export function templateFields(kind: EntryKind, filled: readonly FormField[] = []): FormField[] {
  const left = filled.filter((field) => field.value.length > 0);
  const fields = templates[kind].map((item) => {
    const [name, label] = typeof item === "string" ? [item, undefined] : item;
    const at = left.findIndex((field) => field.kind === name);
    return at < 0 ? emptyField(name, label) : (left.splice(at, 1)[0] as FormField);
  });
  return [...fields, ...left];
}

/** Tiers that a kind of field may have, the most private first. */
export function tiersOf(kind: FieldKindName): Tier[] {
  const lowest = kindByName(kind)?.lowestTier ?? 3;
  return ([3, 2, 1] as const).filter((tier) => tier >= lowest);
}

/** What the form becomes: values that were not touched are left as they are stored, new fields without a value are left out. */
export function fieldDrafts(fields: readonly FormField[]): FieldDraft[] {
  return fields
    .filter((field) => field.id !== undefined || field.value.length > 0)
    .map((field) => {
      const draft: FieldDraft = { kind: field.kind, label: field.label, tier: field.tier };
      if (field.id !== undefined) draft.id = field.id;
      const untouched = field.id !== undefined && (field.value === field.stored || (field.stored === null && field.value.length === 0));
      if (!untouched) draft.value = field.value;
      return draft;
    });
}

/** Tags as people type them: separated by commas, each once. */
export function parseTags(text: string): string[] {
  return [
    ...new Set(
      text
        .split(",")
        .map((tag) => tag.trim())
        .filter((tag) => tag !== ""),
    ),
  ];
}

/** Destinations, one to a line: an origin each, or the line that is not one. */
export function parseDestinations(text: string): { origins: string[]; wrong: string | null } {
  const origins = new Set<string>();
  for (const line of text.split(/\s+/).filter((part) => part !== "")) {
    const url = URL.canParse(line) ? new URL(line) : null;
    if (url === null || url.origin === "null") return { origins: [], wrong: line };
    origins.add(url.origin);
  }
  return { origins: [...origins].sort(), wrong: null };
}
