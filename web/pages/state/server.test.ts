// The page asks the server about itself for as long as somebody is there, and not a minute longer.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type OpenVault } from "../../vault/index.ts";
import { fixtureClient } from "../testing/fixture.ts";
import { phase } from "./phase.ts";
import { IDLE_MS, watchPresence } from "./presence.ts";
import { EVERY_MS, watchServer } from "./server.ts";

const page = { hidden: false };
let asked = 0;
let stop: () => void;

beforeEach(async () => {
  vi.useFakeTimers();
  vi.stubGlobal("window", new EventTarget());
  vi.stubGlobal("document", page);
  asked = 0;
  page.hidden = false;
  const vault: OpenVault = await fixtureClient({ entries: 1, nowMs: Date.now(), recoveryPending: false, serverAiling: false }).unlock();
  vault.askNotices = () => Promise.resolve(void asked++);
  phase.value = { name: "open", vault };
  watchPresence();
  stop = watchServer();
});

afterEach(() => {
  stop();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

function use(minutes: number): void {
  for (let turn = 0; turn < 2 * minutes; turn++) {
    window.dispatchEvent(new Event("keydown"));
    vi.advanceTimersByTime(30_000);
  }
}

test("while somebody is there it is asked every few minutes", () => {
  use(3);
  expect(asked).toBe(0);
  use(17);
  expect(asked).toBe(20 * 60_000 / EVERY_MS);
});

test("while nobody is there, or the page is out of sight, nothing is asked", () => {
  vi.advanceTimersByTime(IDLE_MS);
  expect(asked).toBe(0);
  page.hidden = true;
  use(20);
  expect(asked).toBe(0);
});

test("whoever comes back sees what is new, but coming and going asks no more often than once a minute", () => {
  vi.advanceTimersByTime(2 * 60_000);
  for (let times = 0; times < 5; times++) window.dispatchEvent(new Event("focus"));
  expect(asked).toBe(1);
  vi.advanceTimersByTime(IDLE_MS);
  window.dispatchEvent(new Event("focus"));
  expect(asked).toBe(1);
});
