// The memory of a running process, as a thief with a debugger would copy it.
import { closeSync, openSync, readFileSync, readSync } from "node:fs";

/** A mapping larger than this is a file or a reserve, not data. */
const mappingBytesMax = 1 << 30;

/** Calls `look` with every writable mapping of the process. */
export function dump(pid: number, look: (memory: Buffer) => void): { bytes: number } {
  const file = openSync(`/proc/${pid}/mem`, "r");
  let bytes = 0;
  try {
    for (const line of readFileSync(`/proc/${pid}/maps`, "utf8").split("\n")) {
      const found = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line);
      if (found === null) continue;
      const [, first, last] = found;
      const from = BigInt(`0x${first}`);
      const size = Number(BigInt(`0x${last}`) - from);
      if (size > mappingBytesMax) continue;
      const memory = read(file, from, size);
      bytes += memory.length;
      look(memory);
    }
  } finally {
    closeSync(file);
  }
  return { bytes };
}

function read(file: number, from: bigint, size: number): Buffer {
  const memory = Buffer.alloc(size);
  let at = 0;
  while (at < size) {
    let got = 0;
    try {
      got = readSync(file, memory, at, Math.min(size - at, 1 << 20), from + BigInt(at));
    } catch {
      // A page that was given back meanwhile; what comes after it may still be there.
      got = 4096;
    }
    if (got === 0) break;
    at += got;
  }
  return memory;
}
