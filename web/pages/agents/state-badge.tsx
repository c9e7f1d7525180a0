// What an agent's state is, in a word.
import type { JSX } from "preact";
import type { Agent } from "../../vault/index.ts";
import { t } from "../words/index.ts";

/** The state that matters most: a lock before a pause, a pause before what the manifest says. */
export function stateOf(agent: Agent, nowMs: number): keyof typeof t.agents.states {
  if (agent.seen?.locked === true) return "locked";
  if (agent.state === "active" && agent.notAfterS * 1000 <= nowMs) return "over";
  if (agent.state === "active" && (agent.seen?.coolingUntilMs ?? 0) > nowMs) return "cooling";
  return agent.state;
}

const looks: Record<keyof typeof t.agents.states, string> = {
  active: "good",
  suspended: "warn",
  invited: "",
  answered: "warn",
  expired: "",
  locked: "bad",
  cooling: "warn",
  over: "",
};

export function StateBadge({ agent }: { agent: Agent }): JSX.Element {
  const state = stateOf(agent, Date.now());
  return <span class={`badge ${looks[state]}`}>{t.agents.states[state]}</span>;
}
