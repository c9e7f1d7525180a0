// Checks the size of the first view: index.html, and the scripts it loads before anything is asked for, compressed.
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";

const FIRST_VIEW_BYTES_MAX = 100_000;
const dist = new URL("../dist/", import.meta.url).pathname;

/** Scripts that `name` imports statically, itself included. */
function closure(name, seen = new Set()) {
  if (seen.has(name)) return seen;
  seen.add(name);
  const code = readFileSync(join(dist, name), "utf8");
  for (const [, path] of code.matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g)) closure(`assets/${path}`, seen);
  return seen;
}

const html = readFileSync(join(dist, "index.html"), "utf8");
const entry = /<script type="module" src="\/([^"]+)"/.exec(html)?.[1];
if (entry === undefined) throw new Error("index.html names no script");
let total = 0;
for (const name of ["index.html", ...closure(entry)]) {
  const bytes = statSync(join(dist, `${name}.br`)).size;
  total += bytes;
  console.log(`${String(bytes).padStart(8)} ${name}`);
}
console.log(`${String(total).padStart(8)} first view, of at most ${FIRST_VIEW_BYTES_MAX} bytes`);
if (total > FIRST_VIEW_BYTES_MAX) process.exit(1);
