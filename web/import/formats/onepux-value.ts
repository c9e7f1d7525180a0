// One value of a 1PUX item: an object with a single key that names its type.

import type { EntryBuilder } from "../entry.ts";
import { object, text, type Json } from "../json.ts";
import type { FieldKind } from "../types.ts";
import { isoTime, leaves } from "./reader.ts";

/** A file that a field points at; the caller unpacks it. */
export interface FileRef {
  documentId: string;
  fileName: string;
  /** As the item states it; 0 when it does not. */
  bytes: number;
}

/** 1Password's own ids of fields whose kind is certain. */
const BY_ID: Record<string, FieldKind> = {
  ccnum: "card_number", cvv: "card_cvv", pin: "card_pin", cardholder: "name", expiry: "card_expiry", validFrom: "date", credential: "api_key",
  hostname: "hostname", server: "hostname", port: "port", reg_code: "license_key", wireless_password: "wifi_password", accountNo: "bank_account",
  routingNo: "bank_account", iban: "bank_account", swift: "bank_account", recoveryPhrase: "seed_phrase", walletAddress: "text", url: "url", website: "url",
  admin_console_url: "url", username: "username", firstname: "name", lastname: "name", initial: "name", company: "name", number: "text", password: "password",
  telephonePin: "card_pin",
};

const BY_TYPE: Record<string, FieldKind> = {
  email: "email", phone: "phone", url: "url", totp: "totp", creditCardNumber: "card_number", creditCardType: "text", gender: "text", menu: "text",
};

/** Kinds that a value keeps whatever its type says. */
const NUMBER_IN: Record<string, FieldKind> = { "103": "government_id", "106": "government_id", "108": "government_id" };

/** Adds a value; returns the file when it is one. `category` is 1Password's code of the item. */
export function addValue(entry: EntryBuilder, field: { id: string; title: string; category: string }, value: Json | undefined): FileRef | undefined {
  const typed = object(value);
  const [type, inner] = Object.entries(typed)[0] ?? ["", value ?? null];
  for (const [extra, more] of Object.entries(typed).slice(1)) for (const [label, leaf] of leaves(`${field.title} ${extra}`, more)) entry.custom(label, leaf);
  const { title } = field;
  switch (type) {
    case "file":
      entry.detail(`file ${text(object(inner)["fileName"])}`.trim(), title);
      return { documentId: text(object(inner)["documentId"]), fileName: text(object(inner)["fileName"]), bytes: Number(text(object(inner)["decryptedSize"])) || 0 };
    case "sshKey":
      addSshKey(entry, title, inner);
      return undefined;
    case "address":
      entry.add("address", addressLines(inner), title || "Address");
      return undefined;
    case "email":
      addEmail(entry, title, inner);
      return undefined;
    case "date":
      entry.add(field.id === "expiry" ? "card_expiry" : "date", isoTime(inner).slice(0, 10), title || "Date");
      return undefined;
    case "monthYear":
      entry.add(field.id === "expiry" ? "card_expiry" : "date", monthYear(inner), title || "Date");
      return undefined;
    case "reference":
      entry.detail(`link ${title}`.trim(), text(inner));
      return undefined;
    default:
      addText(entry, field, type, inner);
      return undefined;
  }
}

function addText(entry: EntryBuilder, field: { id: string; title: string; category: string }, type: string, inner: Json): void {
  if (inner !== null && typeof inner === "object") {
    for (const [label, leaf] of leaves(field.title || type, inner)) entry.custom(label, leaf, type === "concealed");
    return;
  }
  const value = text(inner);
  const certain = (field.id === "number" ? NUMBER_IN[field.category] : undefined) ?? BY_TYPE[type] ?? BY_ID[field.id];
  // A plain text kind for a concealed value would put it into the summary.
  if (certain !== undefined && !(type === "concealed" && ["text", "name", "url", "username", "hostname", "port"].includes(certain))) entry.add(certain, value, field.title);
  else entry.custom(field.title || type, value, type === "concealed");
}

function addSshKey(entry: EntryBuilder, title: string, inner: Json): void {
  const { privateKey, metadata, ...rest } = object(inner);
  const { publicKey, fingerprint, keyType, privateKey: second, ...more } = object(metadata);
  const key = text(privateKey) || text(second);
  entry.kind ??= "ssh_key";
  entry.add("ssh_private_key", key, title);
  if (text(second) !== "" && text(second) !== key) entry.add("ssh_private_key", text(second), `${title} (second form)`);
  entry.add("public_key", text(publicKey));
  entry.add("text", text(fingerprint), "Fingerprint");
  for (const [label, leaf] of [...leaves("Key type", keyType), ...leaves("", { ...rest, ...more })]) entry.add("text", leaf, label);
}

function addEmail(entry: EntryBuilder, title: string, inner: Json): void {
  if (typeof inner === "string") {
    entry.add("email", inner, title);
    return;
  }
  const { email_address, provider, ...rest } = object(inner);
  entry.add("email", text(email_address), title);
  for (const [label, leaf] of [...leaves(`${title} provider`.trim(), provider), ...leaves(title, rest)]) entry.add("text", leaf, label);
}

const ADDRESS = ["street", "city", "state", "zip", "country"];

function addressLines(inner: Json): string {
  if (typeof inner === "string") return inner;
  const address = object(inner);
  const rest = Object.entries(address).filter(([key]) => !ADDRESS.includes(key)).flatMap(([key, value]) => leaves(key, value).map(([, leaf]) => leaf));
  return [...ADDRESS.map((key) => text(address[key])), ...rest].filter((line) => line !== "").join("\n");
}

/** 202911 is November 2029. */
function monthYear(inner: Json): string {
  const digits = text(inner);
  return /^\d{6}$/.test(digits) ? `${digits.slice(4)}/${digits.slice(0, 4)}` : digits;
}
