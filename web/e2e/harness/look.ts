// Looks at a page as people do: narrow and wide, light and dark, and with the accessibility checker.
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "playwright-core";
import { join } from "node:path";
import { expect } from "vitest";
import { artefacts } from "./places.ts";

const widths = [360, 1280] as const;
const schemes = ["light", "dark"] as const;
const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Keeps four pictures of the page, and fails when it scrolls sideways in any of them or axe finds anything. */
export async function look(page: Page, name: string): Promise<void> {
  const found: string[] = [];
  for (const width of widths) {
    for (const scheme of schemes) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
      await page.screenshot({ path: join(artefacts, `${name}-${width}-${scheme}.png`), fullPage: true });
      const sideways = await tooWide(page);
      if (sideways > 0) found.push(`${width} ${scheme}: the page is ${sideways} px too wide`);
      // What axe finds depends on the width or on the colours; the two other combinations would find nothing new.
      if ((width === widths[0]) !== (scheme === schemes[0])) continue;
      const { violations } = await new AxeBuilder({ page }).withTags(rules).analyze();
      for (const { id, help, nodes } of violations) {
        found.push(`${width} ${scheme}: ${id}: ${help}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`);
      }
    }
  }
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.emulateMedia({ colorScheme: "light" });
  expect(found, `${name}`).toEqual([]);
}

/** By how many pixels the page is too wide once it has settled: what was moving when the window changed may need a moment. */
async function tooWide(page: Page): Promise<number> {
  const measure = (): Promise<number> => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  for (let tries = 0; tries < 20; tries += 1) {
    if ((await measure()) <= 0) return 0;
    await page.waitForTimeout(100);
  }
  return measure();
}
