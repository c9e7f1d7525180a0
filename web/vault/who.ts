// "Who can open this, and by which path": the plain answer, from the signed manifest and the signed header alone.
import type { Header } from "../crypto/header.ts";
import { zeroId } from "../crypto/ids.ts";
import type { Tier } from "../crypto/kinds.ts";
import { AgentKind, AgentState, Capability, type Manifest, type ManifestAgent } from "../crypto/manifest.ts";
import { tierWord } from "./draft.ts";
import type { Names } from "./names.ts";
import type { OpenPath, WhoCanOpen } from "./types.ts";

function sharedScope(agent: ManifestAgent, header: Header): { id: string; capabilities: number } | undefined {
  const held = agent.scopes.filter((scope) => scope.id === zeroId || header.scopes.includes(scope.id));
  const [first] = held;
  return first && { id: first.id, capabilities: held.reduce((sum, scope) => sum | scope.capabilities, 0) };
}

function abilities(capabilities: number): string {
  const words = [
    [Capability.use, "use it in a program"], [Capability.totp, "get one-time codes"], [Capability.reveal, "read it"], [Capability.write, "change it"],
  ] as const;
  const may = words.filter(([bit]) => (capabilities & bit) !== 0).map(([, word]) => word);
  return may.length === 0 ? "nothing for now" : may.join(", ");
}

function agentPath(agent: ManifestAgent, header: Header, tier: Tier, names: Names, nowMs: number): OpenPath | undefined {
  const shared = sharedScope(agent, header);
  const over = agent.notAfterS * 1000 <= nowMs || agent.state !== AgentState.active;
  if (shared === undefined || over) return undefined;
  const hosted = agent.kind === AgentKind.hosted;
  if (tier === 3 || (hosted && tier === 2)) return undefined;
  const name = names.agents[agent.id] ?? "An agent without a name";
  const scope = shared.id === zeroId ? "the whole vault" : `"${names.scopes[shared.id] ?? "a scope"}"`;
  const where = hosted ? "through this server, with its token" : "on its own machine, with its own key";
  return { who: hosted ? "hosted agent" : "agent", agentId: agent.id, name, path: `Has ${scope}; opens it ${where}. May ${abilities(shared.capabilities)}.` };
}

const sentences: Record<Tier, string> = {
  1: "You, agents that have it in scope, and this server for the length of a request in which a hosted agent brings the key.",
  2: "You, and enrolled agents that have it in scope, on their own machines. This server cannot.",
  3: "Only you, in a browser, after your passkey. No agent and no server, ever.",
};

/** The answer for a field of this tier. */
export function whoCanOpen(manifest: Manifest, names: Names, header: Header, tier: Tier, nowMs: number): WhoCanOpen {
  const you: OpenPath = { who: "you", name: "You", path: "In a browser, after one of your passkeys or the recovery code." };
  const agents = manifest.agents.map((agent) => agentPath(agent, header, tier, names, nowMs)).filter((path) => path !== undefined);
  const node: OpenPath[] = agents.some((path) => path.who === "hosted agent")
    ? [{ who: "node", name: "This server", path: "Only inside a request of a hosted agent, and not afterwards." }]
    : [];
  return { tier, word: tierWord(tier), sentence: sentences[tier], paths: [you, ...agents, ...node] };
}
