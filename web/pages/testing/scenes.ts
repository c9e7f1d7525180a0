// Every state of every page that is looked at: an address of the gallery, and what to do there first.
import type { Page } from "playwright-core";
import { t } from "../words/index.ts";

export interface Scene {
  name: string;
  address: string;
  prepare?: (page: Page) => Promise<void>;
}

const ENTRY = "3e8".padStart(32, "0");
const AGENT = "b".repeat(32);
const LOCKED_AGENT = "c".repeat(32);
const CODE = "7k3m-9qwe-r2t4-y6hp-4zxc-v8bn-mj5g-fd0s-a2";

const press = (page: Page, name: string | RegExp): Promise<void> =>
  page.getByRole("button", typeof name === "string" ? { name, exact: true } : { name }).click();

const CSV = ["folder,favorite,type,name,notes,fields,reprompt,login_uri,login_username,login_password,login_totp"]
  .concat(
    Array.from(
      { length: 40 },
      (_, row) => `Work,,login,Site ${row},,,0,https://s${row}.example,u${row},p${row},${row % 3 === 0 ? "JBSWY3DPEHPK3PXP" : ""}`,
    ),
  )
  .join("\n");

async function preview(page: Page): Promise<void> {
  await page.getByLabel(t.transfer.import.choose).setInputFiles({ name: "bitwarden.csv", mimeType: "text/csv", buffer: Buffer.from(CSV) });
  await page.getByRole("button", { name: t.transfer.import.apply(40) }).waitFor();
}

async function agentForm(page: Page, opener: string, scope: RegExp): Promise<void> {
  await press(page, opener);
  await page.getByLabel(t.agents.make.name).fill("CI runner");
  await page.getByRole("checkbox", { name: scope }).check();
}

async function toKit(page: Page): Promise<void> {
  await press(page, t.screens.setup.welcome.create);
  await page.getByTestId("recovery-code").waitFor();
}

async function toTypeBack(page: Page, code: string): Promise<void> {
  await toKit(page);
  await press(page, t.screens.setup.kit.next);
  await page.getByLabel(t.screens.setup.typeBack.label).fill(code);
}

export const scenes: readonly Scene[] = [
  { name: "setup", address: "?phase=setup" },
  { name: "setup-kit", address: "?phase=setup", prepare: toKit },
  { name: "setup-wrong-code", address: "?phase=setup", prepare: (page) => toTypeBack(page, CODE.replace(/2$/, "9")) },
  {
    name: "setup-finished",
    address: "?phase=setup",
    prepare: async (page) => {
      await toTypeBack(page, CODE);
      await press(page, t.screens.setup.typeBack.confirm);
      await press(page, t.screens.setup.second.later);
      await page.getByText(t.screens.setup.finished.ways(3)).waitFor();
    },
  },
  { name: "locked", address: "?phase=locked" },
  { name: "recover", address: "?phase=recover" },
  {
    name: "recover-waiting",
    address: "?phase=recover",
    prepare: async (page) => {
      await page.getByLabel(t.screens.recover.code).fill(CODE);
      await page.getByLabel(t.screens.recover.vaultId).fill("5f0c6a0be2f94d1c8a7e3b2d90c41f6e");
      await press(page, t.screens.recover.start);
      await page.getByText(t.screens.recover.waiting.close).waitFor();
    },
  },
  { name: "blocked", address: "?phase=blocked" },
  { name: "unclaimed", address: "?phase=unclaimed" },
  { name: "alarm", address: "?phase=alarm" },
  { name: "list", address: "?#/entries" },
  { name: "list-empty", address: "?entries=0#/entries" },
  { name: "list-warning", address: "?pending#/entries", prepare: (page) => page.getByText(t.entries.warnings.recovery).waitFor() },
  {
    name: "list-search",
    address: "?entries=10000#/entries",
    prepare: async (page) => {
      await page.getByRole("combobox", { name: t.entries.search }).fill("data shop 77");
      for (let step = 0; step < 12; step += 1) await page.keyboard.press("ArrowDown");
    },
  },
  {
    name: "list-picked",
    address: "?#/entries",
    prepare: async (page) => {
      await page.getByRole("listbox", { name: t.entries.list }).focus();
      await page.keyboard.press("Space");
      for (let step = 0; step < 3; step += 1) await page.keyboard.press("Shift+ArrowDown");
      await page.getByText(t.entries.pick.count(4)).waitFor();
      await press(page, t.entries.pick.more);
    },
  },
  {
    name: "list-picked-tier",
    address: "?#/entries",
    prepare: async (page) => {
      await page.getByRole("listbox", { name: t.entries.list }).focus();
      await page.keyboard.press("Control+a");
      await press(page, t.entries.pick.more);
      await page.getByRole("menuitem", { name: t.entries.pick.tier }).click();
    },
  },
  { name: "new-menu", address: "?#/entries", prepare: (page) => press(page, t.entries.create) },
  {
    name: "help",
    address: "?#/activity",
    prepare: async (page) => {
      await page.keyboard.press("?");
      await page.getByRole("dialog").waitFor();
    },
  },
  { name: "entry", address: `?#/entries/${ENTRY}` },
  {
    name: "entry-open",
    address: `?#/entries/${ENTRY}`,
    prepare: async (page) => {
      await press(page, t.entries.whoFor(t.kinds.tier[2], "Password"));
      await press(page, t.entries.showField("Password"));
      await press(page, t.common.more);
    },
  },
  { name: "entry-edit", address: `?#/entries/${ENTRY}/edit` },
  { name: "entry-generator", address: `?#/entries/${ENTRY}/edit`, prepare: (page) => press(page, t.entries.generator.open("Password")) },
  { name: "entry-new", address: "?#/new/card" },
  { name: "history", address: `?#/entries/${ENTRY}/history`, prepare: (page) => press(page, t.entries.showField("Password")) },
  { name: "agents", address: "?#/agents" },
  { name: "agent", address: `?#/agents/${AGENT}` },
  { name: "agent-locked", address: `?#/agents/${LOCKED_AGENT}` },
  { name: "agent-revoke", address: `?#/agents/${AGENT}`, prepare: (page) => press(page, t.agents.revoke) },
  { name: "agents-suspicion", address: "?#/agents", prepare: (page) => press(page, t.agents.suspicion.action) },
  { name: "agent-invite", address: "?#/agents", prepare: (page) => agentForm(page, t.agents.enrol, /Deployment/) },
  {
    name: "agent-waiting",
    address: "?#/agents",
    prepare: async (page) => {
      await agentForm(page, t.agents.enrol, /Deployment/);
      await press(page, t.agents.make.string);
      await page.getByTestId("enrolment-string").waitFor();
    },
  },
  {
    name: "agent-token",
    address: "?#/agents",
    prepare: async (page) => {
      await agentForm(page, t.agents.makeHosted, /whole vault/);
      await press(page, t.agents.make.token);
      await page.getByTestId("hosted-token").waitFor();
    },
  },
  { name: "activity", address: "?#/activity" },
  {
    name: "list-server-ailing",
    address: "?ailing#/entries",
    prepare: (page) => page.getByText(t.entries.warnings.server.certificate_ending(6)).waitFor(),
  },
  { name: "settings", address: "?pending#/settings" },
  { name: "settings-remove", address: "?#/settings", prepare: (page) => press(page, t.settings.ways.remove("Laptop")) },
  { name: "import", address: "?#/import" },
  { name: "import-preview", address: "?#/import", prepare: preview },
  {
    name: "import-report",
    address: "?#/import",
    prepare: async (page) => {
      await preview(page);
      await press(page, t.transfer.import.apply(40));
      await page.getByText(t.transfer.report.title).waitFor();
    },
  },
  { name: "export", address: "?#/export" },
];
