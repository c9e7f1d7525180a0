// "Node suspected" (docs/FORMAT.md section 11): every hosted token ends, and every scope a token opened gets new keys, in one change.
import { AgentKind, type Manifest, type ManifestAgent } from "../crypto/manifest.ts";
import { zeroId } from "../crypto/ids.ts";
import { Conflict } from "./errors.ts";
import { rotateScopes } from "./rotate.ts";
import type { EntryStore } from "./store.ts";
import type { Work } from "./types.ts";

/** The agents that have only a token: a node that was not honest may keep the first-tier key each of them brought. */
export function hostedAgents(manifest: Manifest): ManifestAgent[] {
  return manifest.agents.filter((agent) => agent.kind === AgentKind.hosted);
}

/** The scopes whose first-tier key such a node may have kept. */
export function scopesOf(agents: readonly ManifestAgent[]): string[] {
  return [...new Set(agents.flatMap((agent) => agent.scopes.map((scope) => scope.id)))];
}

/** How many entries are held by one of the scopes. */
export function countHeld(store: EntryStore, scopes: readonly string[]): number {
  const inside = (held: readonly string[]) => scopes.includes(zeroId) || held.some((scope) => scopes.includes(scope));
  return [...store.all()].filter(({ view }) => inside(view.scopes)).length;
}

/** Ends every hosted agent and rotates what they had. Without any there is nothing that the node could have kept, and nothing is changed. */
export async function endHostedTokens(store: EntryStore, work: Work): Promise<void> {
  const { session } = store;
  await session.refresh();
  const scopes = scopesOf(hostedAgents(session.manifest));
  if (scopes.length === 0) return;
  const edit = (next: Manifest) => {
    // Another browser made a token meanwhile: its scopes are not among those that rotate here.
    if (scopesOf(hostedAgents(next)).some((scope) => !scopes.includes(scope))) throw new Conflict(null);
    next.agents = next.agents.filter((agent) => agent.kind !== AgentKind.hosted);
  };
  await rotateScopes(store, { scopes, edit }, work);
}
