// Which events are shown, and what they say.
import type { ActivityEvent } from "../../vault/index.ts";
import { actions, attempts, reasons } from "../words/en/actions.ts";

export interface ActivityFilter {
  who: "everyone" | "people" | "agents" | "others";
  outcome: "all" | "refused";
  text: string;
}

const groups: Record<string, ActivityFilter["who"]> = { person: "people", agent: "agents", hosted: "agents" };

/** Whether an event passes the filter. */
export function matches(event: ActivityEvent, filter: ActivityFilter): boolean {
  if (filter.who !== "everyone" && (groups[event.actorKind] ?? "others") !== filter.who) return false;
  if (filter.outcome === "refused" && event.outcome === "ok") return false;
  const text = filter.text.trim().toLowerCase();
  if (text === "") return true;
  return [event.actor, sentence(event), event.entryTitle, event.fieldLabel, event.detail, refusal(event)].some((part) =>
    part?.toLowerCase().includes(text),
  );
}

/** What was done, or only tried, in words; an action without words shows its own name. */
export function sentence({ action, outcome }: ActivityEvent): string {
  return (outcome === "ok" ? undefined : attempts[action]) ?? actions[action] ?? action;
}

/** Why it was refused, in words; null when it was done. */
export function refusal({ outcome }: ActivityEvent): string | null {
  return outcome === "ok" ? null : (reasons[outcome] ?? outcome.replace(/_/g, " "));
}

/** The mode of a release and the reason the agent gave: the log keeps them as `use: reason`. */
export function reasonOf(event: ActivityEvent): { mode: "use" | "totp" | "reveal" | "write" | null; text: string } {
  const found = event.action.startsWith("field.") ? /^(use|totp|reveal|write)(?:: ?([^]*))?$/.exec(event.detail ?? "") : null;
  if (found === null) return { mode: null, text: event.detail ?? "" };
  return { mode: found[1] as "use" | "totp" | "reveal" | "write", text: found[2] ?? "" };
}
