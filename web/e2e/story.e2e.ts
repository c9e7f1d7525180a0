// The whole story, as a person and their agent live it: from an empty machine to an agent that uses a credential it could not have read from the server.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { t } from "../pages/words/index.ts";
import { AgentMachine, type Outcome } from "./harness/agent.ts";
import { Device, type Key, openBrowser } from "./harness/browser.ts";
import { keepWhatFailed } from "./harness/failure.ts";
import { look } from "./harness/look.ts";
import { Node } from "./harness/node.ts";
import { type Kit, Person } from "./harness/person.ts";
import { artefacts, repository } from "./harness/places.ts";
import { agents } from "./story_agents.ts";

const exportFile = join(repository, "web/e2e/fixtures/bitwarden-export.json");
const databasePassword = "Basalt-Otter-9183-Plume";
const cardNumber = "4111111111111111";
const laptop = "Laptop";
const securityKey = "Security key";
/** The kit waits for a day. */
const dayAndMinute = 24 * 60 + 1;

let browser: Browser;
let node: Node;
let device: Device;
let person: Person;
let builtIn: Key;
let roaming: Key;
let kit: Kit;
const agent = new AgentMachine();

keepWhatFailed(() => ({ device, node }));

beforeAll(async () => {
  [browser, node] = await Promise.all([openBrowser(), Node.start()]);
  device = await Device.open(browser, node.origin);
  person = new Person(device.page);
});

afterAll(async () => {
  writeFileSync(join(artefacts, "node.log"), node.log);
  await browser.close();
  await node.stop();
  agent.remove();
});

/** What the page shows when something did not work. */
function refusal(page: Page): Locator {
  return page.locator(".notice.bad").first();
}

/** Nothing that the browser refused, no error, no request to anybody else. */
function nothingToComplainOf(): void {
  expect(device.takeComplaints()).toEqual([]);
}

describe("a person", () => {
  it("is told what to do on a node that has no owner", async () => {
    await device.page.goto("/");
    await person.sees(t.screens.unclaimed.title);
    await look(device.page, "01-unclaimed");
  });

  it("whose page is meddled with has a browser that tells the node, which logs the directive and no address", async () => {
    await device.page.evaluate(() => {
      const element = document.createElement("div");
      element.setAttribute("style", "color: red");
      document.body.append(element);
    });
    await expect.poll(() => node.log).toContain("style-src-attr");
    const line = node.log.split("\n").find((one) => one.includes("style-src-attr")) ?? "";
    expect(line).not.toContain("localhost");
    device.takeComplaints();
  });

  it("makes a vault with the set-up link and a passkey", async () => {
    builtIn = await device.plug("internal");
    await device.page.goto(node.setupLink);
    await person.sees(t.screens.setup.welcome.title);
    await look(device.page, "02-welcome");
    await person.makeVault(node.setupLink, { vault: "Household", passkey: laptop });
    await look(device.page, "03-kit");
    expect(await builtIn.passkeys()).toBe(1);
    nothingToComplainOf();
  });

  it("types the recovery kit back, not without a mistake", async () => {
    kit = await person.copyKit();
    await person.press(t.screens.setup.kit.next);
    await person.fill(t.screens.setup.typeBack.label, kit.code.replace(/.$/, (last) => (last === "0" ? "1" : "0")));
    await expect.poll(() => person.button(t.screens.setup.typeBack.confirm).isDisabled()).toBe(true);
    await look(device.page, "04-type-back");
    await person.typeKitBack(kit);
    nothingToComplainOf();
  });

  it("adds a security key as the second passkey", async () => {
    roaming = await device.plug("usb");
    await roaming.touched(false);
    await look(device.page, "05-second");
    await person.fill(t.screens.setup.second.name, securityKey);
    await device.thenTouch(roaming, { insteadOf: builtIn });
    await person.press(t.screens.setup.second.add);
    await person.sees(t.screens.setup.finished.title);
    await person.page.getByText(t.screens.setup.finished.ways(3)).waitFor();
    expect(await roaming.passkeys()).toBe(1);
    await roaming.touched(false);
    await builtIn.touched(true);
    await look(device.page, "06-finished");
    nothingToComplainOf();
  });

  it("cannot use the set-up link twice", async () => {
    const stranger = await Device.open(browser, node.origin);
    const key = await stranger.plug("internal");
    await stranger.page.goto(node.setupLink);
    const words = t.screens.setup.welcome;
    await new Person(stranger.page).press(words.create);
    await refusal(stranger.page).waitFor();
    expect(await key.passkeys()).toBe(0);
    await stranger.context.close();
  });

  it("imports the export of another program", async () => {
    await person.press(t.screens.setup.finished.importNow);
    await person.sees(t.transfer.import.title);
    await look(device.page, "07-import");
    await person.chooseImport(exportFile);
    await person.mayOpen(t.kinds.field.hidden, 3);
    await look(device.page, "07-import-preview");
    await person.applyImport(4);
    await look(device.page, "07-import-report");
    nothingToComplainOf();
  });

  it("imports the same file again, and nothing happens", async () => {
    await person.goToAddress("#/settings");
    await person.goToAddress("#/import");
    await person.chooseImport(exportFile);
    await person.page.getByText(t.transfer.import.nothingNew).waitFor();
    nothingToComplainOf();
  });

  it("finds an entry by typing, and reads who can open it", async () => {
    await person.openEntry("Reporting database");
    expect(await person.reads(t.kinds.field.password)).toBe(databasePassword);
    await look(device.page, "08-entry");
    await person.openEntry("Travel card");
    expect(await person.reads(t.kinds.field.card_number)).toBe(cardNumber);
    await look(device.page, "09-card");
    nothingToComplainOf();
  });

  it("changes who may open a field, and finds the change in the history", async () => {
    await person.openEntry("Router emergency steps");
    await person.press(t.entries.edit);
    await look(device.page, "10-edit");
    await person.mayOpen("Notes", 3);
    await person.press(t.common.save);
    await person.sees("Router emergency steps");
    await person.page.getByTestId("field-Notes").getByText(t.kinds.tier[3]).first().waitFor();
    await person.press(t.common.more);
    await person.page.getByRole("menuitem", { name: t.entries.history }).click();
    await person.sees(t.entries.historyOf("Router emergency steps"));
    await look(device.page, "11-history");
    nothingToComplainOf();
  });

  it("puts an entry into the trash and takes it out again", async () => {
    await person.createEntry("wifi", "Guest network", { [t.kinds.field.wifi_password]: { value: "guest-Lantern-2205" } });
    await person.press(t.common.more);
    await person.page.getByRole("menuitem", { name: t.entries.trash }).click();
    await person.press(t.common.undo);
    await expect.poll(() => person.button(t.entries.edit).isVisible()).toBe(true);
    nothingToComplainOf();
  });
});

describe("many entries at once", () => {
  const words = t.entries.pick;
  const list = () => person.page.getByRole("listbox", { name: t.entries.list });
  const inFolder = (name: string) => person.page.getByLabel(t.entries.filter.group).selectOption(`folder:${name}`);

  it("are picked with the keyboard and moved to a folder, and that is taken back", async () => {
    await person.goTo("entries");
    for (const key of ["Home", "Space", "Shift+ArrowDown"]) await list().press(key);
    await person.page.getByText(words.count(2)).waitFor();
    await look(device.page, "11-picked");
    await person.press(words.more);
    await person.page.getByRole("menuitem", { name: words.folder }).click();
    await person.fill(words.folderLabel, "Moved together");
    await person.press(words.apply(2));
    await person.page.getByText(words.changed(2)).first().waitFor();
    await inFolder("Moved together");
    await expect.poll(() => list().getByRole("option").count()).toBe(2);
    await person.press(t.common.undo);
    await expect.poll(() => list().getByRole("option").count()).toBe(0);
    await person.press(t.entries.filter.clear);
    nothingToComplainOf();
  });

  it("go to the trash together, and come back", async () => {
    const all = await list().getByRole("option").count();
    await list().press("Control+a");
    await person.page.getByText(words.count(all)).waitFor();
    await person.press(words.trash);
    await person.page.getByText(words.trashed(all)).first().waitFor();
    await expect.poll(() => list().getByRole("option").count()).toBe(0);
    await person.press(t.common.undo);
    await expect.poll(() => list().getByRole("option").count()).toBe(all);
    nothingToComplainOf();
  });
});

agents({
  agent,
  databasePassword,
  cardNumber,
  nothingToComplainOf,
  get node() { return node; },
  get device() { return device; },
  get person() { return person; },
});

describe("time passes", () => {
  it("and a reload asks for the passkey again, and brings everything back", async () => {
    await device.page.goto("/");
    await device.page.reload();
    await person.sees(t.screens.unlock.title);
    await look(device.page, "16-unlock");
    await person.unlock();
    await person.openEntry("Travel card");
    expect(await person.reads(t.kinds.field.card_number)).toBe(cardNumber);
    nothingToComplainOf();
  });

  it("and the wrong finger does not open it", async () => {
    await person.lock();
    await builtIn.rightFinger(false);
    await person.press(t.screens.unlock.button);
    await refusal(person.page).waitFor();
    await builtIn.rightFinger(true);
    device.takeComplaints();
  });

  it("and the security key opens it in a browser that has never seen it", async () => {
    await device.forgetEverything(node.origin);
    await builtIn.touched(false);
    await roaming.touched(true);
    await device.page.goto("/");
    await person.sees(t.screens.unlock.title);
    await person.unlock();
    await person.openEntry("Reporting database");
    expect(await person.reads(t.kinds.field.password)).toBe(databasePassword);
    nothingToComplainOf();
  });

  it("and a passkey is removed: the vault gets a new key, and everything still opens", async () => {
    await person.seesWays(3);
    await look(device.page, "17-settings");
    await person.removeWay(laptop);
    await person.seesWays(2);
    await person.openEntry("Travel card");
    expect(await person.reads(t.kinds.field.card_number)).toBe(cardNumber);
    await person.openEntry("Reporting database");
    expect(await person.reads(t.kinds.field.password)).toBe(databasePassword);
    const { code, out } = await agent.run("agent", "run", "--no-mask", "--env", "P=clv://-/Reporting%20database/Password", "--", "printenv", "P");
    expect({ code, out: out.trim() }).toEqual({ code: 0, out: databasePassword });
    nothingToComplainOf();
  });

  it("and the removed passkey opens nothing", async () => {
    await person.lock();
    await roaming.touched(false);
    await builtIn.touched(true);
    await person.press(t.screens.unlock.button);
    await refusal(person.page).waitFor();
    device.takeComplaints();
  });
});

describe("every passkey is lost", () => {
  it("and the recovery kit waits for as long as its owner said", async () => {
    const stranger = await Device.open(browser, node.origin);
    device = stranger;
    person = new Person(stranger.page);
    builtIn = await stranger.plug("internal");
    await stranger.page.goto("/");
    await person.press(t.screens.unlock.lost);
    await person.startRecovery(kit);
    await expect.poll(() => person.button(t.screens.recover.waiting.claim).isDisabled()).toBe(true);
    await look(stranger.page, "18-recovery-waits");
  });

  it("and a node that releases it early, with a clock set ahead, is not believed", async () => {
    await node.restart({ minutesAhead: dayAndMinute });
    await device.page.reload();
    await person.press(t.screens.unlock.lost);
    await person.startRecovery(kit);
    await person.press(t.screens.recover.waiting.claim);
    await person.sees(t.screens.alarm.title);
    await look(device.page, "19-alarm");
    device.takeComplaints();
  });

  it("and opens the vault when the time is over, with every entry in it", async () => {
    // The node had counted that as the recovery: another one has to wait again.
    await device.page.reload();
    await person.press(t.screens.unlock.lost);
    await person.startRecovery(kit);
    await node.restart({ minutesAhead: 2 * dayAndMinute });
    await device.page.clock.setSystemTime(Date.now() + 2 * dayAndMinute * 60_000);
    await device.page.reload();
    await person.press(t.screens.unlock.lost);
    await person.startRecovery(kit);
    await person.press(t.screens.recover.waiting.claim);
    await person.sees(t.screens.recover.opened.title);
    await look(device.page, "20-recovered");
    await person.press(t.screens.recover.opened.add);
    await person.openEntry("Travel card");
    expect(await person.reads(t.kinds.field.card_number)).toBe(cardNumber);
    await person.seesWays(3);
    await look(device.page, "21-end");
    nothingToComplainOf();
  });
});

describe("the log", () => {
  it("is exported, verified without the node, and refused when a byte of it was changed", async () => {
    const [file, head] = [join(artefacts, "audit.jsonl"), join(artefacts, "audit.head")];
    for (const old of [file, head]) rmSync(old, { force: true });
    const exported = await agent.run("audit", "export", "--data", node.data, "--file", file, "--head", head);
    expect(exported).toMatchObject({ code: 0 });
    await node.halt();
    const verify = (events: string): Promise<Outcome> => agent.run("audit", "verify", "--file", events, "--head", head, "--key", exported.out.trim());
    expect(await verify(file)).toMatchObject({ code: 0 });
    const text = readFileSync(file, "utf8");
    expect(text).not.toContain(databasePassword);
    const lines = text.trimEnd().split("\n");
    expect(lines.length).toBeGreaterThan(20);
    writeFileSync(`${file}.shorter`, `${lines.filter((_, at) => at !== 7).join("\n")}\n`);
    expect((await verify(`${file}.shorter`)).code).toBe(2);
  });
});
