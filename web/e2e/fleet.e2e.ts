// The page and the map that the fleet's tool draws, opened from a file in a real Chromium: looked at, sorted by keyboard, and asking nobody for anything.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBrowser } from "./harness/browser.ts";
import { look } from "./harness/look.ts";
import { binary } from "./harness/places.ts";

const fleet = process.env.CLAVITOR_FLEET_BIN ?? join(dirname(binary), "clavitor-fleet");
const folder = mkdtempSync(join(tmpdir(), "clavitor-fleet-e2e-"));
let browser: Browser;
let page: Page;
const asked: string[] = [];
const complaints: string[] = [];

beforeAll(async () => {
  execFileSync(fleet, ["init"], { cwd: folder });
  execFileSync(fleet, ["map", "--out", "."], { cwd: folder });
  browser = await openBrowser();
  page = await (await browser.newContext()).newPage();
  page.on("request", (request) => asked.push(request.url()));
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
});

afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

const open = (file: string) => page.goto(pathToFileURL(join(folder, file)).href);
const firstNode = () => page.locator("tbody th").first().textContent();

test("the page reads narrow and wide, light and dark", async () => {
  await open("fleet.html");
  await look(page, "fleet");
});

test("the table is sorted from the keyboard, and says so", async () => {
  await open("fleet.html");
  expect(await firstNode()).toBe("zurich");
  const heading = page.getByRole("button", { name: "Nearest for" });
  await heading.focus();
  await page.keyboard.press("Enter");
  expect(await firstNode()).toBe("frankfurt");
  await page.keyboard.press("Enter");
  expect(await firstNode()).toBe("seoul");
  expect(await page.locator("th[aria-sort=descending]").textContent()).toBe("Nearest for");
  expect(await page.getByRole("status").textContent()).toBe("Sorted by Nearest for, descending");
});

test("a node on the map leads to its row", async () => {
  await open("fleet.html");
  await page.locator("a[href='#node-sydney']").focus();
  await page.keyboard.press("Enter");
  expect(await page.locator("tr:target th").textContent()).toBe("sydney");
});

test("the map alone is an image with a name", async () => {
  await open("fleet.svg");
  expect(await page.locator("svg > title").textContent()).toBe("Clavitor: 16 nodes");
});

test("nobody was asked for anything, and nothing was blocked", () => {
  expect(asked.filter((url) => !url.startsWith("file:"))).toEqual([]);
  expect(new Set(asked.map((url) => url.split("/").pop()))).toEqual(new Set(["fleet.html", "fleet.svg"]));
  expect(complaints).toEqual([]);
});
