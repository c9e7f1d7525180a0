// A node that stands alone: one binary and a name. It gets its certificate from a real authority by way of a real name server, serves 80 and 443 with nothing
// in front, a person makes a vault over that certificate in a browser that trusts only the authority, and renewals are noticed by nobody.
import { type ChildProcess, spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { t } from "../pages/words/index.ts";
import { Device, openBrowser } from "./harness/browser.ts";
import { Internet, until } from "./harness/internet.ts";
import { look } from "./harness/look.ts";
import { Person } from "./harness/person.ts";
import { artefacts, binary } from "./harness/places.ts";
import { Readers } from "./harness/readers.ts";

/** A renewal comes at half of it; both together, and the browser, fit into a minute. */
const lifeS = 16;
const renewals = 2;

// Elsewhere the name server's port and the node's own two are taken or not ours to take.
describe.runIf(process.env.CLAVITOR_OWN_NETWORK === "yes")("a node with a name and nothing in front", () => {
  const machine = mkdtempSync(join(tmpdir(), "clavitor-machine-"));
  let internet: Internet;
  let node: ChildProcess;
  let browser: Browser;
  let person: Person;
  let said = "";

  beforeAll(async () => {
    internet = await Internet.start("vault.test", { lifeS });
    mkdirSync(join(machine, "bin"));
    copyFileSync(binary, join(machine, "bin/clavitor"));
  });

  afterAll(async () => {
    writeFileSync(join(artefacts, "standalone.log"), said);
    await browser?.close();
    node?.kill("SIGKILL");
    internet?.stop();
    rmSync(machine, { recursive: true, force: true });
  });

  it("gets its certificate by itself", async () => {
    const flags = ["serve", "--domain", internet.name, "--data", join(machine, "data"), "--acme-directory", internet.directory, "--acme-ca-file", internet.directoryAuthority];
    node = spawn(join(machine, "bin/clavitor"), [...flags, "--acme-agree-tos", "--anonymous-requests-per-minute", "1000000"], { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [node.stdout, node.stderr]) stream?.on("data", (chunk: Buffer) => void (said += chunk.toString()));
    const ca = readFileSync(await internet.issuingRoot(), "utf8");
    await until(async () => (await reads(internet.name, ca)) === 200, "the first certificate");
    expect(said).toContain(`https://${internet.name}`);
  });

  it("lets a person make a vault over it", async () => {
    browser = await openBrowser({ home: await internet.home() });
    const device = await Device.open(browser, `https://${internet.name}`);
    person = new Person(device.page);
    await device.plug("internal");
    const link = new RegExp(`https://${internet.name}/setup#\\S+`).exec(said)?.[0];
    expect(link).toBeDefined();
    await person.makeVault(link ?? "", { vault: "Standalone", passkey: "This device" });
    const kit = await person.copyKit();
    await person.press(t.screens.setup.kit.next);
    await person.typeKitBack(kit);
    await person.press(t.screens.setup.second.later);
    await person.press(t.screens.setup.finished.open);
    await person.createEntry("login", "Over the Internet", { [t.kinds.field.password]: { value: "Sorrel-Ladder-2087" } });
    await look(device.page, "standalone");
    expect(device.takeComplaints()).toEqual([]);
  });

  it("is renewed while it is read, and nobody notices", async () => {
    const readers = Readers.start(`https://${internet.name}/v1/node`, readFileSync(await internet.issuingRoot(), "utf8"));
    await until(() => readers.serials.size > renewals, `${renewals} renewals`);
    await readers.stop();
    expect(readers.failures).toEqual([]);
    expect(readers.answered).toBeGreaterThan(100);
  });

  it("opens for its owner after the renewals as before", async () => {
    await person.lock();
    await person.unlock();
    await person.openEntry("Over the Internet");
    expect(await person.reads(t.kinds.field.password)).toBe("Sorrel-Ladder-2087");
  });

  it("ends in order", async () => {
    const gone = new Promise((exited) => node.once("exit", exited));
    node.kill("SIGTERM");
    expect(await gone).toBe(0);
  });
});

/** The status of one answer, or nothing if there is none. */
async function reads(name: string, ca: string): Promise<number | undefined> {
  const { get } = await import("node:https");
  return new Promise((done) => {
    const request = get(`https://${name}/readyz`, { ca, agent: false }, (response) => (response.resume(), done(response.statusCode)));
    request.once("error", () => done(undefined));
  });
}
