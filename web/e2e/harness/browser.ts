// Chromium with virtual passkeys. A device is a browser profile of its own; a key is an authenticator that a person can touch or leave alone.
import { type Browser, type BrowserContext, type CDPSession, chromium, type Page } from "playwright-core";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const flags = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

/** Starts a browser; `home` is a folder of its own, with the authorities that it trusts besides the usual ones. */
export function openBrowser({ home }: { home?: string } = {}): Promise<Browser> {
  const env = home === undefined ? undefined : { ...process.env, HOME: home } as Record<string, string>;
  return chromium.launch({ executablePath, headless: true, args: flags, ...(env === undefined ? {} : { env }) });
}

/** A passkey holder: built into the device ("internal") or a security key ("usb"). */
export class Key {
  constructor(
    private readonly cdp: CDPSession,
    private readonly authenticatorId: string,
  ) {}

  /** Whether the person touches it when asked. Only one key should be touched at a time. */
  async touched(yes: boolean): Promise<void> {
    await this.cdp.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId: this.authenticatorId, enabled: yes });
  }

  /** Whether the finger on it is the right one. */
  async rightFinger(yes: boolean): Promise<void> {
    await this.cdp.send("WebAuthn.setUserVerified", { authenticatorId: this.authenticatorId, isUserVerified: yes });
  }

  /** How many passkeys it holds. */
  async passkeys(): Promise<number> {
    return (await this.cdp.send("WebAuthn.getCredentials", { authenticatorId: this.authenticatorId })).credentials.length;
  }

  /** Takes it out of the device. */
  async remove(): Promise<void> {
    await this.cdp.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId: this.authenticatorId });
  }
}

/** One page in one profile. */
export class Device {
  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
    readonly cdp: CDPSession,
    private readonly complaints: string[],
  ) {}

  static async open(browser: Browser, origin: string): Promise<Device> {
    const context = await browser.newContext({ baseURL: origin, viewport: { width: 1280, height: 900 }, acceptDownloads: true });
    context.setDefaultTimeout(20_000);
    const page = await context.newPage();
    const cdp = await context.newCDPSession(page);
    await cdp.send("WebAuthn.enable", { enableUI: false });
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(`page error: ${error.message}`));
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(`console: ${message.text()}`);
    });
    page.on("response", async (response) => {
      if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}: ${await response.text().catch(() => "")}`);
    });
    page.on("request", (request) => {
      const url = new URL(request.url());
      if (url.origin !== origin && !["blob:", "data:"].includes(url.protocol)) complaints.push(`request to another party: ${request.url()}`);
    });
    return new Device(context, page, cdp, complaints);
  }

  /** Plugs a key in. The kind with PRF is what people have; `prf: false` is for the refusal. */
  async plug(transport: "internal" | "usb", { prf = true } = {}): Promise<Key> {
    const options = {
      protocol: "ctap2", ctap2Version: "ctap2_1", transport, hasResidentKey: true, hasUserVerification: true, hasPrf: prf,
      isUserVerified: true, automaticPresenceSimulation: true,
    } as const;
    const { authenticatorId } = await this.cdp.send("WebAuthn.addVirtualAuthenticator", { options });
    return new Key(this.cdp, authenticatorId);
  }

  /** A passkey is being added: the person first touches the key they have, then, once the page asks for a new one, the other. */
  async thenTouch(next: Key, { insteadOf }: { insteadOf: Key }): Promise<void> {
    await this.page.route("**/v1/passkeys/begin", async (route) => {
      await insteadOf.touched(false);
      await next.touched(true);
      await route.continue();
    }, { times: 1 });
  }

  /** As if the browser were new: cookies, storage and caches gone, the plugged keys still there. */
  async forgetEverything(origin: string): Promise<void> {
    await this.page.goto("about:blank");
    await this.context.clearCookies();
    await this.cdp.send("Storage.clearDataForOrigin", { origin, storageTypes: "all" });
  }

  /** Takes what the page complained of so far: errors, refused content, requests to other parties. */
  takeComplaints(): string[] {
    return this.complaints.splice(0);
  }
}
