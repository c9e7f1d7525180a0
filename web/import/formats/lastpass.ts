// LastPass's CSV export, with its secure notes and the traces of having been copied out of a web page.

import type { EntryBuilder } from "../entry.ts";
import type { CsvTable } from "../csv.ts";
import type { CsvFormat } from "./csv-table.ts";
import { readTypedNote } from "./lastpass-note.ts";
import type { Found } from "./reader.ts";

const ENTITY = /&(?:amp|lt|gt|quot|apos|#0?39|#x27);/g;
const DECODED: Record<string, string> = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": "\"", "&apos;": "'", "&#39;": "'", "&#039;": "'", "&#x27;": "'" };
/** A column of our own in which a row carries what its password was in the file. */
const AS_IN_FILE = "password as in the file";

export const lastpassCsv: CsvFormat = {
  format: "lastpass-csv",
  source: "lastpass",
  columns: {
    url: { to: "row" }, username: { field: "username" }, password: { field: "password" }, totp: { field: "totp" }, extra: { to: "row" }, name: { to: "title" },
    grouping: { to: "row" }, fav: { to: "favorite" }, [AS_IN_FILE]: { field: "hidden", label: "Password as in the file" },
  },
  required: ["url", "username", "password", "extra", "name", "grouping"],
  volatile: [],
  folderSeparator: "\\",
  table: undoHtml,
  row: readRow,
};

function readRow(entry: EntryBuilder, cell: (header: string) => string): void {
  const url = cell("url");
  const isNote = url === "http://sn";
  if (isNote) entry.kind = "note";
  else if (url !== "" && url !== "http://") {
    entry.kind = "login";
    entry.add("url", url);
  }
  if (cell("grouping") !== "(none)") entry.folder(cell("grouping").split("\\"));
  if (!readTypedNote(entry, cell("extra"))) entry.add("note", cell("extra"));
  if (cell(AS_IN_FILE) !== "") entry.note("altered", "Its text was written for a web page (&amp; for &, and so on) and was changed back; the password is kept in both forms.");
}

/** When every ampersand of the file begins a character reference, the file was copied out of a web page: undoes that, and keeps such passwords in both forms. */
function undoHtml(table: CsvTable, found: Found): void {
  let ampersands = 0;
  let references = 0;
  for (const row of table.rows) {
    for (const cell of row.cells) {
      ampersands += cell.split("&").length - 1;
      references += cell.match(ENTITY)?.length ?? 0;
    }
  }
  if (references === 0 || references !== ampersands) return;
  const password = table.header.findIndex((header) => header.toLowerCase() === "password");
  const width = table.header.length;
  table.header.push(AS_IN_FILE);
  for (const row of table.rows) {
    const before = row.cells[password] ?? "";
    if (row.cells.length > width) continue;
    row.cells = row.cells.map((cell) => cell.replace(ENTITY, (reference) => DECODED[reference] ?? reference));
    while (row.cells.length < width) row.cells.push("");
    row.cells.push(row.cells[password] === before ? "" : before);
  }
  found.notices.push({ severity: "altered", message: "The file was copied out of a web page: &amp;, &lt;, &gt; and &quot; in it were changed back to the characters they stand for." });
}
