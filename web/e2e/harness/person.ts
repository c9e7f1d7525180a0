// What a person does in the browser, in the words they read there.
import type { Locator, Page } from "playwright-core";
import { t } from "../../pages/words/index.ts";

/** The recovery kit as it stands on paper. */
export interface Kit {
  code: string;
  vaultId: string;
}

/** A field of a new entry: its value, and who may open it where that is not the default. */
export interface FieldInput {
  value: string;
  tier?: 1 | 2 | 3;
}

/** What a person chooses for a new agent. */
export interface AgentChoice {
  name: string;
  scope: string;
  /** Capabilities besides the proposed ones. */
  also?: ("use" | "totp" | "reveal" | "write")[];
  perMinute?: number;
}

/** A person in front of one page. */
export class Person {
  constructor(readonly page: Page) {}

  /** A button; where the navigation has one of the same name, the page's own. */
  button(name: string): Locator {
    return this.page.getByRole("button", { name, exact: true }).last();
  }

  async press(name: string): Promise<void> {
    await this.button(name).click();
  }

  async fill(label: string, text: string): Promise<void> {
    await this.page.getByLabel(label, { exact: true }).fill(text);
  }

  /** Waits until the page shows this heading. */
  async sees(heading: string): Promise<void> {
    await this.page.getByRole("heading", { name: heading, exact: true }).waitFor();
  }

  /** From the set-up link to the kit on screen. */
  async makeVault(link: string, names: { vault: string; passkey: string }): Promise<void> {
    const words = t.screens.setup.welcome;
    await this.page.goto(link);
    await this.sees(words.title);
    await this.fill(words.vaultName, names.vault);
    await this.fill(words.passkeyName, names.passkey);
    await this.press(words.create);
    await this.sees(t.screens.setup.kit.title);
    await this.page.getByTestId("recovery-code").waitFor();
  }

  /** Copies the kit from the screen to paper. */
  async copyKit(): Promise<Kit> {
    const code = await this.page.getByTestId("recovery-code").innerText();
    const vaultId = await this.page.getByTestId("vault-id").innerText();
    return { code: code.replace(/\s/g, ""), vaultId: vaultId.trim() };
  }

  /** Types the kit back. */
  async typeKitBack(kit: Kit): Promise<void> {
    const words = t.screens.setup.typeBack;
    await this.fill(words.label, kit.code.toLowerCase());
    await this.press(words.confirm);
    await this.sees(t.screens.setup.second.title);
  }

  async unlock(): Promise<void> {
    await this.press(t.screens.unlock.button);
    await this.page.getByRole("navigation", { name: t.common.nav.label }).waitFor();
  }

  async lock(): Promise<void> {
    await this.page.getByRole("navigation", { name: t.common.nav.label }).getByRole("button", { name: t.common.nav.lock }).click();
    await this.sees(t.screens.unlock.title);
  }

  /** Follows a link of the main navigation. */
  async goTo(page: "entries" | "agents" | "activity" | "settings"): Promise<void> {
    await this.page.getByRole("navigation", { name: t.common.nav.label }).getByRole("link", { name: t.common.nav[page] }).click();
  }

  /** Goes to an address inside the app, as by a bookmark. */
  async goToAddress(hash: string): Promise<void> {
    await this.page.evaluate((to) => void (location.hash = to), hash);
  }

  /** Makes an entry with the fields that its kind begins with. */
  async createEntry(kind: string, title: string, fields: Record<string, FieldInput>, scopes: string[] = []): Promise<void> {
    await this.goToAddress(`#/new/${kind}`);
    await this.sees(t.entries.form.create);
    await this.fill(t.entries.form.title, title);
    for (const [label, { value, tier }] of Object.entries(fields)) {
      await this.fill(label, value);
      if (tier !== undefined) await this.mayOpen(label, tier);
    }
    for (const scope of scopes) await this.page.getByLabel(scope, { exact: true }).check();
    await this.press(t.common.save);
    await this.sees(title);
  }

  /** Chooses who may open a field, in the form. */
  async mayOpen(label: string, tier: 1 | 2 | 3): Promise<void> {
    await this.page.getByLabel(t.entries.whoCan(label), { exact: true }).selectOption(String(tier));
  }

  /** Finds an entry with the search box and opens it. */
  async openEntry(title: string): Promise<void> {
    await this.goTo("entries");
    const search = this.page.getByRole("combobox", { name: t.entries.search });
    await search.fill(title);
    await this.page.getByRole("option").filter({ hasText: title }).first().click();
    await this.sees(title);
    await search.fill("");
  }

  /** Shows a sealed value and reads it. */
  async reads(label: string): Promise<string> {
    await this.press(t.entries.showField(label));
    await this.button(t.entries.hideField(label)).waitFor();
    const shown = await this.page.getByTestId(`field-${label}`).locator(".field-value").innerText();
    await this.press(t.entries.hideField(label));
    return shown.trim();
  }

  async makeScope(name: string): Promise<void> {
    await this.goTo("agents");
    await this.fill(t.agents.scopes.name, name);
    await this.press(t.agents.scopes.create);
    await this.page.getByRole("listitem").filter({ hasText: name }).first().waitFor();
  }

  /** Makes an enrolment string. The dialog stays open and waits for the agent. */
  async inviteAgent(choice: AgentChoice): Promise<string> {
    await this.fillAgent(t.agents.enrol, choice);
    await this.press(t.agents.make.string);
    return (await this.page.getByTestId("enrolment-string").innerText()).trim();
  }

  /** The agent has answered: its keys are verified and signed, and the dialog says so. */
  async confirmsAgent(name: string): Promise<void> {
    await this.page.getByText(t.agents.make.verified(name)).waitFor();
    await this.press(t.common.done);
  }

  async makeHostedToken(choice: AgentChoice): Promise<string> {
    await this.fillAgent(t.agents.makeHosted, choice);
    await this.press(t.agents.make.token);
    const token = (await this.page.getByTestId("hosted-token").innerText()).trim();
    await this.press(t.common.done);
    return token;
  }

  private async fillAgent(button: string, { name, scope, also = [], perMinute }: AgentChoice): Promise<void> {
    await this.goTo("agents");
    await this.press(button);
    const dialog = this.page.getByRole("dialog");
    await dialog.getByLabel(t.agents.make.name, { exact: true }).fill(name);
    await dialog.getByRole("checkbox", { name: new RegExp(`^${scope} `) }).check();
    for (const capability of also) await dialog.getByRole("checkbox", { name: new RegExp(`^${t.agents.capabilities[capability].long} `) }).check();
    if (perMinute !== undefined) {
      await dialog.getByLabel(t.agents.terms.perMinute).fill(String(perMinute));
      await dialog.getByLabel(t.agents.terms.perHour).fill(String(perMinute * 4));
    }
  }

  /** Removes a way in. */
  async removeWay(name: string): Promise<void> {
    await this.goTo("settings");
    await this.press(t.settings.ways.remove(name));
    await this.page.getByRole("dialog").getByRole("button", { name: t.common.remove, exact: true }).click();
    await this.page.getByText(t.settings.ways.removed(name)).first().waitFor();
  }

  /** How many ways in the settings name. */
  async seesWays(count: number): Promise<void> {
    await this.goTo("settings");
    await this.sees(t.settings.ways.count(count));
  }

  /** Types the printed kit, to begin a recovery or to go on with it. */
  async startRecovery(kit: Kit): Promise<void> {
    const words = t.screens.recover;
    await this.fill(words.code, kit.code);
    await this.fill(words.vaultId, kit.vaultId);
    await this.press(words.start);
    await this.sees(words.waiting.title);
  }

  /** Chooses an export file on the import page; the preview follows. */
  async chooseImport(file: string): Promise<void> {
    await this.page.getByLabel(t.transfer.import.choose, { exact: true }).setInputFiles(file);
    await this.sees(t.transfer.import.rows);
  }

  /** Lets the import of so many entries happen; the report follows. */
  async applyImport(entries: number): Promise<void> {
    await this.press(t.transfer.import.apply(entries));
    await this.page.getByText(t.transfer.report.title).waitFor();
  }
}
