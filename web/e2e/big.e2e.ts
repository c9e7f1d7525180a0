// Ten thousand rows: imported in the browser while the page stays usable, counted in the report, and on screen soon after the next unlock.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { t } from "../pages/words/index.ts";
import { Device, openBrowser } from "./harness/browser.ts";
import { keepWhatFailed } from "./harness/failure.ts";
import { Node } from "./harness/node.ts";
import { Person } from "./harness/person.ts";
import { artefacts } from "./harness/places.ts";

const rows = 10_000;
const unlocks = 5;
/** A page that is blocked draws nothing; one that works draws at least this often in ten thousand rows. */
const framesMin = 50;
const longWorkMs = 15 * 60_000;

const folder = mkdtempSync(join(tmpdir(), "clavitor-rows-"));
const file = join(folder, "Chrome Passwords.csv");
let browser: Browser;
let node: Node;
let device: Device;
let person: Person;

keepWhatFailed(() => ({ device, node }));

beforeAll(async () => {
  const lines = Array.from({ length: rows }, (_, n) => `Service ${n},https://service${n}.example.com/login,user${n}@example.com,"p${n}-Amber,Thistle",`);
  writeFileSync(file, `name,url,username,password,note\n${lines.join("\n")}\n`);
  [browser, node] = await Promise.all([openBrowser(), Node.start()]);
  device = await Device.open(browser, node.origin);
  await device.page.addInitScript(noteUnlock);
  person = new Person(device.page);
  await device.plug("internal");
  await person.makeVault(node.setupLink, { vault: "Big", passkey: "This device" });
  const kit = await person.copyKit();
  await person.press(t.screens.setup.kit.next);
  await person.typeKitBack(kit);
  await person.press(t.screens.setup.second.later);
  await person.press(t.screens.setup.finished.importNow);
});

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await browser.close();
  await node.stop();
});

/** Runs in the page before its own scripts: notes when a passkey answered, and when the first row stood in the list. */
function noteUnlock(): void {
  const times = window as unknown as { passkeyAt?: number; rowAt?: number };
  const get = navigator.credentials.get.bind(navigator.credentials);
  navigator.credentials.get = async (options) => {
    const answer = await get(options);
    times.passkeyAt = performance.now();
    return answer;
  };
  new MutationObserver(() => {
    if (times.passkeyAt !== undefined && times.rowAt === undefined && document.querySelector("[role=option]") !== null) {
      requestAnimationFrame(() => (times.rowAt ??= performance.now()));
    }
  }).observe(document, { subtree: true, childList: true });
}

/** Counts frames and different states of the progress bar from now on. */
async function watchPage(page: Page): Promise<() => Promise<{ frames: number; steps: number }>> {
  await page.evaluate(() => {
    const seen = { frames: 0, steps: new Set<string>() };
    (window as unknown as { seen: typeof seen }).seen = seen;
    const frame = (): void => {
      seen.frames++;
      const bar = document.querySelector("progress");
      if (bar !== null) seen.steps.add(String(bar.value));
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  return () => page.evaluate(() => {
    const { seen } = window as unknown as { seen: { frames: number; steps: Set<string> } };
    return { frames: seen.frames, steps: seen.steps.size };
  });
}

describe("ten thousand rows", () => {
  it("are previewed, then imported with progress while the page goes on drawing", { timeout: longWorkMs }, async () => {
    await person.chooseImport(file);
    const seen = await watchPage(device.page);
    await person.press(t.transfer.import.apply(rows));
    await person.page.getByText(t.transfer.report.title).waitFor({ timeout: longWorkMs });
    const { frames, steps } = await seen();
    expect(frames).toBeGreaterThan(framesMin);
    expect(steps).toBeGreaterThan(10);
    expect(device.takeComplaints()).toEqual([]);
  });

  it("are all there after a reload, and the first of them soon", { timeout: longWorkMs }, async () => {
    const times: number[] = [];
    for (let i = 0; i < unlocks; i++) {
      await device.page.goto("/");
      await device.page.reload();
      await person.unlock();
      await device.page.locator("#entry-list [role=option]").first().waitFor();
      times.push(await device.page.evaluate(async () => {
        await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
        const { passkeyAt = NaN, rowAt = NaN } = window as unknown as { passkeyAt?: number; rowAt?: number };
        return rowAt - passkeyAt;
      }));
    }
    writeFileSync(join(artefacts, "list.json"), `${JSON.stringify({ rows, first_rows_ms: times })}\n`);
    await person.page.getByText(t.entries.count(rows.toLocaleString("en"), rows)).waitFor({ timeout: longWorkMs });
    await person.openEntry("Service 9876");
    expect(await person.reads(t.kinds.field.password)).toBe("p9876-Amber,Thistle");
    expect(device.takeComplaints()).toEqual([]);
  });
});
