// One item of a 1PUX archive as an entry.

import type { EntryBuilder } from "../entry.ts";
import { array, object, text, type Json, type JsonObject } from "../json.ts";
import type { EntryKind } from "../types.ts";
import { previousLabel } from "./bitwarden-item.ts";
import { addValue, type FileRef } from "./onepux-value.ts";
import { isoTime, leaves } from "./reader.ts";

const CATEGORIES: Record<string, [kind: EntryKind, name: string]> = {
  "001": ["login", "Login"], "002": ["card", "Credit card"], "003": ["note", "Secure note"], "004": ["identity", "Identity"], "005": ["login", "Password"],
  "006": ["document", "Document"], "100": ["software_license", "Software license"], "101": ["custom", "Bank account"], "102": ["database", "Database"],
  "103": ["identity", "Driver license"], "104": ["identity", "Outdoor license"], "105": ["custom", "Membership"], "106": ["identity", "Passport"],
  "107": ["custom", "Rewards"], "108": ["identity", "Social security number"], "109": ["wifi", "Wireless router"], "110": ["server", "Server"],
  "111": ["login", "E-mail account"], "112": ["api_key", "API credential"], "113": ["custom", "Medical record"], "114": ["ssh_key", "SSH key"],
  "115": ["crypto_wallet", "Crypto wallet"],
};

const ITEM = new Set(["uuid", "favIndex", "createdAt", "updatedAt", "state", "trashed", "categoryUuid", "overview", "details"]);
const OVERVIEW = new Set(["title", "subtitle", "url", "urls", "tags", "ps", "pbe", "pgrng", "ainfo", "watchtowerExclusions"]);
const DETAILS = new Set(["loginFields", "notesPlain", "sections", "passwordHistory", "documentAttributes", "password"]);
/** Display hints of a field: how it is typed and shown, not what it holds. */
const FIELD_HINTS = new Set(["id", "title", "value", "guarded", "multiline", "dontGenerate", "inputTraits", "indexAtSource", "clipboardFilter", "placeholder"]);
const LOGIN_HINTS = new Set(["id", "name", "value", "fieldType", "designation"]);

/** Fills an entry; returns the files that belong to it. */
export function readOnepuxItem(entry: EntryBuilder, item: JsonObject): FileRef[] {
  const overview = object(item["overview"]);
  const details = object(item["details"]);
  const code = text(item["categoryUuid"]);
  entry.kind = CATEGORIES[code]?.[0] ?? "custom";
  entry.title = text(overview["title"]);
  entry.favorite = Number(text(item["favIndex"])) > 0;
  entry.archived = text(item["state"]) === "archived";
  entry.sourceId = text(item["uuid"]);
  entry.raw = Object.fromEntries(Object.entries(item).filter(([key]) => key !== "updatedAt"));
  readLoginFields(entry, details);
  entry.add("password", text(details["password"]));
  readAddresses(entry, overview);
  const files = readSections(entry, details, code);
  const attached = object(details["documentAttributes"]);
  if (Object.keys(attached).length > 0) files.unshift({ documentId: text(attached["documentId"]), fileName: text(attached["fileName"]), bytes: Number(text(attached["decryptedSize"])) || 0 });
  entry.add("note", text(details["notesPlain"]));
  for (const old of array(details["passwordHistory"]).map(object)) entry.add("hidden", text(old["value"]), previousLabel(isoTime(old["time"])));
  for (const tag of array(overview["tags"])) entry.tag(text(tag));
  readRest(entry, item, overview, details);
  readFacts(entry, item, code);
  return files;
}

function readFacts(entry: EntryBuilder, item: JsonObject, code: string): void {
  entry.detail("id", text(item["uuid"]));
  entry.detail("category", CATEGORIES[code]?.[1] ?? code);
  entry.detail("created", isoTime(item["createdAt"]));
  entry.detail("modified", isoTime(item["updatedAt"]));
  if (item["trashed"] === true || text(item["state"]) === "trashed") entry.proposeSkip("It was in 1Password's trash.");
}

function readLoginFields(entry: EntryBuilder, details: JsonObject): void {
  const seen = new Set<string>();
  for (const field of array(details["loginFields"]).map(object)) {
    const designation = text(field["designation"]);
    const value = field["value"];
    const label = text(field["name"]) || text(field["id"]);
    const plain = value !== null && typeof value === "object" ? text(object(value)["email_address"]) : text(value);
    const first = (designation === "username" || designation === "password") && !seen.has(designation);
    if (first && plain !== "") {
      seen.add(designation);
      entry.add(designation === "username" ? "username" : "password", plain);
      if (typeof value === "object") for (const [name, leaf] of leaves(designation, value)) if (leaf !== plain) entry.custom(name, leaf);
    } else if (text(field["fieldType"]) === "C" || text(field["fieldType"]) === "I") entry.detail(`form field ${label}`.trim(), plain);
    else for (const [name, leaf] of leaves(label || "Form field", value)) entry.custom(name, leaf, text(field["fieldType"]) === "P" || designation === "password");
    unknown(entry, field, LOGIN_HINTS, label);
  }
}

function readAddresses(entry: EntryBuilder, overview: JsonObject): void {
  const listed = array(overview["urls"]).map(object);
  const main = text(overview["url"]);
  if (!listed.some((each) => text(each["url"]) === main)) entry.add("url", main);
  for (const { url, label, mode, ...rest } of listed) {
    entry.add("url", text(url), text(label));
    entry.detail(`match of ${text(url)}`, text(mode) === "default" ? "" : text(mode));
    unknown(entry, rest, new Set(), "website");
  }
}

function readSections(entry: EntryBuilder, details: JsonObject, category: string): FileRef[] {
  const files: FileRef[] = [];
  for (const section of array(details["sections"]).map(object)) {
    const heading = text(section["title"]);
    for (const field of array(section["fields"]).map(object)) {
      const title = text(field["title"]);
      const label = heading !== "" && !isOwnHeading(heading) ? [heading, title].filter((part) => part !== "").join(": ") : title;
      const file = addValue(entry, { id: text(field["id"]), title: label, category }, field["value"]);
      if (file !== undefined) files.push(file);
      unknown(entry, field, FIELD_HINTS, label);
    }
    if (array(section["fields"]).length === 0 && heading !== "") entry.detail("empty section", heading);
    unknown(entry, section, new Set(["title", "name", "fields", "hideAddAnotherField"]), heading);
  }
  return files;
}

/** Headings of 1Password's own templates say nothing that the label does not. */
function isOwnHeading(heading: string): boolean {
  return heading === "Related Items";
}

function readRest(entry: EntryBuilder, item: JsonObject, overview: JsonObject, details: JsonObject): void {
  unknown(entry, item, ITEM, "");
  unknown(entry, details, DETAILS, "");
  entry.detail("subtitle", text(overview["subtitle"]));
  for (const [key, value] of Object.entries(overview)) {
    if (!OVERVIEW.has(key) && key !== "subtitle") for (const [label, leaf] of leaves(key, value)) entry.detail(label, leaf);
  }
}

/** Members nobody expected become custom fields. */
function unknown(entry: EntryBuilder, members: Record<string, Json>, known: ReadonlySet<string>, prefix: string): void {
  for (const [key, value] of Object.entries(members)) {
    if (!known.has(key)) for (const [label, leaf] of leaves(`${prefix} ${key}`.trim(), value)) entry.custom(label, leaf);
  }
}
