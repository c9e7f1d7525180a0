// What is kept of a test that failed: a picture of the page, its text, what it complained of, and the node's log.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach } from "vitest";
import type { Device } from "./browser.ts";
import type { Node } from "./node.ts";
import { artefacts } from "./places.ts";

/** Call it once in a test file; the devices and nodes are asked for when a test has failed. */
export function keepWhatFailed(now: () => { device: Device | undefined; node: Node | undefined }): void {
  afterEach(async ({ task }) => {
    if (task.result?.state !== "fail") return;
    const { device, node } = now();
    await device?.page.evaluate(() => document.querySelectorAll("details").forEach((one) => (one.open = true))).catch(() => undefined);
    const text = await device?.page.locator("body").innerText().catch(() => "no text");
    await device?.page.screenshot({ path: join(artefacts, "failed.png"), fullPage: true }).catch(() => undefined);
    const report = [`failed: ${task.name}`, "-- page", text, "-- complaints", ...(device?.takeComplaints() ?? []), "-- node", node?.log].join("\n");
    writeFileSync(join(artefacts, "failed.txt"), report);
    console.log(report);
  });
}
