// What needs the owner: agents that answered an invitation, and a recovery that somebody began.
import { signal } from "@preact/signals";
import { Alarm } from "../../vault/index.ts";
import { isPresent } from "./presence.ts";
import { onlyWay, phase, raise, recoveryPending } from "./phase.ts";

const LOOK_MS = 30_000;

/** Agents whose keys wait to be verified, and agents that are locked. */
export const waitingAgents = signal(0);

/** Names of agents by id, as far as they were looked up. */
export const agentNames = signal<ReadonlyMap<string, string>>(new Map());

/** Names of the ways in by id, as far as they were looked up. */
export const wayNames = signal<ReadonlyMap<string, string>>(new Map());

/** Looks now and then, while somebody is there. A failure is no news: the next look may work. */
export function watchAgents(): () => void {
  const look = async (): Promise<void> => {
    const now = phase.peek();
    if (now.name !== "open") return;
    const [agents, ways] = await Promise.all([now.vault.agents.list(), now.vault.ways.list()]);
    waitingAgents.value = agents.filter((agent) => agent.state === "answered" || agent.seen?.locked === true).length;
    agentNames.value = new Map(agents.map((agent) => [agent.id, agent.name]));
    wayNames.value = new Map(ways.list.map((way) => [way.id, way.name]));
    onlyWay.value = !ways.safe;
    recoveryPending.value = ways.recoveryPendingUntilMs !== null;
  };
  const safely = (): void =>
    void look().catch((failure: unknown) => {
      if (failure instanceof Alarm) raise(failure);
    });
  safely();
  const timer = setInterval(() => {
    if (isPresent()) safely();
  }, LOOK_MS);
  return () => clearInterval(timer);
}
