// Uniform random numbers without modulo bias.

/** Fills an array with random bytes; `crypto.getRandomValues` outside tests. */
export type RandomBytes = (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;

const system: RandomBytes = (bytes) => crypto.getRandomValues(bytes);

/** A uniform integer in [0, below). `below` is from 1 to 2^32. Draws again whatever falls into the incomplete last stretch of 2^32. */
export function randomBelow(below: number, random: RandomBytes = system): number {
  if (!Number.isInteger(below) || below < 1 || below > 2 ** 32) throw new RangeError("below must be a whole number from 1 to 2^32");
  const limit = 2 ** 32 - (2 ** 32 % below);
  const draw = new Uint8Array(4);
  for (;;) {
    const value = new DataView(random(draw).buffer).getUint32(0);
    if (value < limit) {
      draw.fill(0);
      return value % below;
    }
  }
}
