// What a failure is in words. An alarm is never just words: it takes the whole page.
import { Alarm, BadCode, BadDraft, Conflict, Locked, PasskeyProblem, Refusal } from "../../vault/index.ts";
import { t } from "../words/index.ts";
import { raise } from "./phase.ts";

/** One or two sentences for a person. Raises the alarm screen for an `Alarm`. */
export function explain(failure: unknown): string {
  if (failure instanceof Alarm) {
    raise(failure);
    return failure.message;
  }
  if (failure instanceof Refusal) {
    const { message, remedy } = failure.body;
    return remedy === undefined || remedy === null ? message : `${message} ${remedy}`;
  }
  if (
    failure instanceof PasskeyProblem ||
    failure instanceof Conflict ||
    failure instanceof BadCode ||
    failure instanceof BadDraft ||
    failure instanceof Locked
  )
    return failure.message;
  if (failure instanceof DOMException && failure.name === "AbortError") return t.common.stopped;
  if (failure instanceof Error && failure.name === "ImportError") return failure.message;
  console.error(failure);
  return t.common.unexpected;
}
