// What crosses the wire during sign-up, unlocking, enrolment and an agent's run: every byte is kept and searched for everything that may not be in it.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openBrowser } from "./harness/browser.ts";
import { find, type Needle, text } from "./harness/needles.ts";
import { endWorld, makeWorld, secretsOf, type World } from "./harness/world.ts";

let browser: Browser;
let world: World;
let needles: Needle[];
let vaultId: string;

beforeAll(async () => {
  browser = await openBrowser();
  world = await makeWorld(browser);
  ({ needles, vaultId } = await secretsOf(world));
});

afterAll(async () => {
  await endWorld(world);
  await browser.close();
});

describe("the wire", () => {
  it("was tapped: what must be on it is found", () => {
    expect(find(world.node.wire.sent, [text("vault id", vaultId)])).not.toEqual([]);
    expect(find(world.node.wire.received, [text("vault id", vaultId)])).not.toEqual([]);
    expect(world.node.wire.sent.includes("POST /v1/enrol")).toBe(true);
    expect(needles.length).toBeGreaterThan(25);
  });

  it("carried no secret of a client to the node", () => {
    expect(find(world.node.wire.sent, needles)).toEqual([]);
  });

  it("carried none back either", () => {
    expect(find(world.node.wire.received, needles)).toEqual([]);
  });

  it("and the node's log has none", () => {
    expect(find(Buffer.from(world.node.log), needles)).toEqual([]);
  });
});

describe("a client that sends what it must keep", () => {
  const prf = Buffer.alloc(32, 0xa7).toString("base64url");

  it.each([
    ["PRF output in a credential", { ceremony_id: "0".repeat(32), credential: { client_extension_results: { prf: { results: { first: prf } } } } }],
    ["PRF output under another name", { ceremony_id: "0".repeat(32), credential: {}, prf }],
  ])("is refused, and nothing of it is logged: %s", async (_, body) => {
    const headers = { "content-type": "application/json", "x-clavitor": "1", origin: world.node.origin };
    const answer = await fetch(`${world.node.origin}/v1/session/finish`, { method: "POST", headers, body: JSON.stringify(body) });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: "secret_refused" });
    expect(world.node.log).not.toContain(prf);
  });
});
