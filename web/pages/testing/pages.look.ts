// Every page, narrow and wide, light and dark: no accessibility violation, nothing wider than the window, no error. Pictures go to target/look.
import { AxeBuilder } from "@axe-core/playwright";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { build, preview, type PreviewServer } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { scenes } from "./scenes.ts";

const TARGET = new URL("../../../target/", import.meta.url);
const PICTURES = new URL("look/", TARGET).pathname;
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

// The rules are the slow part; two looks show them both widths and both themes.
const looks = [
  { look: "wide-light", width: 1280, height: 900, colorScheme: "light", rules: true },
  { look: "wide-dark", width: 1280, height: 900, colorScheme: "dark", rules: false },
  { look: "narrow-light", width: 360, height: 740, colorScheme: "light", rules: false },
  { look: "narrow-dark", width: 360, height: 740, colorScheme: "dark", rules: true },
] as const;

let server: PreviewServer;
let browser: Browser;
let address = "";

beforeAll(async () => {
  const outDir = new URL("gallery/", TARGET).pathname;
  const root = new URL("../../", import.meta.url).pathname;
  const jsx = { runtime: "automatic", importSource: "preact" } as const;
  const common = { root, configFile: false, logLevel: "error" } as const;
  const input = `${root}gallery.html`;
  await build({
    ...common,
    oxc: { jsx },
    build: { outDir, emptyOutDir: true, target: "es2023", chunkSizeWarningLimit: 1_000, rolldownOptions: { input } },
  });
  server = await preview({ ...common, build: { outDir }, preview: { port: 0 } });
  address = `${server.resolvedUrls?.local[0] ?? ""}gallery.html`;
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
});

afterAll(async () => {
  await browser.close();
  await server.close();
});

describe.each(looks)("$look", ({ look, width, height, colorScheme, rules }) => {
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
    if (rules) expect(await violations(page)).toEqual([]);
    expect(await page.evaluate(tooLarge)).toEqual({ across: 0, down: 0 });
    expect(errors).toEqual([]);
    await page.close();
  });
});

/** By how many pixels the document is wider than the window and, where panes do the scrolling, higher. */
function tooLarge(): { across: number; down: number } {
  const { scrollWidth, scrollHeight } = document.documentElement;
  const panes = document.querySelector(".shell") !== null;
  return { across: Math.max(0, scrollWidth - window.innerWidth), down: panes ? Math.max(0, scrollHeight - window.innerHeight) : 0 };
}

async function violations(page: Page): Promise<string[]> {
  const found = (await new AxeBuilder({ page }).withTags(RULES).analyze()).violations;
  return found.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`);
}

/** The page has its heading. */
async function settled(page: Page): Promise<void> {
  await page.locator("main h1").first().waitFor({ state: "attached" });
}
