// The manifests between the one this browser has seen and the one in force: each names the one before, so a fork cannot hide behind what came after it.
import { type Bytes, equal } from "../crypto/bytes.ts";
import { sha256 } from "../crypto/hash.ts";
import { checkManifestForward, decodeManifest, type Manifest } from "../crypto/manifest.ts";
import { demand } from "../crypto/refused.ts";
import { splitSigned } from "../crypto/sign.ts";
import { blob, list, object } from "./read.ts";
import type { Transport } from "./transport.ts";
import type { ManifestPage } from "./wire.ts";

/** More than these are not asked for at once; nobody changes a vault so often between two visits. */
const linksMax = 10_000;

/** The manifest that was seen. */
export interface Seen {
  readonly version: number;
  readonly hash: Bytes;
  /** True when the node has kept every manifest since: pins from before it did so are believed without the links, once. */
  readonly linked: boolean;
}

async function fetchBetween(transport: Transport, from: number, to: number): Promise<Bytes[]> {
  const found: Bytes[] = [];
  let after: number | null | undefined = from;
  while (after != null && found.length < linksMax) {
    const page: ManifestPage = object<ManifestPage>(await transport.send("GET", `/v1/manifests?after=${after}`), "manifests");
    found.push(...list(page.manifests).map(blob));
    const next: number | null | undefined = page.next;
    demand(next == null || next > after, "rule", "pages out of order");
    after = next;
  }
  return found.slice(0, to - from - 1);
}

/** Refuses a manifest that does not come from the one that was seen, however many lie between. */
export async function proveLinks(transport: Transport, newest: Manifest, seen: Seen | undefined): Promise<void> {
  if (seen === undefined || newest.version <= seen.version + 1) return;
  const between = await fetchBetween(transport, seen.version, newest.version);
  const complete = between.length === newest.version - seen.version - 1;
  if (!complete && !seen.linked) return;
  demand(complete, "pin", "manifests in between are missing");
  let above = newest;
  for (const signed of between.reverse()) {
    const { body } = splitSigned(signed);
    demand(equal(sha256(body), above.previous), "pin", "does not come from what was seen");
    const beneath = decodeManifest(body);
    demand(beneath.version === above.version - 1, "chain", "manifest version");
    checkManifestForward(above, beneath);
    above = beneath;
  }
  demand(equal(above.previous, seen.hash), "pin", "does not come from what was seen");
}
