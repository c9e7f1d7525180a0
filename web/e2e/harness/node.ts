// A real node in a temporary folder, started and stopped like a person would.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { binary, freePort } from "./places.ts";
import { Wire } from "./wire.ts";

const readyAfterMs = 20_000;

/** A running node. */
export class Node {
  private child: ChildProcess;
  private said = "";

  private constructor(
    /** Where people and agents go: the tap. */
    readonly port: number,
    /** Where the node itself listens. */
    private readonly inner: number,
    readonly data: string,
    /** Everything that crosses the wire. */
    readonly wire: Wire,
  ) {
    this.child = this.serve(0);
  }

  /** Starts a node with an empty vault, behind a tap on its wire. */
  static async start(): Promise<Node> {
    const data = mkdtempSync(join(tmpdir(), "clavitor-e2e-"));
    const [port, inner] = [await freePort(), await freePort()];
    const node = new Node(port, inner, data, await Wire.tap(port, inner));
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
    return this.said;
  }

  /** The one-time link that the first run prints. */
  get setupLink(): string {
    const found = /http:\/\/localhost:\d+\/setup#\S+/.exec(this.log);
    if (found === null) throw new Error(`the node printed no set-up link:\n${this.log}`);
    return found[0];
  }

  /** Stops the process and starts another on the same data; its clock is ahead by so many minutes. */
  async restart({ minutesAhead = 0 } = {}): Promise<void> {
    await this.halt();
    this.child = this.serve(minutesAhead);
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
    this.wire.close();
    rmSync(this.data, { recursive: true, force: true });
  }

  private async answers(): Promise<void> {
    const until = Date.now() + readyAfterMs;
    while (Date.now() < until) {
      if (this.child.exitCode !== null) throw new Error(`the node ended with ${this.child.exitCode}:\n${this.log}`);
      const ready = await fetch(`${this.origin}/readyz`).catch(() => null);
      if (ready?.ok) return;
      await new Promise((waited) => setTimeout(waited, 50));
    }
    throw new Error(`the node was not ready after ${readyAfterMs} ms:\n${this.log}`);
  }

  private serve(minutesAhead: number): ChildProcess {
    const flags = ["serve", "--data", this.data, "--bind", `127.0.0.1:${this.inner}`, "--origin", this.origin];
    const env = { ...process.env, ...(minutesAhead === 0 ? {} : clockAhead(minutesAhead)) };
    const child = spawn(binary, flags, { stdio: ["ignore", "pipe", "pipe"], env });
    const keep = (chunk: Buffer): void => void (this.said += chunk.toString());
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    return child;
  }
}

/** The environment in which a program's date is ahead; its monotonic clock stays true. */
function clockAhead(minutes: number): Record<string, string> {
  const library = firstPath("/usr/lib/*/faketime/libfaketimeMT.so.1");
  if (library === undefined) throw new Error("libfaketime is not installed (scripts/install test)");
  return { LD_PRELOAD: library, FAKETIME: `+${minutes}m`, FAKETIME_DONT_FAKE_MONOTONIC: "1" };
}

/** The first of the paths that fit a pattern with one star in the middle. */
function firstPath(pattern: string): string | undefined {
  const [before = "", after = ""] = pattern.split("*");
  return readdirSync(before).map((name) => `${before}${name}${after}`).find((path) => existsSync(path));
}
