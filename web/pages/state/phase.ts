// Which of the few states the app is in; every screen follows from it.
import { signal } from "@preact/signals";
import type { Alarm, NodeInfo, OpenVault, RecoveryDraft } from "../../vault/index.ts";

export type Phase =
  | { name: "starting" }
  | { name: "unreachable"; sentence: string }
  /** Passkeys cannot work at this address or in this browser. */
  | { name: "blocked"; sentence: string; node: NodeInfo | null }
  /** No vault yet, and no set-up link. */
  | { name: "unclaimed" }
  /** `others`: this node already has a vault. */
  | { name: "setup"; token: string; others: boolean }
  | { name: "locked"; why: "locked" | "session over" | null }
  | { name: "recover" }
  | { name: "open"; vault: OpenVault }
  | { name: "alarm"; alarm: Alarm };

export const phase = signal<Phase>({ name: "starting" });

/** Counts changes of the open vault; whoever shows something of it reads this. */
export const revision = signal(0);

/** A recovery code that was made and not yet typed back. */
export const recoveryDraft = signal<RecoveryDraft | null>(null);

/** Shows the alarm instead of everything else. It cannot be closed, only left by a reload. */
export function raise(alarm: Alarm): void {
  phase.value = { name: "alarm", alarm };
}

/** The open vault. Only components below the open phase may ask. */
export function vault(): OpenVault {
  const now = phase.value;
  if (now.name !== "open") throw new Error("no vault is open");
  return now.vault;
}

/** True while losing one way in would lock the owner out. */
export const onlyWay = signal(false);

/** True while somebody's recovery runs. */
export const recoveryPending = signal(false);
