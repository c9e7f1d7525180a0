// Firefox with its built-in virtual authenticator, by Marionette: the protocol that the browser speaks itself, without a driver in between.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./places.ts";

const executable = process.env.FIREFOX ?? "firefox-esr";
const startsWithinMs = 20_000;
const seenWithinMs = 20_000;

const preferences: Record<string, string | number | boolean> = {
  "security.webauth.webauthn_enable_softtoken": true,
  "security.webauth.webauthn_enable_usbtoken": false,
  "app.update.disabledForTesting": true,
  "datareporting.policy.dataSubmissionEnabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "toolkit.telemetry.enabled": false,
};

interface Element { readonly [id: string]: string }

/** A browser with one window. */
export class Firefox {
  private number = 0;
  private buffer = Buffer.alloc(0);
  private readonly waiting: ((message: unknown) => void)[] = [];

  private constructor(private readonly child: ChildProcess, private readonly profile: string, private readonly socket: Socket) {
    socket.on("data", (chunk: Buffer) => this.take(chunk));
  }

  static async open(): Promise<Firefox> {
    const [profile, port] = [mkdtempSync(join(tmpdir(), "clavitor-firefox-")), await freePort()];
    const lines = Object.entries({ ...preferences, "marionette.port": port }).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`);
    writeFileSync(join(profile, "user.js"), lines.join("\n"));
    const child = spawn(executable, ["--headless", "--marionette", "--no-remote", "--profile", profile], { stdio: "ignore", env: { ...process.env, HOME: profile } });
    const browser = new Firefox(child, profile, await reached(port));
    await browser.message();
    await browser.ask("WebDriver:NewSession", { capabilities: {} });
    return browser;
  }

  private take(chunk: Buffer): void {
    this.buffer = Buffer.concat([this.buffer, chunk]);
    for (;;) {
      const colon = this.buffer.indexOf(":");
      const length = Number(this.buffer.subarray(0, Math.max(0, colon)).toString());
      if (colon < 1 || this.buffer.length < colon + 1 + length) return;
      const message: unknown = JSON.parse(this.buffer.subarray(colon + 1, colon + 1 + length).toString());
      this.buffer = this.buffer.subarray(colon + 1 + length);
      this.waiting.shift()?.(message);
    }
  }

  private message(): Promise<unknown> {
    return new Promise((come) => this.waiting.push(come));
  }

  private async ask(name: string, parameters: object): Promise<unknown> {
    const text = JSON.stringify([0, ++this.number, name, parameters]);
    const answered = this.message();
    this.socket.write(`${Buffer.byteLength(text)}:${text}`);
    const [, , error, result] = (await answered) as [number, number, { error: string; message: string } | null, unknown];
    if (error !== null) throw new Error(`${name}: ${error.error}: ${error.message}`);
    return result;
  }

  async goto(url: string): Promise<void> {
    await this.ask("WebDriver:Navigate", { url });
  }

  async reload(): Promise<void> {
    await this.ask("WebDriver:Refresh", {});
  }

  /** A passkey holder in the device, whose owner always shows the right finger. */
  async plug(): Promise<void> {
    await this.ask("WebAuthn:AddVirtualAuthenticator", {
      protocol: "ctap2_1", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserConsenting: true, isUserVerified: true,
    });
  }

  /**
   * Firefox's virtual authenticator signs the first 37 bytes of the authenticator data and then puts the PRF's output behind them, without the flag that
   * would say so. No node may believe such a signature. What it did sign is handed to the page instead; real authenticators need nothing of this.
   */
  async mend(): Promise<void> {
    const script = `
      const of = AuthenticatorAssertionResponse.prototype;
      const whole = Object.getOwnPropertyDescriptor(of, "authenticatorData").get;
      Object.defineProperty(of, "authenticatorData", { get() { return whole.call(this).slice(0, 37); } });`;
    await this.ask("WebDriver:ExecuteScript", { script, args: [], sandbox: null });
  }

  async text(): Promise<string> {
    const answer = (await this.ask("WebDriver:ExecuteScript", { script: "return document.body.innerText", args: [] })) as { value: string };
    return answer.value;
  }

  /** Waits until the page says this. */
  async sees(text: string): Promise<void> {
    const until = Date.now() + seenWithinMs;
    for (let shown = ""; ; ) {
      shown = await this.text().catch(() => "");
      if (shown.includes(text)) return;
      if (Date.now() > until) throw new Error(`the page does not say "${text}":\n${shown}`);
      await new Promise((waited) => setTimeout(waited, 100));
    }
  }

  private async element(xpath: string): Promise<string> {
    const until = Date.now() + seenWithinMs;
    for (;;) {
      try {
        const { value } = (await this.ask("WebDriver:FindElement", { using: "xpath", value: xpath })) as { value: Element };
        return Object.values(value)[0] ?? "";
      } catch (error) {
        if (Date.now() > until) throw new Error(`${String(error)}\n${await this.text()}`);
        await new Promise((waited) => setTimeout(waited, 100));
      }
    }
  }

  /** Presses the button with exactly this name. */
  async press(name: string): Promise<void> {
    await this.ask("WebDriver:ElementClick", { id: await this.element(`//button[normalize-space()=${JSON.stringify(name)} and not(@disabled)]`) });
  }

  /** Types into the field with this label. */
  async fill(label: string, text: string): Promise<void> {
    const named = `//label[contains(normalize-space(), ${JSON.stringify(label)})]`;
    const id = await this.element(`//*[(self::input or self::textarea) and (@id=${named}/@for or ancestor::label[contains(normalize-space(), ${JSON.stringify(label)})])]`);
    await this.ask("WebDriver:ElementClear", { id });
    await this.ask("WebDriver:ElementSendKeys", { id, text });
  }

  /** The text of the element with this test id. */
  async read(testId: string): Promise<string> {
    const id = await this.element(`//*[@data-testid=${JSON.stringify(testId)}]`);
    return ((await this.ask("WebDriver:GetElementText", { id })) as { value: string }).value;
  }

  async close(): Promise<void> {
    this.socket.destroy();
    const gone = new Promise((exited) => this.child.once("exit", exited));
    this.child.kill("SIGTERM");
    await gone;
    rmSync(this.profile, { recursive: true, force: true });
  }
}

/** Marionette's port, as soon as the browser opens it. */
async function reached(port: number): Promise<Socket> {
  const until = Date.now() + startsWithinMs;
  for (;;) {
    const socket = connect(port, "127.0.0.1");
    const open = await new Promise<boolean>((known) => socket.once("connect", () => known(true)).once("error", () => known(false)));
    if (open) return socket;
    if (Date.now() > until) throw new Error("Firefox opened no Marionette port (scripts/install test installs it)");
    await new Promise((waited) => setTimeout(waited, 200));
  }
}
