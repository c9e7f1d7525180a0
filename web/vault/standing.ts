// How a session stands: until when it lives, what time the node has, and what the node says about itself. As the node said last, by this browser's clock.
import { demand } from "../crypto/refused.ts";
import { BadDraft } from "./errors.ts";
import { noticesOf } from "./notices.ts";
import { object } from "./read.ts";
import type { NodeNotice } from "./types.ts";
import type { SessionInfo } from "./wire.ts";

/** Steps that need a fresh passkey are begun only with this much of the freshness left. */
const freshMarginMs = 10_000;
/** The node's clock and this device's may be this far apart. */
const clocksApartMs = 86_400_000;

export class Standing {
  #info: SessionInfo;
  #seenAt: number;
  #answeredAt: number;

  constructor(private readonly vaultId: string, info: SessionInfo, private readonly now: () => number) {
    this.#info = info;
    this.#seenAt = now();
    this.#answeredAt = this.#seenAt;
  }

  /** Takes over what the node says of the session now. */
  hear(said: unknown): void {
    const info = object<SessionInfo>(said, "vault_id", "unlocker_id", "fresh_until_ms", "now_ms");
    demand(info.vault_id === this.vaultId, "rule", "another vault");
    this.#info = info;
    this.#seenAt = this.now();
  }

  /** The node answered something, which keeps the session alive. */
  answered(): void {
    this.#answeredAt = this.now();
  }

  /** When the node ends the session if nothing happens before. */
  get idleUntilMs(): number {
    const { idle_until_ms, ends_ms, now_ms } = this.#info;
    return Math.min(this.#answeredAt + (idle_until_ms - now_ms), this.#seenAt + (ends_ms - now_ms));
  }

  /** What the node says about itself. Nothing depends on it; what is not understood is left out. */
  get notices(): NodeNotice[] {
    return noticesOf(this.#info.notices);
  }

  /** Whether the passkey was used lately enough for a step that asks for it. */
  get fresh(): boolean {
    return this.#nodeNow() + freshMarginMs < this.#info.fresh_until_ms;
  }

  #nodeNow(): number {
    return this.#info.now_ms + (this.now() - this.#seenAt);
  }

  /** Now by the node's clock, never behind what was signed last. A time far from this device's own is not signed: nothing could ever be signed before it again. */
  hlc(least: number): number {
    const now = this.#nodeNow();
    const near = Math.abs(now - this.now()) <= clocksApartMs;
    if (!near) throw new BadDraft("The clocks of the server and of this device are more than a day apart. Nothing was changed. Set the clock that is wrong, then unlock again.");
    return Math.max(now, least);
  }
}
