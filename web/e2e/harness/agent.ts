// The agent's command line, on a machine of its own: a temporary home that holds nothing but what enrolment puts there.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { binary } from "./places.ts";

/** What a command left behind. */
export interface Outcome {
  code: number;
  out: string;
  err: string;
}

/** A machine on which an agent lives. */
export class AgentMachine {
  readonly home = mkdtempSync(join(tmpdir(), "clavitor-agent-"));

  /** Runs `clavitor <args>` with nothing in the environment but a path and this home. */
  run(...args: string[]): Promise<Outcome> {
    const env = { HOME: this.home, PATH: "/usr/bin:/bin" };
    return new Promise((finished) => {
      execFile(binary, args, { env, timeout: 60_000 }, (error, out, err) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
        finished({ code, out, err });
      });
    });
  }

  remove(): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}
