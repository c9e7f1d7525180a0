// How often a list that is still loading is drawn: its first rows at once, then now and then.

/** Shortest time between two drawings of a list that is still loading; it is drawn once more when it is complete. */
export const REDRAW_MS = 500;

/** Decides for one open vault. */
export class Pace {
  #lastMs = -Infinity;

  /** Whether to draw now, by the page's clock, which begins at 0 with the page. */
  due(nowMs: number, loading: boolean): boolean {
    if (loading && nowMs - this.#lastMs < REDRAW_MS) return false;
    this.#lastMs = nowMs;
    return true;
  }
}
