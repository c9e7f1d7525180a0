// Whether somebody is there. Questions that the page asks by itself keep a session alive, so it asks them only while somebody is.

/** Without a key, a click or a touch for so long, the vault locks itself; the node's own limit is the same. */
export const IDLE_MS = 15 * 60_000;
const PRESENT_MS = 60_000;

let lastInputMs = Date.now();

const EVENTS = ["keydown", "pointerdown", "pointermove", "wheel"] as const;

function noticed(): void {
  lastInputMs = Date.now();
}

/** Begins to notice input; calling it again only says that somebody is there now. */
export function watchPresence(): void {
  noticed();
  for (const event of EVENTS) window.addEventListener(event, noticed, { capture: true, passive: true });
}

/** Somebody used the page within the last minute, and it is in sight. */
export function isPresent(nowMs = Date.now()): boolean {
  return !document.hidden && nowMs - lastInputMs < PRESENT_MS;
}

/** Nobody used the page for as long as a session may be idle. */
export function isIdle(nowMs = Date.now()): boolean {
  return nowMs - lastInputMs >= IDLE_MS;
}
