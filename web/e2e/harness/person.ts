// What a person does in the browser, in the words they read there.
import type { Locator, Page } from "playwright-core";
import { t } from "../../pages/words/index.ts";

/** The recovery kit as it stands on paper. */
export interface Kit {
  code: string;
  vaultId: string;
}

/** A person in front of one page. */
export class Person {
  constructor(readonly page: Page) {}

  button(name: string): Locator {
    return this.page.getByRole("button", { name, exact: true });
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
    await this.press(t.common.nav.lock);
    await this.sees(t.screens.unlock.title);
  }
}
