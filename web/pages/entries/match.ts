// Which parts of a text a search hit, for marking them.

export interface Piece {
  text: string;
  hit: boolean;
}

/** The text in pieces; every word of the query is marked wherever it stands. */
export function pieces(text: string, query: string): Piece[] {
  const words = query
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  const lower = text.toLowerCase();
  // Lower case may change the length of a text (İ); such a text is left unmarked rather than marked wrongly.
  if (words.length === 0 || lower.length !== text.length) return [{ text, hit: false }];
  const result: Piece[] = [];
  let at = 0;
  while (at < text.length) {
    const next = words
      .map((word) => ({ word, from: lower.indexOf(word, at) }))
      .filter((hit) => hit.from >= 0)
      .sort((a, b) => a.from - b.from || b.word.length - a.word.length)[0];
    if (next === undefined) break;
    if (next.from > at) result.push({ text: text.slice(at, next.from), hit: false });
    at = next.from + next.word.length;
    result.push({ text: text.slice(next.from, at), hit: true });
  }
  if (at < text.length) result.push({ text: text.slice(at), hit: false });
  return result;
}
