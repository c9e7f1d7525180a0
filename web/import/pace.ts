// Keeps long work from blocking the page: gives the page its turn every few milliseconds, tells how far it is, and stops when told.

import { ImportError } from "./error.ts";
import { slice_ms_max } from "./limits.ts";
import type { Progress, Work } from "./types.ts";

/** Tests pass their own clock and turn. */
export interface PaceParts {
  now: () => number;
  turn: () => Promise<void>;
}

interface WithScheduler {
  scheduler?: { yield?: () => Promise<void> };
}

/** A pause that lets the page paint and answer. Timers would be held back to 4 ms each. */
function turn(): Promise<void> {
  const { scheduler } = globalThis as WithScheduler;
  if (scheduler?.yield !== undefined) return scheduler.yield();
  return new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      channel.port1.close();
      resolve();
    };
    channel.port2.postMessage(0);
  });
}

/** One piece of long work. */
export class Pace {
  readonly #work: Work;
  readonly #parts: PaceParts;
  #sliceStart: number;

  constructor(work: Work = {}, parts: PaceParts = { now: () => performance.now(), turn }) {
    this.#work = work;
    this.#parts = parts;
    this.#sliceStart = parts.now();
  }

  /** To be awaited between small pieces: cheap while the slice lasts. Throws `aborted`. */
  async step(step: Progress["step"], done: number, total: number): Promise<void> {
    if (this.due()) await this.rest(step, done, total);
  }

  /** True when the slice is used up; for loops in which even an await would cost too much. */
  due(): boolean {
    return this.#parts.now() - this.#sliceStart >= slice_ms_max;
  }

  /** Reports, gives the page its turn, and begins a new slice. Throws `aborted`. */
  async rest(step: Progress["step"], done: number, total: number): Promise<void> {
    this.check();
    this.#work.onProgress?.({ step, done, total });
    await this.#parts.turn();
    this.check();
    this.#sliceStart = this.#parts.now();
  }

  /** Throws `aborted` when the person has stopped the work. */
  check(): void {
    if (this.#work.signal?.aborted === true) throw new ImportError("aborted", "Stopped. Nothing was changed.");
  }

  /** Reports without a pause, at the start and end of a step. */
  report(step: Progress["step"], done: number, total: number): void {
    this.check();
    this.#work.onProgress?.({ step, done, total });
  }
}
