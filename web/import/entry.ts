// Builds one row of a plan: takes every value of a source item, finds it a place that can hold it, and notes what had to be changed for that.

import { kindByName } from "../crypto/kinds.ts";
import { normalizeTotp, TotpError } from "../totp/index.ts";
import { rowContent, rowIdentity } from "./fingerprint.ts";
import { guessKind, holdsSecretOfOwner } from "./guess.ts";
import {
  destination_chars_max, destinations_max, detail_chars_max, details_chars_max, fields_max, folder_chars_max, label_chars_max,
  summary_chars_max, tag_chars_max, tags_max, title_chars_max, value_bytes_max,
} from "./limits.ts";
import { hostOf, inferKind, isOneShortLine, numberRepeatedLabels, rank, splitBytes, textOf } from "./shape.ts";
import type { EntryKind, FieldKind, ImportedField, Notice, PlanRow, Tier } from "./types.ts";

/** Where a row stands in its file. */
export interface RowPlace {
  source: string;
  index: number;
  place: string;
}

const LABELS: Partial<Record<FieldKind, string>> = {
  username: "Username", email: "E-mail", url: "Website", password: "Password", totp: "One-time password", note: "Notes", card_number: "Card number",
  card_cvv: "Security code", card_expiry: "Expires", card_pin: "PIN", api_key: "API key", ssh_private_key: "Private key", public_key: "Public key",
  passkey: "Passkey", phone: "Phone", address: "Address", name: "Name", hostname: "Host", port: "Port", wifi_password: "Wi-Fi password",
};

/** One entry in the making. */
export class EntryBuilder {
  kind: EntryKind | undefined;
  title = "";
  favorite = false;
  archived = false;
  /** The source's own lasting id of the item, if it has one. */
  sourceId = "";
  /** The entry and version of this vault or another that one of our own exports was made of. */
  exported: { id: string; version: number } | undefined;
  /** The item as the source has it, without members that change by themselves; makes the fingerprint. */
  raw: unknown = null;
  readonly #at: RowPlace;
  readonly #fields: ImportedField[] = [];
  readonly #notices: Notice[] = [];
  readonly #details: Record<string, string> = {};
  readonly #tags: string[] = [];
  readonly #destinations = new Set<string>();
  #folder = "";
  #detailChars = 0;
  #proposal: PlanRow["proposal"] = "import";
  #onlyMe = false;
  /** Tiers that the file itself states. */
  readonly #stated = new Map<ImportedField, Tier>();

  constructor(at: RowPlace) {
    this.#at = at;
  }

  get hasFolder(): boolean {
    return this.#folder !== "";
  }

  /** Adds a field of a known kind. Empty values are nothing to add. */
  add(kind: FieldKind, value: string, label?: string): void {
    if (value === "" || (value.trim() === "" && kind !== "password" && kind !== "hidden")) return;
    const name = label === undefined || label.trim() === "" ? (LABELS[kind] ?? "Field") : label.trim();
    if (kind === "url") this.#addDestination(value);
    if (kind === "totp") this.#addTotp(name, value);
    else this.#push(kind, name, value);
  }

  /** Adds a field that the source knows only by a label. */
  custom(label: string, value: string, concealed = false): void {
    if (value.trim() === "") return;
    const guessed = guessKind(label, value, concealed);
    const isPin = this.kind === "card" && guessed === "hidden" && /\bpin\b/i.test(label);
    this.add(isPin ? "card_pin" : guessed, value, label.trim() === "" ? "Field" : label);
  }

  /** Adds a field that the owner has named; a name without a value is kept as a fact about the row. */
  named(label: string, value: string, concealed = false): void {
    if (value.trim() === "") this.detail("empty field", label);
    else this.custom(label, value, concealed);
  }

  /** Adds a field exactly as one of our own exports states it; only a tier below the kind's lowest is raised. */
  exact(kind: FieldKind, label: string, value: string | Uint8Array, tier: Tier): void {
    if (value.length === 0) return;
    const lowest = kindByName(kind)?.lowestTier ?? 1;
    if (tier < lowest) this.note("altered", `"${label}" may not be opened by agents; its tier was raised.`);
    const before = this.#fields.length;
    if (typeof value === "string") this.#push(kind, label, value, true);
    else this.file(label, value);
    for (const field of this.#fields.slice(before)) this.#stated.set(field, tier < lowest ? lowest : tier);
  }

  /** Adds an attached file, or reports it when a record cannot hold it. */
  file(name: string, bytes: Uint8Array): void {
    const label = name === "" ? "File" : name;
    if (bytes.length === 0) this.note("lost", `The attached file "${label}" is empty and was left out.`);
    else if (bytes.length > value_bytes_max) this.fileTooLarge(label, bytes.length);
    else this.#push("file", label, bytes);
  }

  /** Reports a file that was not even unpacked. */
  fileTooLarge(name: string, bytes: number): void {
    this.note("lost", `The attached file "${name}" (${bytes} bytes) is larger than a field can hold (${value_bytes_max} bytes). Keep it elsewhere.`);
  }

  /** Keeps a fact about the row that is no field. */
  detail(key: string, value: string): void {
    if (value.trim() === "") return;
    this.#detailChars += key.length + value.length;
    if (value.length > detail_chars_max || this.#detailChars > details_chars_max) {
      this.#push("note", key, value);
      return;
    }
    let name = key;
    for (let n = 2; name in this.#details; n++) name = `${key} ${n}`;
    this.#details[name] = value;
  }

  note(severity: Notice["severity"], message: string): void {
    this.#notices.push({ severity, message });
  }

  /** Proposes to leave the row out, with the reason; the owner may still take it. */
  proposeSkip(reason: string): void {
    this.#proposal = "skip";
    this.note("info", reason);
  }

  /** Proposes tier 3 for every secret: the source asked for the master password each time. */
  proposeOnlyMe(reason: string): void {
    this.#onlyMe = true;
    this.note("info", reason);
  }

  /** Sets the folder from its parts. */
  folder(parts: string[]): void {
    const clean = parts.map((part) => this.#oneLine(part, "folder").replaceAll("/", "-")).filter((part) => part !== "");
    if (parts.some((part) => part.trim().replace(/^\/+|\/+$/g, "").includes("/"))) this.note("altered", "A slash in the folder's name became a hyphen.");
    const path = clean.join("/");
    if (path.length > folder_chars_max) {
      this.note("altered", "The folder's name is too long and was kept in a note.");
      this.#push("note", "Folder", path);
    } else this.#folder = path;
  }

  tag(text: string): void {
    const tag = this.#oneLine(text, "tag");
    if (tag === "" || this.#tags.includes(tag)) return;
    if (tag.length > tag_chars_max || this.#tags.length >= tags_max) {
      this.note("altered", "A tag that is too long, or one too many, was kept in a note.");
      this.#push("note", "Tag", tag);
    } else this.#tags.push(tag);
  }

  /** The finished row. */
  finish(): PlanRow {
    const title = this.#title();
    this.#joinSurplus();
    const fields = this.#fields.map((field) => ({ ...field, tier: this.#tier(field) }));
    this.#boundSummary(fields);
    if (this.#stated.size === 0) numberRepeatedLabels(fields);
    const kind = this.kind ?? inferKind(fields);
    const origin = { source: this.#at.source, fingerprint: "", ...(Object.keys(this.#details).length > 0 ? { details: this.#details } : {}) };
    const entry = {
      kind, title, folder: this.#folder, tags: this.#tags, favorite: this.favorite, archived: this.archived,
      destinations: [...this.#destinations].sort(), fields, origin,
    };
    return {
      index: this.#at.index,
      place: this.#at.place,
      entry,
      proposal: this.#proposal,
      notices: this.#notices,
      identity: rowIdentity(entry, this.sourceId),
      content: rowContent(this.raw, fields),
      ...(this.exported === undefined ? {} : { exported: this.exported }),
    };
  }

  #addTotp(label: string, value: string): void {
    try {
      this.#push("totp", label, normalizeTotp(value));
    } catch (error) {
      if (!(error instanceof TotpError)) throw error;
      this.note("altered", `"${label}" gives no codes and was kept as hidden text: ${error.message}`);
      this.#push("hidden", label, value);
    }
  }

  /** Puts what people look for first to the top: for sources whose order says nothing. */
  arrange(): void {
    this.#fields.sort((a, b) => rank(a.kind) - rank(b.kind));
  }

  #addDestination(address: string): void {
    const hasScheme = /^[a-z][\w+.-]*:\/\//i.test(address);
    try {
      const url = new URL(hasScheme ? address : `https://${address}`);
      const fits = url.origin.length <= destination_chars_max && this.#destinations.size < destinations_max;
      if (fits && /^https?:$/.test(url.protocol) && (hasScheme || url.hostname.includes("."))) this.#destinations.add(url.origin);
    } catch {
      // No address after all; the field keeps it as it is.
    }
  }

  #push(kind: FieldKind, label: string, value: string | Uint8Array, asStated = false): void {
    const short = this.#label(label);
    const fits = !asStated && typeof value === "string" && kindByName(kind)?.descriptive === true && !isOneShortLine(value) ? "note" : kind;
    if (fits !== kind) this.note("info", `"${short}" is long or has several lines and is kept as a note.`);
    const parts = typeof value === "string" ? splitBytes(value) : [value];
    if (parts.length > 1) this.note("altered", `"${short}" is longer than a field can hold and was split into ${parts.length} fields.`);
    for (const [i, part] of parts.entries()) {
      this.#fields.push({ kind: fits, label: parts.length > 1 ? `${short} (${i + 1} of ${parts.length})` : short, value: part, tier: 1 });
    }
  }

  #label(label: string): string {
    const line = label.replace(/[\s\u0000-\u001f\u007f]+/g, " ").trim();
    if (line.length <= label_chars_max) return line;
    this.note("altered", "A label is too long: it was cut, and kept whole in a note.");
    this.#fields.push({ kind: "note", label: "Label", value: line, tier: 1 });
    return `${line.slice(0, label_chars_max - 1)}…`;
  }

  #title(): string {
    const line = this.#oneLine(this.title, "title");
    if (line.length > title_chars_max) {
      this.note("altered", "The title is too long: it was cut, and kept whole in a note.");
      for (const part of splitBytes(line)) this.#fields.push({ kind: "note", label: "Title", value: part, tier: 1 });
      return `${line.slice(0, title_chars_max - 1)}…`;
    }
    if (line !== "") return line;
    const made = this.#titleFromFields();
    this.note("info", `It has no title and was named "${made}".`);
    return made;
  }

  #titleFromFields(): string {
    const first = (...kinds: FieldKind[]): string => textOf(this.#fields.find((field) => kinds.includes(field.kind)));
    const host = hostOf(first("url"));
    return (host || first("username", "email", "hostname", "name")).slice(0, title_chars_max) || "Untitled";
  }

  #oneLine(text: string, what: string): string {
    const line = text.replace(/[\u0000-\u001f\u007f\u2028\u2029]+/g, " ").trim();
    if (line !== text.trim()) this.note("altered", `Line breaks or control characters in the ${what} became spaces.`);
    return line;
  }

  /** Fields above the limit become lines of one note. */
  #joinSurplus(): void {
    if (this.#fields.length <= fields_max) return;
    const kept = this.#fields.slice(0, fields_max - 1);
    const files = this.#fields.slice(fields_max - 1).filter((field) => typeof field.value !== "string");
    const lines = this.#fields.slice(fields_max - 1).flatMap((field) => (typeof field.value === "string" ? [`${field.label}: ${field.value}`] : []));
    this.#fields.splice(0, this.#fields.length, ...kept);
    this.note("altered", `It has more than ${fields_max} fields; ${lines.length} of them were joined into one note.`);
    for (const file of files) this.note("lost", `The attached file "${file.label}" is one too many for an entry.`);
    this.#push("note", "More fields", lines.join("\n"));
  }

  /** Everything at tier 1 that is descriptive stands in one record together with the facts; the longest values leave it first. */
  #boundSummary(fields: ImportedField[]): void {
    const inSummary = fields.filter((field) => field.tier === 1 && kindByName(field.kind)?.descriptive === true).sort((a, b) => b.value.length - a.value.length);
    let chars = inSummary.reduce((sum, field) => sum + field.value.length + field.label.length, 0);
    for (const [key, value] of Object.entries(this.#details)) chars += key.length + value.length;
    for (const field of inSummary) {
      if (chars <= summary_chars_max) return;
      chars -= field.value.length;
      this.note("altered", `"${field.label}" is kept as a note, since the entry has more text than its summary can hold.`);
      field.kind = "note";
      field.tier = 2;
    }
  }

  #tier(field: ImportedField): Tier {
    const stated = this.#stated.get(field);
    if (stated !== undefined) return stated;
    const kind = kindByName(field.kind);
    const usual = kind?.defaultTier ?? 2;
    if (usual === 1) return 1;
    if (this.#onlyMe && field.kind !== "address") return 3;
    if (field.kind !== "note" || typeof field.value !== "string" || !holdsSecretOfOwner(field.value)) return usual;
    this.note("info", `"${field.label}" seems to hold a card number or a seed phrase and is proposed for "Only me".`);
    return 3;
  }
}
