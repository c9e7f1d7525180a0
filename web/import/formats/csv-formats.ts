// The CSV dialects of other programs, as tables of columns.

import type { EntryBuilder } from "../entry.ts";
import { hostOf } from "../shape.ts";
import type { CsvFormat } from "./csv-table.ts";

const title = { to: "title" } as const;
const folder = { to: "folder" } as const;
const tags = { to: "tags" } as const;
const favorite = { to: "favorite" } as const;
const archived = { to: "archived" } as const;
const own = { to: "row" } as const;
const url = { field: "url" } as const;
const username = { field: "username" } as const;
const password = { field: "password" } as const;
const totp = { field: "totp" } as const;
const note = { field: "note" } as const;

/** Chrome, Edge, Brave, Opera, Vivaldi: one dialect. */
export const chromeCsv: CsvFormat = {
  format: "chrome-csv",
  source: "chrome",
  columns: { name: title, url, username, password, note },
  required: ["name", "url", "username", "password"],
  volatile: [],
  folderSeparator: "/",
  row: (entry, cell) => {
    if (cell("url").startsWith("android://") && cell("name") === "") entry.title = hostOf(cell("url"));
  },
};

export const firefoxCsv: CsvFormat = {
  format: "firefox-csv",
  source: "firefox",
  columns: {
    url, username, password, guid: { to: "id" }, httprealm: { field: "text", label: "HTTP realm" }, formactionorigin: { detail: "form sent to" },
    timecreated: { detail: "created", time: "ms" }, timelastused: { detail: "last used", time: "ms" }, timepasswordchanged: { detail: "password changed", time: "ms" },
  },
  required: ["url", "username", "password", "guid", "timecreated"],
  volatile: ["timelastused"],
  folderSeparator: "/",
  row: (entry, cell) => {
    if (cell("url").startsWith("chrome://")) entry.proposeSkip("It is Firefox's own record, not a login of yours.");
  },
};

export const keepassxcCsv: CsvFormat = {
  format: "keepassxc-csv",
  source: "keepassxc",
  columns: {
    group: own, title, username, password, url, notes: note, totp, icon: { detail: "icon" }, "last modified": { detail: "modified" }, created: { detail: "created" },
  },
  required: ["group", "title", "username", "password", "url", "notes"],
  volatile: ["last modified"],
  folderSeparator: "/",
  table: (table, found) => {
    // The first part of every group is the root of the database; it says nothing when all rows share it.
    const at = table.header.findIndex((header) => header.toLowerCase() === "group");
    const roots = new Set(table.rows.map((row) => (row.cells[at] ?? "").split("/")[0] ?? ""));
    const [root = ""] = roots;
    if (roots.size !== 1 || root === "") return;
    found.about.push(["Root group", root]);
    for (const row of table.rows) row.cells[at] = (row.cells[at] ?? "").slice(root.length + 1);
  },
  row: (entry, cell) => {
    const parts = cell("group").split("/");
    entry.folder(parts);
    if (parts[0] === "Recycle Bin") entry.proposeSkip("It was in KeePassXC's recycle bin.");
  },
};

export const onePasswordCsv: CsvFormat = {
  format: "1password-csv",
  source: "1password",
  columns: { title, url, username, password, otpauth: totp, favorite, archived, tags, notes: note },
  required: ["title", "url", "username", "password", "otpauth", "favorite", "archived"],
  volatile: [],
  folderSeparator: "/",
};

export const bitwardenCsv: CsvFormat = {
  format: "bitwarden-csv",
  source: "bitwarden",
  columns: {
    folder, collections: own, favorite, type: own, name: title, notes: note, fields: own, reprompt: own, archiveddate: own, login_uri: own,
    login_username: username, login_password: password, login_totp: totp,
  },
  required: ["type", "name", "notes", "fields", "login_uri", "login_username", "login_password"],
  volatile: [],
  folderSeparator: "/",
  row: readBitwardenRow,
};

/** Any other table with columns whose names are plain enough. */
export const genericCsv: CsvFormat = {
  format: "csv",
  source: "csv",
  columns: {
    title, name: title, account: title, item: title, url, website: url, "web site": url, uri: url, link: url, site: url, username, "user name": username,
    user: username, login: username, "login name": username, userid: username, email: { field: "email" }, "e-mail": { field: "email" }, password, pass: password,
    pwd: password, totp, otp: totp, otpauth: totp, otpurl: totp, "one-time password": totp, note, notes: note, comment: note, comments: note, folder,
    group: folder, category: folder, vault: folder, tags, favorite, favourite: favorite, starred: favorite, archived,
  },
  required: [],
  volatile: [],
  folderSeparator: "/",
};

/** Dialects in the order in which a tie is decided. */
export const csvFormats: readonly CsvFormat[] = [bitwardenCsv, onePasswordCsv, firefoxCsv, keepassxcCsv, chromeCsv];

function readBitwardenRow(entry: EntryBuilder, cell: (header: string) => string): void {
  const type = cell("type").trim().toLowerCase();
  if (type === "login") entry.kind = "login";
  else if (type === "note" || type === "securenote") entry.kind = "note";
  else entry.detail("type", cell("type"));
  const [first, ...more] = cell("collections").split(",");
  if (first !== undefined && first !== "" && cell("folder") === "") entry.folder(first.split("/"));
  else if (first !== undefined) entry.tag(first);
  for (const name of more) entry.tag(name);
  for (const address of splitAddresses(cell("login_uri"))) entry.add("url", address);
  for (const [label, value] of splitFields(cell("fields"))) entry.named(label, value);
  if (cell("archiveddate") !== "") entry.archived = true;
  entry.detail("archived", cell("archiveddate"));
  if (cell("reprompt") === "1") entry.proposeOnlyMe("Bitwarden asked for the master password before showing it, so its secrets are proposed for \"Only me\".");
  else if (cell("reprompt") !== "0") entry.detail("reprompt", cell("reprompt"));
}

/** Addresses joined by commas; a comma inside an address is not followed by another address. */
function splitAddresses(joined: string): string[] {
  return joined.split(/,(?=\s*(?:[a-z][a-z0-9+.-]*:\/\/|(?:[\w-]+\.)+[a-z]{2,}(?:[/:?#,]|$)))/i).map((part) => part.trim());
}

/** Lines of `name: value`; a line without a colon goes on with the value before. */
function splitFields(text: string): [label: string, value: string][] {
  const fields: [string, string][] = [];
  if (text === "") return fields;
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(": ") >= 0 ? line.indexOf(": ") : line.endsWith(":") ? line.length - 1 : -1;
    const last = fields.at(-1);
    if (colon >= 0) fields.push([line.slice(0, colon), line.slice(colon + 2)]);
    else if (last !== undefined) last[1] += `\n${line}`;
    else fields.push(["Field", line]);
  }
  return fields;
}
