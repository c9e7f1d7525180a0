// Random passwords: every password that the options allow is equally likely, and the entropy shown is the logarithm of how many there are.

import { randomBelow, type RandomBytes } from "./random.ts";

/** Shortest and longest password, in characters. */
export const PASSWORD_LENGTH_MIN = 4;
export const PASSWORD_LENGTH_MAX = 256;

/** What a password may be made of. Every class that is on occurs at least once. */
export interface PasswordOptions {
  length: number;
  lower: boolean;
  upper: boolean;
  digits: boolean;
  symbols: boolean;
  /** Leaves out characters that look alike: I l 1 | O 0 o B 8 S 5 Z 2 and quotation marks. */
  excludeAmbiguous: boolean;
  /** The symbols to choose from instead of the usual ones. */
  symbolSet?: string;
}

/** A generated secret and its strength. */
export interface Generated {
  value: string;
  /** Base-2 logarithm of the number of equally likely results. */
  bits: number;
}

/** What a new password is made of unless the owner says otherwise. */
export const PASSWORD_DEFAULTS: PasswordOptions = { length: 20, lower: true, upper: true, digits: true, symbols: true, excludeAmbiguous: false };

const LOWER = "abcdefghijklmnopqrstuvwxyz";
const SYMBOLS = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
const AMBIGUOUS = new Set("Il1|O0oB8S5Z2\"'`");

/** The classes that are on, each without repeats. Throws `RangeError` when the options cannot be met. */
export function passwordClasses(options: PasswordOptions): string[] {
  const wanted: [boolean, string][] = [
    [options.lower, LOWER],
    [options.upper, LOWER.toUpperCase()],
    [options.digits, "0123456789"],
    [options.symbols, options.symbolSet ?? SYMBOLS],
  ];
  const taken = new Set<string>();
  const classes = wanted.filter(([on]) => on).map(([, characters]) => {
    const kept = [...characters].filter((c) => !taken.has(c) && !/\s/.test(c) && !(options.excludeAmbiguous && AMBIGUOUS.has(c)));
    const unique = [...new Set(kept)];
    for (const c of unique) taken.add(c);
    return unique.join("");
  });
  if (classes.length === 0) throw new RangeError("Choose at least one kind of character.");
  if (classes.some((c) => c === "")) throw new RangeError("One of the chosen kinds has no characters left.");
  const { length } = options;
  if (!Number.isInteger(length) || length < PASSWORD_LENGTH_MIN || length > PASSWORD_LENGTH_MAX) {
    throw new RangeError(`The length must be from ${PASSWORD_LENGTH_MIN} to ${PASSWORD_LENGTH_MAX}.`);
  }
  return classes;
}

/** Entropy of a password with these options, in bits. */
export function passwordBits(options: PasswordOptions): number {
  return Math.log2(usableShare(passwordClasses(options), options.length)) + options.length * Math.log2(poolSize(passwordClasses(options)));
}

/** Makes a password. */
export function generatePassword(options: PasswordOptions = PASSWORD_DEFAULTS, random?: RandomBytes): Generated {
  const classes = passwordClasses(options);
  const pool = [...classes.join("")];
  for (;;) {
    const characters = Array.from({ length: options.length }, () => pool[randomBelow(pool.length, random)] ?? "");
    // Draws the whole password again rather than patching it: patching would make some results likelier than others.
    if (classes.every((c) => characters.some((character) => c.includes(character)))) {
      return { value: characters.join(""), bits: passwordBits(options) };
    }
  }
}

function poolSize(classes: string[]): number {
  return classes.reduce((sum, c) => sum + [...c].length, 0);
}

/** The share of all strings of this length in which every class occurs, by inclusion and exclusion. */
function usableShare(classes: string[], length: number): number {
  const sizes = classes.map((c) => [...c].length);
  const pool = poolSize(classes);
  let share = 0;
  for (let left = 0; left < 1 << sizes.length; left++) {
    let missing = 0;
    let sign = 1;
    for (const [i, size] of sizes.entries()) {
      if ((left & (1 << i)) === 0) continue;
      missing += size;
      sign = -sign;
    }
    share += sign * ((pool - missing) / pool) ** length;
  }
  return share;
}
