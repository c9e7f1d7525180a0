// LastPass's typed notes: a note whose text is a form of `Label:value` lines, beginning with `NoteType:`.

import type { EntryBuilder } from "../entry.ts";
import type { EntryKind, FieldKind } from "../types.ts";

/** A form: the kind of entry it is, and the kinds of its fields by label in lower case. */
interface Form {
  kind: EntryKind;
  fields: Record<string, FieldKind>;
}

const ADDRESS: Record<string, FieldKind> = {
  title: "text", "first name": "name", "middle name": "name", "last name": "name", username: "username", gender: "text", birthday: "date", company: "name",
  "address 1": "address", "address 2": "address", "address 3": "address", "city / town": "address", county: "address", state: "address",
  "zip / postal code": "address", country: "address", timezone: "text", "email address": "email", phone: "phone", "evening phone": "phone",
  "mobile phone": "phone", fax: "phone",
};

const FORMS: Record<string, Form> = {
  "credit card": { kind: "card", fields: { "name on card": "name", type: "text", number: "card_number", "security code": "card_cvv", "start date": "date", "expiration date": "card_expiry" } },
  "bank account": {
    kind: "custom",
    fields: {
      "bank name": "name", "account type": "text", "routing number": "bank_account", "account number": "bank_account", "swift code": "bank_account",
      "iban number": "bank_account", pin: "card_pin", "branch address": "address", "branch phone": "phone",
    },
  },
  address: { kind: "identity", fields: ADDRESS },
  "driver's license": {
    kind: "identity",
    fields: {
      number: "government_id", "expiration date": "date", "license class": "text", name: "name", address: "address", "city / town": "address", state: "address",
      "zip / postal code": "address", country: "address", "date of birth": "date", sex: "text", height: "text",
    },
  },
  passport: {
    kind: "identity",
    fields: {
      type: "text", name: "name", country: "text", number: "government_id", sex: "text", nationality: "text", "issuing authority": "text", "date of birth": "date",
      "issued date": "date", "expiration date": "date",
    },
  },
  "social security": { kind: "identity", fields: { name: "name", number: "government_id" } },
  "ssh key": {
    kind: "ssh_key",
    fields: { "bit strength": "text", format: "text", passphrase: "password", "private key": "ssh_private_key", "public key": "public_key", hostname: "hostname", date: "date" },
  },
  server: { kind: "server", fields: { hostname: "hostname", username: "username", password: "password" } },
  database: {
    kind: "database",
    fields: { type: "text", hostname: "hostname", port: "port", database: "text", username: "username", password: "password", sid: "text", alias: "text" },
  },
  "wi-fi password": {
    kind: "wifi",
    fields: {
      ssid: "text", password: "wifi_password", "connection type": "text", "connection mode": "text", authentication: "text", encryption: "text", "use 802.1x": "text",
      "fips mode": "text", "key type": "text", protected: "text", "key index": "text",
    },
  },
  "software license": {
    kind: "software_license",
    fields: {
      "license key": "license_key", licensee: "name", version: "text", publisher: "text", "support email": "email", website: "url", price: "text",
      "purchase date": "date", "order number": "text", "number of licenses": "text", "order total": "text",
    },
  },
  "email account": {
    kind: "login",
    fields: { username: "username", password: "password", server: "hostname", port: "port", type: "text", "smtp server": "hostname", "smtp port": "port" },
  },
  "instant messenger": { kind: "login", fields: { type: "text", username: "username", password: "password", server: "hostname", port: "port" } },
  insurance: { kind: "custom", fields: { company: "name", "policy type": "text", "policy number": "hidden", expiration: "date", "agent name": "name", "agent phone": "phone", url: "url" } },
  "health insurance": {
    kind: "custom",
    fields: {
      company: "name", "company phone": "phone", "policy type": "text", "policy number": "hidden", "group id": "hidden", "member name": "name", "member id": "hidden",
      "physician name": "name", "physician phone": "phone", "physician address": "address", "co-pay": "text",
    },
  },
  membership: {
    kind: "custom",
    fields: { organization: "name", "membership number": "hidden", "member name": "name", "start date": "date", "expiration date": "date", website: "url", telephone: "phone", password: "password" },
  },
};

const MULTILINE = new Set<FieldKind>(["ssh_private_key", "public_key", "address"]);
const MONTHS = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];

/** Fills an entry from a typed note. Returns false when the text is none. */
export function readTypedNote(entry: EntryBuilder, note: string): boolean {
  const [first = "", ...lines] = note.split(/\r?\n/);
  const type = /^NoteType:\s*(.+)$/.exec(first)?.[1]?.trim();
  if (type === undefined) return false;
  const form = FORMS[type.toLowerCase()];
  entry.kind = form?.kind ?? "custom";
  entry.detail("note type", type);
  for (const [label, value] of formFields(lines, form)) addFormField(entry, form?.fields[label.toLowerCase()], label, value);
  return true;
}

/** Cuts a form into fields. `Notes:` comes last and takes everything after it. */
function formFields(lines: string[], form: Form | undefined): [label: string, value: string][] {
  const fields: [string, string][] = [];
  for (const [i, line] of lines.entries()) {
    const match = /^([^:]{1,60}):(.*)$/.exec(line);
    const label = match?.[1]?.trim() ?? "";
    const last = fields.at(-1);
    if (label.toLowerCase() === "notes") {
      fields.push([label, [match?.[2] ?? "", ...lines.slice(i + 1)].join("\n")]);
      break;
    }
    if (match !== null && beginsField(label, match[2] ?? "", last, form)) fields.push([label, match[2] ?? ""]);
    else if (last !== undefined) last[1] += `\n${line}`;
    else if (line !== "") fields.push(["", line]);
  }
  return fields;
}

function beginsField(label: string, value: string, last: [string, string] | undefined, form: Form | undefined): boolean {
  // Lines of a key have colons of their own.
  if (last !== undefined && last[1].includes("-----BEGIN") && !last[1].includes("-----END")) return false;
  if (form?.fields[label.toLowerCase()] !== undefined) return true;
  if (value.startsWith("//") || !/^\p{L}[\p{L}\p{N} '/().,&#-]*$/u.test(label)) return false;
  const lastKind = last === undefined ? undefined : form?.fields[last[0].toLowerCase()];
  return lastKind === undefined || !MULTILINE.has(lastKind);
}

function addFormField(entry: EntryBuilder, kind: FieldKind | undefined, label: string, value: string): void {
  if (label === "Language") entry.detail("language", value);
  else if (label.toLowerCase() === "notes") entry.add("note", value);
  else if (kind === "date" || kind === "card_expiry") entry.add(kind, englishDate(value), label);
  else if (kind !== undefined) entry.add(kind, kind === "ssh_private_key" ? value.trim() : value, label);
  else entry.custom(label || "Note", value);
}

/** `June,20,2020` is 2020-06-20 and `May,2008` is 05/2008; anything else stays as it is, and dates with no part filled in are none. */
function englishDate(value: string): string {
  const parts = value.split(",").map((part) => part.trim());
  if (parts.every((part) => part === "")) return "";
  const month = MONTHS.indexOf((parts[0] ?? "").toLowerCase()) + 1;
  const year = parts.at(-1) ?? "";
  if (month === 0 || !/^\d{4}$/.test(year)) return value;
  const mm = String(month).padStart(2, "0");
  if (parts.length === 2) return `${mm}/${year}`;
  return parts.length === 3 && /^\d{1,2}$/.test(parts[1] ?? "") ? `${year}-${mm}-${(parts[1] ?? "").padStart(2, "0")}` : value;
}
