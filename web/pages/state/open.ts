// From a client to an open vault and back: what happens when a vault opens, closes, or goes unused.
import { signal } from "@preact/signals";
import { Alarm, type OpenVault, type Progress, type VaultClient } from "../../vault/index.ts";
import { clear as clearClipboard } from "../ui/clipboard.ts";
import { toast } from "../ui/toast.tsx";
import { explain } from "./failure.ts";
import { Pace } from "./pace.ts";
import { phase, raise, recoveryDraft, revision } from "./phase.ts";
import { pickNone } from "./pick.ts";
import { isIdle, watchPresence } from "./presence.ts";
import { forgetView } from "./view.ts";

const IDLE_CHECK_MS = 5_000;
/** Shorter absences are not worth loading the list again. */
const AWAY_MS = 60_000;

/** A page that draws nothing for so long is out of sight, whatever it says. */
const UNSEEN_MS = 1_000;

/** How far the summaries are loaded; null once they all are. */
export const loading = signal<Progress | null>(null);

let current: VaultClient | null = null;

/** The client; set once at the start. */
export function client(): VaultClient {
  if (current === null) throw new Error("not started");
  return current;
}

/** Looks where we are: whose address this is, whether passkeys work, whether the vault exists. */
export async function start(with_: VaultClient): Promise<void> {
  current = with_;
  phase.value = { name: "starting" };
  const support = await with_.support();
  let node;
  try {
    node = await with_.node();
  } catch (failure) {
    if (!support.ok) phase.value = { name: "blocked", sentence: support.sentence, node: null };
    else phase.value = { name: "unreachable", sentence: explain(failure) };
    return;
  }
  if (!support.ok) phase.value = { name: "blocked", sentence: support.sentence, node };
  else {
    const token = setupToken();
    if (token !== null) phase.value = { name: "setup", token, others: !node.setup_needed };
    else phase.value = node.setup_needed ? { name: "unclaimed" } : { name: "locked", why: null };
  }
}

/** The token of a set-up link stands in the fragment, so that it is in no log. */
function setupToken(): string | null {
  const token = location.hash.slice(1);
  return location.pathname === "/setup" && token !== "" && !token.startsWith("/") ? token : null;
}

/** Shows an open vault and begins to load its list. */
export function enter(vault: OpenVault): void {
  pace = new Pace();
  vault.onChange(changed);
  vault.onClosed((why) => {
    void left(why);
  });
  if (location.pathname !== "/") history.replaceState(null, "", "/#/entries");
  phase.value = { name: "open", vault };
  watchPresence();
  watchReturn(vault);
  watchIdle(vault);
  void fill(vault);
}

let pace = new Pace();

/** Redraws: at once, but not for every page of a list that is still loading. */
function changed(): void {
  if (pace.due(performance.now(), loading.peek() !== null)) revision.value += 1;
}

/** Takes over what agents and other browsers wrote while this page was out of sight. */
function watchReturn(vault: OpenVault): void {
  let hiddenMs = Date.now();
  const seen = (): void => {
    const now = phase.peek();
    if (now.name !== "open" || now.vault !== vault) document.removeEventListener("visibilitychange", seen);
    else if (document.hidden) hiddenMs = Date.now();
    else if (Date.now() - hiddenMs > AWAY_MS && loading.peek() === null) vault.entries.reload().catch((failure: unknown) => toast(explain(failure)));
  };
  document.addEventListener("visibilitychange", seen);
}

async function fill(vault: OpenVault): Promise<void> {
  loading.value = { done: 0, total: 0 };
  try {
    await vault.entries.load({
      onProgress: (progress) => {
        loading.value = progress;
      },
      drawn,
    });
    if (vault.agents.waiting() > 0) await vault.agents.reseal();
  } catch (failure) {
    if (phase.peek().name === "open") toast(explain(failure));
  } finally {
    loading.value = null;
    revision.value += 1;
  }
}

/** Ends when what was changed is on screen; a page out of sight draws nothing. */
function drawn(): Promise<void> {
  return new Promise((done) => {
    setTimeout(done, document.hidden ? 0 : UNSEEN_MS);
    requestAnimationFrame(() => setTimeout(done));
  });
}

async function left(why: "locked" | "alarm" | "session over"): Promise<void> {
  recoveryDraft.value = null;
  forgetView();
  pickNone();
  await clearClipboard();
  if (phase.peek().name === "alarm") return;
  if (why !== "alarm") phase.value = { name: "locked", why: isIdle() ? "session over" : why };
  else raise(new Alarm((await client().incidents())[0]?.reason ?? ""));
}

/** Forgets the keys as soon as the session is over or nobody is there, even when nothing asks the server. */
function watchIdle(vault: OpenVault): void {
  const timer = setInterval(() => {
    const now = phase.peek();
    if (now.name !== "open" || now.vault !== vault) clearInterval(timer);
    else if (isIdle() || Date.now() > vault.idleUntilMs) void vault.lock();
  }, IDLE_CHECK_MS);
}
