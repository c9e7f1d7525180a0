// The second engine: Firefox gives the PRF output only when a passkey is used, never when it is made. A vault is made there, and opened again after a reload.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { t } from "../pages/words/index.ts";
import { Firefox } from "./harness/firefox.ts";
import { Node } from "./harness/node.ts";
import { artefacts } from "./harness/places.ts";

let firefox: Firefox;
let node: Node;

beforeAll(async () => {
  [firefox, node] = await Promise.all([Firefox.open(), Node.start()]);
  await firefox.goto(node.origin);
  await firefox.plug();
});

afterAll(async () => {
  writeFileSync(join(artefacts, "firefox-node.log"), node.log);
  await firefox.close();
  await node.stop();
});

describe("in Firefox", () => {
  it("a vault is made, and its kit typed back", async () => {
    await firefox.goto(node.setupLink);
    await firefox.mend();
    await firefox.sees(t.screens.setup.welcome.title);
    await firefox.press(t.screens.setup.welcome.create);
    await firefox.sees(t.screens.setup.kit.heading);
    const code = (await firefox.read("recovery-code")).replace(/\s+/g, "");
    expect(code.replace(/-/g, "").length).toBe(34);
    await firefox.press(t.screens.setup.kit.next);
    await firefox.fill(t.screens.setup.typeBack.label, code);
    await firefox.press(t.screens.setup.typeBack.confirm);
    await firefox.press(t.screens.setup.second.later);
    await firefox.sees(t.screens.setup.finished.title);
  });

  it("and opened again with the passkey after a reload", async () => {
    await firefox.goto(node.origin);
    await firefox.reload();
    await firefox.mend();
    await firefox.sees(t.screens.unlock.title);
    await firefox.press(t.screens.unlock.button);
    await firefox.sees(t.common.nav.entries);
    expect(await firefox.text()).not.toContain(t.screens.alarm.title);
  });
});
