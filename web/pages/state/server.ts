// What whoever runs the server has to mend: asked again when somebody comes back to the page, and now and then while somebody is there. An unattended page
// asks nothing, so that it does not keep its session alive.
import { Alarm } from "../../vault/index.ts";
import { phase, raise } from "./phase.ts";
import { isIdle, isPresent } from "./presence.ts";

const TURN_MS = 30_000;
/** Between two questions while somebody is there. */
export const EVERY_MS = 4 * 60_000;
/** Between two questions of somebody who comes and goes. */
const SOONEST_MS = 60_000;

/** Begins to ask; the sign-in has just said it. A failure is no news: the next question may work. */
export function watchServer(): () => void {
  let askedMs = Date.now();
  const ask = (pauseMs: number): void => {
    const now = phase.peek();
    if (now.name !== "open" || Date.now() - askedMs < pauseMs) return;
    askedMs = Date.now();
    now.vault.askNotices().catch((failure: unknown) => {
      if (failure instanceof Alarm) raise(failure);
    });
  };
  const back = (): void => {
    if (!document.hidden && !isIdle()) ask(SOONEST_MS);
  };
  const timer = setInterval(() => {
    if (isPresent()) ask(EVERY_MS);
  }, TURN_MS);
  window.addEventListener("focus", back);
  return () => {
    clearInterval(timer);
    window.removeEventListener("focus", back);
  };
}
