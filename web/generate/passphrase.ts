// Passphrases from the EFF's list of 7,776 words, which is loaded when it is first needed.

import type { Generated } from "./password.ts";
import { randomBelow, type RandomBytes } from "./random.ts";

/** Fewest and most words. */
export const PASSPHRASE_WORDS_MIN = 3;
export const PASSPHRASE_WORDS_MAX = 24;
const SEPARATOR_CHARS_MAX = 8;

/** What a passphrase looks like. Only `words` and `number` change how strong it is. */
export interface PassphraseOptions {
  words: number;
  separator: string;
  capitalize: boolean;
  /** Appends one digit to one word, both chosen at random. */
  number: boolean;
}

/** What a new passphrase looks like unless the owner says otherwise. */
export const PASSPHRASE_DEFAULTS: PassphraseOptions = { words: 6, separator: "-", capitalize: false, number: false };

/** Words in the list. */
export const LIST_WORDS = 7_776;

let loaded: readonly string[] | undefined;

/** The words, in order. */
export async function passphraseWords(): Promise<readonly string[]> {
  loaded ??= (await import("./eff-large.ts")).EFF_LARGE_WORDS.split(" ");
  return loaded;
}

/** Entropy of a passphrase with these options, in bits. Throws `RangeError` when they are out of range. */
export function passphraseBits(options: PassphraseOptions): number {
  check(options);
  return options.words * Math.log2(LIST_WORDS) + (options.number ? Math.log2(10 * options.words) : 0);
}

/** Makes a passphrase. */
export async function generatePassphrase(options: PassphraseOptions = PASSPHRASE_DEFAULTS, random?: RandomBytes): Promise<Generated> {
  const bits = passphraseBits(options);
  const list = await passphraseWords();
  const words = Array.from({ length: options.words }, () => list[randomBelow(list.length, random)] ?? "");
  const shown = options.capitalize ? words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)) : words;
  if (options.number) {
    const at = randomBelow(shown.length, random);
    shown[at] = `${shown[at] ?? ""}${randomBelow(10, random)}`;
  }
  return { value: shown.join(options.separator), bits };
}

function check(options: PassphraseOptions): void {
  const { words, separator } = options;
  if (!Number.isInteger(words) || words < PASSPHRASE_WORDS_MIN || words > PASSPHRASE_WORDS_MAX) {
    throw new RangeError(`The number of words must be from ${PASSPHRASE_WORDS_MIN} to ${PASSPHRASE_WORDS_MAX}.`);
  }
  if (separator.length > SEPARATOR_CHARS_MAX) throw new RangeError(`The separator may be ${SEPARATOR_CHARS_MAX} characters long.`);
}
