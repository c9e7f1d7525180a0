// What a vault is opened from, as the node hands it out, and what is asked for meanwhile because the list will need it.
import type { Bytes } from "../crypto/bytes.ts";
import { demand } from "../crypto/refused.ts";
import { askGrown } from "./log.ts";
import type { PinStore, StoredPins, VaultPin } from "./pins.ts";
import { blob, object } from "./read.ts";
import type { Transport } from "./transport.ts";
import type { VaultState } from "./wire.ts";

/** Entries of the first page: what a screen shows, so that something is on it early. */
export const firstPage = 24;

/** What this browser has pinned of a vault. */
export interface Pinned {
  readonly pin: Promise<VaultPin | undefined>;
  readonly entries: Promise<StoredPins>;
}

/** Looks the pins up: as soon as it is known which vault it will be. */
export function readPinned(pins: PinStore, vaultId: string): Pinned {
  return heardLater({ pin: pins.vault(vaultId), entries: pins.entries(vaultId) });
}

/** What unlocking and the list need besides: asked for at once, and looked at when its turn comes. */
export interface Early {
  /** How the log grew from the pinned head; nothing without a pin. */
  readonly grown: Promise<unknown>;
  readonly page: Promise<unknown>;
  readonly pins: Promise<StoredPins>;
}

/** Whoever takes them hears of a failure; if the vault does not open, nobody does. */
function heardLater<T extends Pinned | Early>(asked: T): T {
  for (const one of Object.values(asked) as Promise<unknown>[]) one.catch(() => undefined);
  return asked;
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

/** Asks for all of it. */
export function askEarly(transport: Transport, { pin, entries }: Pinned): Early {
  return heardLater({
    grown: pin.then((seen) => (seen && seen.logSize > 0 ? askGrown(transport, seen.logSize) : undefined)),
    page: transport.send("GET", `/v1/entries?limit=${firstPage}`),
    pins: entries,
  });
}
