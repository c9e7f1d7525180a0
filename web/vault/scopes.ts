// The scopes: named sets of entries that agents can be given.
import { makeId, zeroId } from "../crypto/ids.ts";
import type { VaultEntries } from "./entries.ts";
import { BadDraft } from "./errors.ts";
import type { Scopes } from "./index.ts";
import type { Session } from "./session.ts";
import type { EntryStore } from "./store.ts";
import type { Scope } from "./types.ts";

export class VaultScopes implements Scopes {
  constructor(private readonly session: Session, private readonly store: EntryStore, private readonly entries: VaultEntries) {}

  #view(id: string): Scope {
    const whole = id === zeroId;
    const live = [...this.store.all()].filter(({ view }) => !view.trashed && (whole || view.scopes.includes(id)));
    return { id, whole, name: whole ? "The whole vault" : (this.session.names.scopes[id] ?? "A scope without a name"), entries: live.length };
  }

  list(): Scope[] {
    return this.session.manifest.scopes.map((scope) => this.#view(scope.id));
  }

  create(name: string): Promise<Scope> {
    return this.session.change(async () => {
      const id = makeId();
      await this.session.fresh();
      await this.session.changeManifest(async (names) => {
        names.scopes[id] = name;
        return { names: true, edit: (next) => void next.scopes.push({ id, epoch: 1, ekEpochMin: 1 }) };
      });
      return this.#view(id);
    });
  }

  /** Its entries leave it first, in pieces, each with new entry keys; then the manifest drops it. Cut off in between, it is begun again. */
  remove(id: string): Promise<void> {
    return this.session.change(async () => {
      const { session } = this;
      if (id === zeroId) throw new BadDraft("The whole vault always exists.");
      const left = session.manifest.agents.find((agent) => agent.scopes.length === 1 && agent.scopes[0]?.id === id);
      if (left) throw new BadDraft(`"${session.names.agents[left.id] ?? "An agent"}" has only this scope. Revoke it or give it another one first.`);
      await this.store.load();
      const inside = [...this.store.all()].filter(({ view }) => view.scopes.includes(id)).map(({ view }) => view.id);
      await this.entries.putIntoScopes(inside, (entry) => entry.scopes.filter((scope) => scope !== id));
      await session.fresh();
      await session.changeManifest(async (names) => {
        delete names.scopes[id];
        return {
          names: true,
          edit: (next) => {
            next.scopes = next.scopes.filter((scope) => scope.id !== id);
            for (const agent of next.agents) agent.scopes = agent.scopes.filter((scope) => scope.id !== id);
          },
        };
      });
    });
  }
}
