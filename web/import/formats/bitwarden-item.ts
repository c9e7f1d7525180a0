// One item of a Bitwarden export as an entry.

import type { EntryBuilder } from "../entry.ts";
import { array, object, text, type Json, type JsonObject } from "../json.ts";
import type { EntryKind, FieldKind } from "../types.ts";
import { leaves } from "./reader.ts";

const KINDS: Record<string, EntryKind> = { "1": "login", "2": "note", "3": "card", "4": "identity", "5": "ssh_key", "6": "custom", "7": "identity", "8": "identity" };
const MATCHES = ["base domain", "host", "starts with", "exact", "regular expression", "never"];
const LINKED: Record<string, string> = { "100": "username", "101": "password" };

/** Members that are read by name; every other one becomes a custom field. */
const KNOWN = new Set([
  "id", "folderId", "organizationId", "collectionIds", "name", "notes", "type", "favorite", "reprompt", "fields", "passwordHistory", "revisionDate",
  "creationDate", "deletedDate", "archivedDate", "login", "secureNote", "card", "identity", "sshKey",
]);

/** Members that change without the item having changed. */
const VOLATILE = new Set(["revisionDate", "folderId", "collectionIds", "organizationId"]);

/** Fills an entry from an item. Folders and collections are the caller's. */
export function readItem(entry: EntryBuilder, item: JsonObject): void {
  entry.kind = KINDS[text(item["type"])] ?? "custom";
  entry.title = text(item["name"]);
  entry.favorite = item["favorite"] === true;
  entry.archived = text(item["archivedDate"]) !== "";
  entry.sourceId = text(item["id"]);
  entry.raw = Object.fromEntries(Object.entries(item).filter(([key]) => !VOLATILE.has(key)));
  readLogin(entry, object(item["login"]));
  readCard(entry, object(item["card"]));
  readIdentity(entry, object(item["identity"]));
  readSshKey(entry, object(item["sshKey"]));
  for (const field of array(item["fields"])) readField(entry, object(field));
  entry.add("note", text(item["notes"]));
  for (const [key, value] of Object.entries(item)) if (!KNOWN.has(key)) for (const [label, leaf] of leaves(key, value)) entry.custom(label, leaf);
  for (const old of array(item["passwordHistory"])) {
    const { password, lastUsedDate, ...rest } = object(old);
    entry.add("hidden", text(password), previousLabel(text(lastUsedDate)));
    others(entry, rest, "password history");
  }
  readDetails(entry, item);
}

/** Label of an old password; the date is when it was replaced. */
export function previousLabel(date: string): string {
  return date === "" ? "Previous password" : `Previous password (until ${date})`;
}

function readDetails(entry: EntryBuilder, item: JsonObject): void {
  entry.detail("id", text(item["id"]));
  entry.detail("organization", text(item["organizationId"]));
  entry.detail("created", text(item["creationDate"]));
  entry.detail("modified", text(item["revisionDate"]));
  entry.detail("archived", text(item["archivedDate"]));
  entry.detail("deleted", text(item["deletedDate"]));
  if (text(item["deletedDate"]) !== "") entry.proposeSkip("It was in Bitwarden's trash.");
  if (text(item["reprompt"]) === "1") entry.proposeOnlyMe("Bitwarden asked for the master password before showing it, so its secrets are proposed for \"Only me\".");
}

function readLogin(entry: EntryBuilder, login: JsonObject): void {
  const { username, password, uris, uri, totp, fido2Credentials, passwordRevisionDate, autofillOnPageLoad, ...rest } = login;
  entry.add("username", text(username));
  entry.add("password", text(password));
  entry.add("totp", text(totp));
  const addresses = array(uris).map(object);
  if (addresses.every((address) => text(address["uri"]) !== text(uri))) entry.add("url", text(uri));
  for (const address of addresses) {
    const match = address["match"];
    if (match === 4) entry.add("text", text(address["uri"]), "Website pattern");
    else entry.add("url", text(address["uri"]));
    if (typeof match === "number") entry.detail(`match of ${text(address["uri"])}`, MATCHES[match] ?? String(match));
    const { uri: _uri, match: _match, uriChecksum, ...more } = address;
    entry.detail("uri checksum", text(uriChecksum));
    others(entry, more, "website");
  }
  for (const passkey of array(fido2Credentials)) addPasskey(entry, object(passkey));
  entry.detail("password changed", text(passwordRevisionDate));
  entry.detail("autofill on page load", text(autofillOnPageLoad));
  others(entry, rest);
}

/** A stored passkey is one value: its parts are of no use apart. */
function addPasskey(entry: EntryBuilder, passkey: JsonObject): void {
  if (Object.keys(passkey).length > 0) entry.add("passkey", JSON.stringify(passkey), ["Passkey", text(passkey["rpName"]) || text(passkey["rpId"])].join(" ").trim());
}

function readCard(entry: EntryBuilder, card: JsonObject): void {
  const { cardholderName, brand, number, expMonth, expYear, code, ...rest } = card;
  entry.add("name", text(cardholderName), "Name on card");
  entry.add("text", text(brand), "Brand");
  entry.add("card_number", text(number));
  const month = text(expMonth);
  entry.add("card_expiry", [month.length === 1 ? `0${month}` : month, text(expYear)].filter((part) => part !== "").join("/"));
  entry.add("card_cvv", text(code));
  others(entry, rest, "", entry.kind === "card");
}

const IDENTITY: [member: string, kind: FieldKind, label: string][] = [
  ["title", "text", "Title"], ["firstName", "name", "First name"], ["middleName", "name", "Middle name"], ["lastName", "name", "Last name"],
  ["username", "username", "Username"], ["company", "name", "Company"], ["email", "email", "E-mail"], ["phone", "phone", "Phone"],
  ["ssn", "government_id", "Social security number"], ["passportNumber", "government_id", "Passport number"], ["licenseNumber", "government_id", "License number"],
];
const ADDRESS = ["address1", "address2", "address3", "city", "state", "postalCode", "country"];

function readIdentity(entry: EntryBuilder, identity: JsonObject): void {
  for (const [member, kind, label] of IDENTITY) entry.add(kind, text(identity[member]), label);
  entry.add("address", ADDRESS.map((member) => text(identity[member])).filter((line) => line !== "").join("\n"));
  const read = new Set([...IDENTITY.map(([member]) => member), ...ADDRESS]);
  others(entry, Object.fromEntries(Object.entries(identity).filter(([key]) => !read.has(key))));
}

function readSshKey(entry: EntryBuilder, key: JsonObject): void {
  const { privateKey, publicKey, keyFingerprint, fingerprint, ...rest } = key;
  entry.add("ssh_private_key", text(privateKey));
  entry.add("public_key", text(publicKey));
  entry.add("text", text(keyFingerprint) || text(fingerprint), "Fingerprint");
  others(entry, rest);
}

function readField(entry: EntryBuilder, field: JsonObject): void {
  const { name, value, type, linkedId, ...rest } = field;
  const label = text(name);
  if (text(type) === "3") entry.detail(`field "${label}" shows`, LINKED[text(linkedId)] ?? `member ${text(linkedId)}`);
  if (text(type) === "3") entry.custom(label, text(value));
  else if (text(type) === "2") entry.add("text", text(value), label || "Yes or no");
  else entry.named(label, text(value), text(type) === "1");
  others(entry, rest, label);
}

/** Members nobody expected. */
function others(entry: EntryBuilder, rest: Record<string, Json>, prefix = "", concealed = false): void {
  for (const [key, value] of Object.entries(rest)) for (const [label, leaf] of leaves(`${prefix} ${key}`.trim(), value)) entry.custom(label, leaf, concealed);
}
