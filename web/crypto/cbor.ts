// Deterministic CBOR (RFC 8949 section 4.2.1), only what signed bodies use: unsigned integers, bytes, text, booleans, arrays, maps with unsigned keys.
import { type Bytes, concat, fromUtf8, u16be, u32be, u64be, utf8 } from "./bytes.ts";
import { demand, Refused } from "./refused.ts";

/** A value. Integers are safe integers. */
export type Cbor = number | boolean | string | Bytes | readonly Cbor[] | ReadonlyMap<number, Cbor>;

/** A body is never longer. */
export const bodyBytesMax = 262_144;
const depthMax = 8;

function headOf(major: number, value: number): Bytes {
  const top = major << 5;
  if (value < 24) return Uint8Array.of(top | value);
  if (value < 0x100) return Uint8Array.of(top | 24, value);
  if (value < 0x1_0000) return concat(Uint8Array.of(top | 25), u16be(value));
  if (value < 0x1_0000_0000) return concat(Uint8Array.of(top | 26), u32be(value));
  return concat(Uint8Array.of(top | 27), u64be(value));
}

function write(value: Cbor, out: Bytes[]): void {
  if (typeof value === "number") {
    demand(Number.isSafeInteger(value) && value >= 0, "cbor", "integer");
    out.push(headOf(0, value));
  } else if (typeof value === "boolean") {
    out.push(Uint8Array.of(value ? 0xf5 : 0xf4));
  } else if (typeof value === "string") {
    const text = utf8(value);
    out.push(headOf(3, text.length), text);
  } else if (value instanceof Uint8Array) {
    out.push(headOf(2, value.length), value);
  } else if (value instanceof Map) {
    writeMap(value, out);
  } else {
    const items = value as readonly Cbor[];
    out.push(headOf(4, items.length));
    for (const item of items) write(item, out);
  }
}

function writeMap(map: ReadonlyMap<number, Cbor>, out: Bytes[]): void {
  out.push(headOf(5, map.size));
  for (const [key, item] of [...map].sort(([a], [b]) => a - b)) {
    write(key, out);
    write(item, out);
  }
}

/** The one encoding of a value. */
export function encode(value: Cbor): Bytes {
  const out: Bytes[] = [];
  write(value, out);
  return concat(...out);
}

class Reader {
  #at = 0;
  constructor(private readonly bytes: Bytes) {}

  get atEnd(): boolean {
    return this.#at === this.bytes.length;
  }

  #byte(): number {
    const byte = this.bytes[this.#at++];
    demand(byte !== undefined, "cbor", "ends early");
    return byte;
  }

  #take(length: number): Bytes {
    demand(length <= this.bytes.length - this.#at, "cbor", "ends early");
    const part = this.bytes.slice(this.#at, this.#at + length);
    this.#at += length;
    return part;
  }

  #argument(low: number): number {
    if (low < 24) return low;
    demand(low <= 27, "cbor", "indefinite or reserved length");
    let value = 0;
    for (let i = 0; i < 1 << (low - 24); i++) value = value * 256 + this.#byte();
    const least = [24, 0x100, 0x1_0000, 0x1_0000_0000][low - 24] ?? 0;
    demand(value >= least && Number.isSafeInteger(value), "cbor", "not the shortest integer");
    return value;
  }

  value(depth: number): Cbor {
    demand(depth <= depthMax, "cbor", "too deep");
    const first = this.#byte();
    const low = first & 31;
    switch (first >>> 5) {
      case 0:
        return this.#argument(low);
      case 2:
        return this.#take(this.#argument(low));
      case 3:
        return this.#text(this.#argument(low));
      case 4:
        return this.#array(this.#argument(low), depth);
      case 5:
        return this.#map(this.#argument(low), depth);
      case 7:
        if (low === 20 || low === 21) return low === 21;
    }
    throw new Refused("cbor", "type");
  }

  #text(length: number): string {
    const part = this.#take(length);
    try {
      return fromUtf8(part);
    } catch {
      throw new Refused("cbor", "not UTF-8");
    }
  }

  #array(length: number, depth: number): Cbor[] {
    demand(length <= this.bytes.length - this.#at, "cbor", "ends early");
    const items: Cbor[] = [];
    for (let i = 0; i < length; i++) items.push(this.value(depth + 1));
    return items;
  }

  #map(length: number, depth: number): Map<number, Cbor> {
    demand(length <= this.bytes.length - this.#at, "cbor", "ends early");
    const map = new Map<number, Cbor>();
    let last = -1;
    for (let i = 0; i < length; i++) {
      const key = this.value(depth + 1);
      demand(typeof key === "number" && key > last, "cbor", "key order");
      last = key;
      map.set(key, this.value(depth + 1));
    }
    return map;
  }
}

/** Reads a body. What the reader lets through has one encoding only, so it encodes back to the same bytes. */
export function decode(bytes: Bytes): Cbor {
  demand(bytes.length <= bodyBytesMax, "shape", "body length");
  const reader = new Reader(bytes);
  const value = reader.value(0);
  demand(reader.atEnd, "cbor", "more behind the end");
  return value;
}

/** Members of a map whose keys are exactly 0 to `count - 1`. */
export function members(value: Cbor | undefined, count: number): Cbor[] {
  demand(value instanceof Map && value.size === count, "cbor", "members");
  const map = value as ReadonlyMap<number, Cbor>;
  return Array.from({ length: count }, (_, key) => {
    const item = map.get(key);
    demand(item !== undefined, "cbor", "member missing");
    return item;
  });
}

/** A map with keys 0, 1, 2… */
export function numbered(...items: readonly Cbor[]): Map<number, Cbor> {
  return new Map(items.map((item, key) => [key, item]));
}

/** An unsigned integer, at most `max`. */
export function asUint(value: Cbor | undefined, max = Number.MAX_SAFE_INTEGER): number {
  demand(typeof value === "number" && value <= max, "cbor", "integer");
  return value;
}

/** Bytes of exactly this length. */
export function asBytes(value: Cbor | undefined, length: number): Bytes {
  demand(value instanceof Uint8Array && value.length === length, "cbor", "bytes");
  return value;
}

export function asText(value: Cbor | undefined): string {
  demand(typeof value === "string", "cbor", "text");
  return value;
}

export function asBool(value: Cbor | undefined): boolean {
  demand(typeof value === "boolean", "cbor", "boolean");
  return value;
}

export function asArray(value: Cbor | undefined): readonly Cbor[] {
  demand(Array.isArray(value), "cbor", "array");
  return value as readonly Cbor[];
}
