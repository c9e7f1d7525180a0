// Clients that read from a node without a pause: on connections that stay open and on new ones, each of these from an address of its own; and what failed.
import { Agent, get } from "node:https";

const pauseMs = 20;

/** Readers at work. */
export class Readers {
  /** What failed, in words. */
  readonly failures: string[] = [];
  /** How many requests were answered. */
  answered = 0;
  /** The serial numbers of the certificates that were shown. */
  readonly serials = new Set<string>();
  private working = true;
  private readonly workers: Promise<void>[];
  private visitors = 0;

  private constructor(
    private readonly url: string,
    private readonly ca: string,
  ) {
    this.workers = [this.work(true), this.work(true), this.work(false), this.work(false)];
  }

  static start(url: string, ca: string): Readers {
    return new Readers(url, ca);
  }

  async stop(): Promise<void> {
    this.working = false;
    await Promise.all(this.workers);
  }

  private async work(keepAlive: boolean): Promise<void> {
    const agent = new Agent({ ca: this.ca, keepAlive, maxSockets: 1, maxCachedSessions: 0 });
    const localAddress = this.address();
    while (this.working) {
      await this.read(agent, keepAlive ? localAddress : this.address()).catch((error: unknown) => this.failures.push(String(error)));
      await new Promise((waited) => setTimeout(waited, pauseMs));
    }
    agent.destroy();
  }

  /** An address of this machine that nobody had before. */
  private address(): string {
    this.visitors += 1;
    return `127.1.${this.visitors >> 8}.${this.visitors & 255}`;
  }

  private read(agent: Agent, localAddress: string): Promise<void> {
    return new Promise((done, failed) => {
      const request = get(this.url, { agent, localAddress }, (response) => {
        const socket = response.socket as import("node:tls").TLSSocket;
        const serial: string | undefined = socket.getPeerCertificate().serialNumber;
        if (serial !== undefined) this.serials.add(serial);
        response.once("error", failed).once("end", () => {
          if (response.statusCode !== 200) return failed(new Error(`status ${response.statusCode}`));
          this.answered += 1;
          done();
        });
        response.resume();
      });
      request.once("error", failed);
    });
  }
}
