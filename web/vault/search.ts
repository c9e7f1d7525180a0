// Instant search over the opened summaries: every word must occur, titles count most.
import type { Entry, EntryFilter } from "./types.ts";

interface Line {
  readonly entry: Entry;
  readonly title: string;
  readonly text: string;
}

const collator = new Intl.Collator(undefined, { sensitivity: "base", numeric: true });

function lineOf(entry: Entry): Line {
  const values = entry.fields.flatMap((field) => (field.value === undefined ? [field.label] : [field.label, field.value]));
  const text = [entry.title, entry.kind, entry.folder, ...entry.tags, ...values, ...entry.destinations].join("\n").toLowerCase();
  return { entry, title: entry.title.toLowerCase(), text };
}

function scoreOf(line: Line, words: readonly string[]): number {
  let score = line.entry.favorite ? 1 : 0;
  for (const word of words) {
    if (!line.text.includes(word)) return -1;
    const at = line.title.indexOf(word);
    if (at === 0) score += line.title.length === word.length ? 16 : 12;
    else if (at > 0) score += /[\s./@_-]/.test(line.title.charAt(at - 1)) ? 8 : 4;
    else score += 2;
  }
  return score;
}

function fits(entry: Entry, filter: EntryFilter): boolean {
  const place = filter.place ?? "live";
  if (place !== "any" && entry.trashed !== (place === "trash")) return false;
  if ((place === "live" && entry.archived) || (place === "archive" && !entry.archived)) return false;
  if (filter.kind !== undefined && entry.kind !== filter.kind) return false;
  if (filter.folder !== undefined && entry.folder !== filter.folder && !entry.folder.startsWith(`${filter.folder}/`)) return false;
  if (filter.tag !== undefined && !entry.tags.includes(filter.tag)) return false;
  if (filter.scope !== undefined && !entry.scopes.includes(filter.scope)) return false;
  return filter.favorite === undefined || entry.favorite === filter.favorite;
}

function byTitle(a: Line, b: Line): number {
  return collator.compare(a.entry.title, b.entry.title) || (a.entry.id < b.entry.id ? -1 : 1);
}

/** Two sorted lists as one. */
function merged(a: readonly Line[], b: readonly Line[]): Line[] {
  const all: Line[] = [];
  let at = 0;
  for (const line of a) {
    for (let next = b[at]; next !== undefined && byTitle(next, line) < 0; next = b[++at]) all.push(next);
    all.push(line);
  }
  return all.concat(b.slice(at));
}

/** The entries in memory, by id and by title. */
export class SearchIndex {
  readonly #lines = new Map<string, Line>();
  /** Sorted as of the last look, with lines that are not in force any more; what came since is sorted by itself and merged. */
  #byTitle: readonly Line[] = [];
  readonly #fresh = new Map<string, Line>();
  #stale = false;

  put(entry: Entry): void {
    this.delete(entry.id);
    const line = lineOf(entry);
    this.#lines.set(entry.id, line);
    this.#fresh.set(entry.id, line);
  }

  delete(id: string): void {
    if (this.#lines.delete(id) && !this.#fresh.delete(id)) this.#stale = true;
  }

  get(id: string): Entry | undefined {
    return this.#lines.get(id)?.entry;
  }

  get size(): number {
    return this.#lines.size;
  }

  #sorted(): readonly Line[] {
    if (this.#stale) this.#byTitle = this.#byTitle.filter((line) => this.#lines.get(line.entry.id) === line);
    if (this.#fresh.size > 0) this.#byTitle = merged(this.#byTitle, [...this.#fresh.values()].sort(byTitle));
    this.#stale = false;
    this.#fresh.clear();
    return this.#byTitle;
  }

  all(): Entry[] {
    return this.#sorted().map((line) => line.entry);
  }

  search(text: string, filter: EntryFilter = {}, limit = Number.MAX_SAFE_INTEGER): Entry[] {
    const words = text.toLowerCase().split(/\s+/).filter((word) => word !== "");
    const found: { entry: Entry; score: number }[] = [];
    for (const line of this.#sorted()) {
      if (!fits(line.entry, filter)) continue;
      const score = scoreOf(line, words);
      if (score >= 0) found.push({ entry: line.entry, score });
      if (words.length === 0 && found.length >= limit) break;
    }
    if (words.length > 0) found.sort((a, b) => b.score - a.score);
    return found.slice(0, limit).map((one) => one.entry);
  }

  folders(): string[] {
    const folders = new Set([...this.#lines.values()].map((line) => line.entry.folder));
    folders.delete("");
    return [...folders].sort(collator.compare);
  }

  tags(): string[] {
    return [...new Set([...this.#lines.values()].flatMap((line) => line.entry.tags))].sort(collator.compare);
  }
}
