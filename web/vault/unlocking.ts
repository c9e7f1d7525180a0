// What a vault is opened from, as the node hands it out, and what is asked for meanwhile because the list will need it.
import type { Bytes } from "../crypto/bytes.ts";
import { demand } from "../crypto/refused.ts";
import type { EntryPin, PinStore } from "./pins.ts";
import { blob, object } from "./read.ts";
import type { Transport } from "./transport.ts";
import type { VaultState } from "./wire.ts";

/** Entries of the first page: what a screen shows, so that something is on it early. */
export const firstPage = 40;

/** What the list begins with, asked for while the vault is still being opened. Nothing of it is looked at before. */
export interface Early {
  readonly page: Promise<unknown>;
  readonly pins: Promise<Map<string, EntryPin>>;
}

/** The sealed parts that unlocking opens. */
export function stateParts(state: VaultState): { record: Bytes; manifest: Bytes; sealedVmk: Bytes; usk: Bytes } {
  return { record: blob(state.unlocker.record), manifest: blob(state.manifest), sealedVmk: blob(state.unlocker.sealed_vmk), usk: blob(state.usk) };
}

/** Reads the node's answer to "what do I need to unlock". */
export async function fetchState(transport: Transport, vault: string, unlockerId: string): Promise<VaultState> {
  const state = object<VaultState>(await transport.send("GET", "/v1/vault"), "vault_id", "unlocker", "manifest", "usk", "checkpoint", "consistency");
  demand(state.vault_id === vault, "rule", "another vault");
  object(state.unlocker, "id", "record", "sealed_vmk");
  demand(state.unlocker.id === unlockerId, "rule", "another unlocker");
  return state;
}

/** Asks for what the list begins with. */
export function askEarly(transport: Transport, pins: PinStore, vaultId: string): Early {
  const early = { page: transport.send("GET", `/v1/entries?limit=${firstPage}`), pins: pins.entries(vaultId) };
  // Whoever takes them hears of a failure; if the vault does not open, nobody does.
  early.page.catch(() => undefined);
  early.pins.catch(() => undefined);
  return early;
}
