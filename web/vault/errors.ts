// The ways in which the client says no. Each message is one sentence for a person.
import type { ErrorBody } from "./wire.ts";

/**
 * The node gave something that does not hold. There is one sentence for every case, so that nothing can be learnt from which check failed;
 * `reason` is for the local incident list and tests, and never leaves the browser.
 * After an alarm the vault is closed: nothing is opened or sealed again.
 */
export class Alarm extends Error {
  static readonly sentence =
    "Stop: this server gave something that your vault did not make. Nothing was opened or changed. Do not go on here before you know why.";
  override readonly name = "Alarm";
  constructor(readonly reason: string) {
    super(Alarm.sentence);
  }
}

/** Somebody wrote the entry or the settings in between; load again and repeat the change. */
export class Conflict extends Error {
  override readonly name = "Conflict";
  constructor(readonly currentVersion: number | null) {
    super("This was changed somewhere else in the meantime. Load it again, then repeat your change.");
  }
}

/** The node refused a request; `body.code` says why. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  constructor(readonly status: number, readonly body: ErrorBody) {
    super(body.message);
  }
}

/** Why a passkey cannot be used. */
export type PasskeyTrouble = "unsupported" | "cancelled" | "no prf" | "unstable prf" | "differs" | "wrong vault" | "insecure";

/** A passkey could not be made or used. */
export class PasskeyProblem extends Error {
  override readonly name = "PasskeyProblem";
  constructor(readonly trouble: PasskeyTrouble, sentence: string) {
    super(sentence);
  }
}

/** A draft cannot be stored as it is; the sentence says why. Nothing was sent. */
export class BadDraft extends Error {
  override readonly name = "BadDraft";
}

/** A typed code is not one, or not this one. */
export class BadCode extends Error {
  override readonly name = "BadCode";
  constructor() {
    super("This is not the code. Compare it letter by letter with the printed one.");
  }
}

/** The vault is locked; unlock it again. */
export class Locked extends Error {
  override readonly name = "Locked";
  constructor() {
    super("The vault is locked.");
  }
}
