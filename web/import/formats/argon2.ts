// Argon2id in small steps, so that the page stays alive while it runs. Loaded only when a file asks for it.

import { ImportError } from "../error.ts";
import type { Pace } from "../pace.ts";

/** What it costs. */
export interface Argon2Cost {
  memoryKib: number;
  passes: number;
  lanes: number;
}

/** 32 bytes from a password, which is wiped. Throws `aborted`, and `cost_too_high` when the browser has not that much memory. */
export async function argon2id(password: Uint8Array<ArrayBuffer>, salt: Uint8Array, cost: Argon2Cost, pace: Pace): Promise<Uint8Array<ArrayBuffer>> {
  const { argon2idAsync } = await import("@noble/hashes/argon2.js");
  try {
    const options = { m: cost.memoryKib, t: cost.passes, p: cost.lanes, dkLen: 32, asyncTick: 8, onProgress: (share: number) => pace.report("unlocking", Math.round(share * 1000), 1000) };
    return new Uint8Array(await argon2idAsync(password, salt, options));
  } catch (error) {
    if (error instanceof RangeError) throw new ImportError("cost_too_high", "This device has not enough memory to open the file.");
    throw error;
  } finally {
    password.fill(0);
  }
}
