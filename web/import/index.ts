// Import of other programs' exports, in the browser: detect, parse, compare, then the page applies the rows and makes the report.
//
//   const plan = await parse(file, { password, onProgress, signal });
//   const comparison = await compare(plan, existingEntries(vault.entries.all()), (text) => vault.entries.importMac(text), { onProgress });
//   … the owner looks at it, changes tiers (`row.entry.fields[i].tier`) and actions …
//   create: `vault.entries.importMany(rows.map(({ row }) => row.entry))`; merge: `merge(entry, row.entry, open)`, then `vault.entries.edit`
//   report(comparison, applied)

export { compare, count, existingEntries } from "./compare.ts";
export { detect } from "./detect.ts";
export { ImportError } from "./error.ts";
export type { ImportErrorCode } from "./error.ts";
export { merge } from "./merge.ts";
export { parse } from "./parse.ts";
export { report, reportText } from "./report.ts";
export type { Applied } from "./report.ts";
export type * from "./types.ts";
