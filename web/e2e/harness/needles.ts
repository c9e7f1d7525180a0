// Secrets to look for, in every form in which bytes are usually written down.

/** A secret with the name to report it by. */
export interface Needle {
  name: string;
  bytes: Uint8Array;
}

/** A needle of text. */
export function text(name: string, value: string): Needle {
  return { name, bytes: Buffer.from(value) };
}

/** A shorter run than this is found by chance. */
const bytesMin = 8;

/** The names of the needles that stand in the haystack, with the form in which they do. */
export function find(haystack: Buffer, needles: readonly Needle[]): string[] {
  const found: string[] = [];
  for (const { name, bytes } of needles) {
    if (bytes.length < bytesMin) throw new Error(`${name} is too short to look for`);
    for (const [form, written] of forms(Buffer.from(bytes))) {
      if (haystack.includes(written)) found.push(`${name} (${form})`);
    }
  }
  return found;
}

/** Plain, hexadecimal, and base64 as it looks at each of the three offsets that the bytes may have in a longer text. */
function forms(bytes: Buffer): [string, Buffer][] {
  const written: [string, Buffer][] = [
    ["plain", bytes],
    ["hexadecimal", Buffer.from(bytes.toString("hex"))],
    ["upper-case hexadecimal", Buffer.from(bytes.toString("hex").toUpperCase())],
    ["UTF-16", Buffer.from([...bytes].flatMap((byte) => [byte, 0]))],
  ];
  for (const offset of [0, 1, 2]) {
    // Characters that also depend on what stands before or after are left off.
    const shifted = Buffer.concat([Buffer.alloc(offset), bytes]);
    const whole = shifted.subarray(0, shifted.length - (shifted.length % 3));
    const body = whole.toString("base64").slice(offset === 0 ? 0 : 4);
    written.push([`base64 at ${offset}`, Buffer.from(body)], [`base64url at ${offset}`, Buffer.from(body.replaceAll("+", "-").replaceAll("/", "_"))]);
  }
  return written;
}
