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

export const { code: language, words: t } = choose(globalThis.navigator?.languages ?? []);
