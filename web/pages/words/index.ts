// The words of the interface, in the person's language. Every text on screen comes from here.
import { en } from "./en/index.ts";

/** A language has every word that English has. */
export type Words = typeof en;

const languages: Record<string, Words> = { en };

/** The best of the person's languages that there is. */
export function choose(wanted: readonly string[]): { code: string; words: Words } {
  for (const tag of wanted) {
    const code = tag.split("-")[0] ?? "";
    const words = languages[code];
    if (words !== undefined) return { code, words };
  }
  return { code: "en", words: en };
}

const wanted = globalThis.navigator?.languages ?? [];
const { code, words } = choose(wanted);

export const t = words;

/** How numbers and dates are written: as in the person's own region, when that speaks the language of the words. */
export const locale = wanted.find((tag) => tag.split("-")[0] === code) ?? code;
