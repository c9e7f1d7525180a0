// Every page, narrow and wide, light and dark: no accessibility violation, nothing wider than the window, no error. Pictures go to target/look.
import { AxeBuilder } from "@axe-core/playwright";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { createServer, type ViteDevServer } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { scenes } from "./scenes.ts";

const PICTURES = new URL("../../../target/look/", import.meta.url).pathname;
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const looks = [
  { look: "wide-light", width: 1280, height: 900, colorScheme: "light" },
  { look: "wide-dark", width: 1280, height: 900, colorScheme: "dark" },
  { look: "narrow-light", width: 360, height: 740, colorScheme: "light" },
  { look: "narrow-dark", width: 360, height: 740, colorScheme: "dark" },
] as const;

let server: ViteDevServer;
let browser: Browser;
let address = "";

beforeAll(async () => {
  server = await createServer({ root: new URL("../../", import.meta.url).pathname, server: { port: 0, hmr: false }, logLevel: "error" });
  await server.listen();
  address = `${server.resolvedUrls?.local[0] ?? ""}gallery.html`;
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
  // The first visit makes the server prepare its modules and may reload the page.
  const page = await browser.newPage();
  await page.goto(address);
  await page.locator("main").waitFor();
  await page.waitForLoadState("networkidle");
  await page.close();
});

afterAll(async () => {
  await browser.close();
  await server.close();
});

describe.each(looks)("$look", ({ look, width, height, colorScheme }) => {
  let context: BrowserContext;

  beforeAll(async () => {
    context = await browser.newContext({ viewport: { width, height }, colorScheme, reducedMotion: "reduce", locale: "en-GB" });
  });
  afterAll(() => context.close());

  it.each(scenes)("$name", async ({ name, address: scene, prepare }) => {
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.message));
    await page.goto(address + scene);
    await settled(page);
    await prepare?.(page);
    await settled(page);
    await page.screenshot({ path: `${PICTURES}${name}-${look}.png` });
    const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
    expect(errors).toEqual([]);
    await page.close();
  });
});

/** Something is on screen, and nothing says that it is still coming. */
async function settled(page: Page): Promise<void> {
  await page.locator("main h1").first().waitFor({ state: "attached" });
}
