// A real node in a temporary folder, started and stopped like a person would.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { binary, freePort } from "./places.ts";

const readyAfterMs = 20_000;

/** A running node. */
export class Node {
  private constructor(
    private child: ChildProcess,
    readonly port: number,
    readonly data: string,
    private readonly said: { text: string },
  ) {}

  /** Starts a node with an empty vault. */
  static async start(): Promise<Node> {
    const data = mkdtempSync(join(tmpdir(), "clavitor-e2e-"));
    const port = await freePort();
    const said = { text: "" };
    const node = new Node(serve(data, port, said), port, data, said);
    await node.answers();
    return node;
  }

  /** The address people type; passkeys need a name, not a number. */
  get origin(): string {
    return `http://localhost:${this.port}`;
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error("the node is not running");
    return this.child.pid;
  }

  /** Everything the node has printed. */
  get log(): string {
    return this.said.text;
  }

  /** The one-time link that the first run prints. */
  get setupLink(): string {
    const found = /http:\/\/localhost:\d+\/setup#\S+/.exec(this.log);
    if (found === null) throw new Error(`the node printed no set-up link:\n${this.log}`);
    return found[0];
  }

  /** Stops the process and starts another on the same data. */
  async restart(): Promise<void> {
    await this.halt();
    this.child = serve(this.data, this.port, this.said);
    await this.answers();
  }

  /** Stops the process; the data stays. */
  async halt(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const gone = new Promise((exited) => this.child.once("exit", exited));
    this.child.kill("SIGTERM");
    await gone;
  }

  /** Stops the process and removes its data. */
  async stop(): Promise<void> {
    await this.halt();
    rmSync(this.data, { recursive: true, force: true });
  }

  private async answers(): Promise<void> {
    const until = Date.now() + readyAfterMs;
    while (Date.now() < until) {
      if (this.child.exitCode !== null) throw new Error(`the node ended with ${this.child.exitCode}:\n${this.log}`);
      const ready = await fetch(`http://127.0.0.1:${this.port}/health/ready`, { headers: { host: `localhost:${this.port}` } }).catch(() => null);
      if (ready?.ok) return;
      await new Promise((waited) => setTimeout(waited, 50));
    }
    throw new Error(`the node was not ready after ${readyAfterMs} ms:\n${this.log}`);
  }
}

function serve(data: string, port: number, said: { text: string }): ChildProcess {
  const flags = ["serve", "--data", data, "--bind", `127.0.0.1:${port}`, "--origin", `http://localhost:${port}`];
  const child = spawn(binary, flags, { stdio: ["ignore", "pipe", "pipe"] });
  const keep = (chunk: Buffer): void => void (said.text += chunk.toString());
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  return child;
}
