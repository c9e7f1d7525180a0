// The audit log as the owner reads it: gapless pages, and proof that the whole of it is what the node has signed.
import { type Bytes, equal, toHex } from "../crypto/bytes.ts";
import { leafHash, rootOf } from "../crypto/merkle.ts";
import { demand } from "../crypto/refused.ts";
import type { Activity } from "./index.ts";
import { blob, count, list, object } from "./read.ts";
import type { Session } from "./session.ts";
import type { EntryStore } from "./store.ts";
import type { ActivityEvent, ActivityPage, LogProof } from "./types.ts";
import type { AuditEvent, AuditPage } from "./wire.ts";

const pageEvents = 200;
const proofPageEvents = 1000;

export class VaultActivity implements Activity {
  constructor(private readonly session: Session, private readonly store: EntryStore) {}

  async #page(before: number | undefined, limit: number): Promise<AuditPage> {
    const query = before === undefined ? `limit=${limit}` : `before=${before}&limit=${limit}`;
    const page = object<AuditPage>(await this.session.parts.transport.send("GET", `/v1/audit?${query}`), "events", "size");
    demand(count(page.size) >= this.session.head.size, "merkle", "the log is shorter than it was");
    const newest = before ?? page.size;
    list(page.events).forEach((event, at) => demand(event.seq === newest - 1 - at, "merkle", "an event is missing"));
    return page;
  }

  #view(event: AuditEvent): ActivityEvent {
    const entry = event.entry_id == null ? undefined : this.store.get(event.entry_id)?.view;
    const field = entry?.fields.find((one) => one.id === event.field_id);
    return {
      seq: event.seq, atMs: event.time_ms, actorKind: event.actor_kind, actorId: event.actor_id ?? null, actor: this.#actor(event),
      action: event.action, outcome: event.outcome, entryId: event.entry_id ?? null, entryTitle: entry?.title ?? null,
      fieldId: event.field_id ?? null, fieldLabel: field?.label ?? null,
      tier: event.tier === 1 || event.tier === 2 || event.tier === 3 ? event.tier : null, detail: event.detail ?? null,
    };
  }

  #actor({ actor_kind, actor_id }: AuditEvent): string {
    if (actor_kind === "person") return "You";
    if (actor_kind === "node") return "This server";
    if (actor_kind === "anonymous") return "Somebody";
    return this.session.names.agents[actor_id ?? ""] ?? "An agent without a name";
  }

  page(before?: number): Promise<ActivityPage> {
    return this.session.run(async () => {
      const page = await this.#page(before, pageEvents);
      return { events: page.events.map((event) => this.#view(event)), next: page.next ?? null, size: page.size };
    });
  }

  verify(): Promise<LogProof> {
    return this.session.run(async () => {
      const sinceSize = this.session.head.size;
      const head = await this.session.advanceLog();
      const leaves: Bytes[] = new Array<Bytes>(head.size);
      for (let before = head.size; before > 0; ) {
        const { events } = await this.#page(before, proofPageEvents);
        demand(events.length > 0, "merkle", "an event is missing");
        for (const event of events) leaves[event.seq] = leafHash(blob(event.bytes));
        before -= events.length;
      }
      demand(equal(rootOf(leaves), head.root), "merkle", "the events are not those that were signed");
      return { size: head.size, root: toHex(head.root), sinceSize };
    });
  }
}
