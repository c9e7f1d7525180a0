// Where things are: the repository, the binary under test, and the folder that keeps pictures.
import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const repository = join(dirname(fileURLToPath(import.meta.url)), "../../..");

/** The binary under test; CLAVITOR_BIN names another one. */
export const binary = process.env.CLAVITOR_BIN ?? join(repository, "target/debug/clavitor");

/** Pictures and reports are kept here. */
export const artefacts = join(repository, "target/e2e");
mkdirSync(artefacts, { recursive: true });

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
