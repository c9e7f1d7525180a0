// The audit log as the owner reads it: every line is decoded from bytes whose place in the signed tree was checked, and from nothing beside them.
import { type Bytes, equal, toHex } from "../crypto/bytes.ts";
import { decodeEvent, type LogEvent } from "../crypto/event.ts";
import { Frontier, isPower, leafHash } from "../crypto/merkle.ts";
import { demand } from "../crypto/refused.ts";
import { BadDraft } from "./errors.ts";
import type { Activity } from "./index.ts";
import type { Head } from "./log.ts";
import { blob, count, list, object } from "./read.ts";
import type { Session } from "./session.ts";
import type { EntryStore } from "./store.ts";
import type { ActivityEvent, ActivityPage, LogProof } from "./types.ts";
import type { AuditPage, Checkpoint } from "./wire.ts";

const pageEvents = 200;
const proofPageEvents = 1000;

/** Where a page begins that ends before `end`. Not at a power of two, so that the proof of the rest contains all that came before. */
function startOf(end: number): number {
  const start = Math.max(0, end - pageEvents);
  if (start <= 2) return 0;
  return isPower(start) ? start - 1 : start;
}

export class VaultActivity implements Activity {
  /** Trees that were proved to be beginnings of the log: each page hangs on the one after it. */
  readonly #proved = new Map<number, Bytes>();

  constructor(private readonly session: Session, private readonly store: EntryStore) {}

  /** Events as bytes, oldest first, from `start` to before `end`. */
  async #bytes(start: number, end: number): Promise<Bytes[]> {
    const query = `before=${end}&limit=${end - start}`;
    const page = object<AuditPage>(await this.session.parts.transport.send("GET", `/v1/audit?${query}`), "events", "size");
    demand(count(page.size) >= end, "merkle", "the log is shorter than it was");
    const events = list(page.events).map((event) => blob(event.bytes));
    demand(events.length === end - start, "merkle", "an event is missing");
    return events.reverse();
  }

  #read(bytes: Bytes, seq: number): LogEvent {
    const event = decodeEvent(bytes);
    demand(event.seq === seq && event.vault === this.session.vaultId, "merkle", "an event of another place");
    return event;
  }

  /** What the tree consists of before `start`, as the node says; whether it is so, the root tells. */
  async #before(start: number): Promise<Frontier> {
    if (start === 0) return new Frontier();
    const asked = await this.session.parts.transport.send("GET", `/v1/audit/checkpoint?from=${start}`);
    const { size } = this.session.head;
    const answer = object<Checkpoint>(asked, "checkpoint", "consistency");
    const proof = list(answer.consistency).map(blob);
    return Frontier.ofProof(start, Math.max(size, sizeOf(answer)), proof);
  }

  async #page({ size, root }: Head): Promise<{ events: LogEvent[]; start: number }> {
    const start = startOf(size);
    if (size === 0) return { events: [], start };
    const [bytes, tree] = await Promise.all([this.#bytes(start, size), this.#before(start)]);
    const beginning = tree.root();
    for (const event of bytes) tree.append(leafHash(event));
    demand(equal(tree.root(), root), "merkle", "the events are not those that were signed");
    this.#proved.set(start, beginning);
    return { events: bytes.map((event, at) => this.#read(event, start + at)).reverse(), start };
  }

  #view(event: LogEvent): ActivityEvent {
    const { seq, timeMs, actorKind, actorId, action, outcome, entryId, fieldId, tier, detail } = event;
    const entry = entryId === null ? undefined : this.store.get(entryId)?.view;
    const field = entry?.fields.find((one) => one.id === fieldId);
    return {
      seq, atMs: timeMs, actorKind, actorId, actor: this.#actor(event), action, outcome, entryId, entryTitle: entry?.title ?? null, fieldId,
      fieldLabel: field?.label ?? null, tier, detail,
    };
  }

  #actor({ actorKind, actorId }: LogEvent): string {
    if (actorKind === "person") return "You";
    if (actorKind === "node") return "This server";
    if (actorKind === "anonymous") return "Somebody";
    return this.session.names.agents[actorId ?? ""] ?? "An agent without a name";
  }

  page(before?: number): Promise<ActivityPage> {
    return this.session.run(async () => {
      const head = before === undefined ? await this.session.advanceLog() : { size: before, root: this.#rootAt(before) };
      const { events, start } = await this.#page(head);
      return { events: events.map((event) => this.#view(event)), next: start > 0 ? start : null, size: this.session.head.size };
    });
  }

  #rootAt(size: number): Bytes {
    const root = this.#proved.get(size);
    if (root === undefined) throw new BadDraft("Load the newest events first.");
    return root;
  }

  verify(): Promise<LogProof> {
    return this.session.run(async () => {
      const sinceSize = this.session.head.size;
      const head = await this.session.advanceLog();
      const tree = new Frontier();
      for (let from = 0; from < head.size; from += proofPageEvents) {
        const bytes = await this.#bytes(from, Math.min(head.size, from + proofPageEvents));
        bytes.forEach((event, at) => {
          this.#read(event, from + at);
          tree.append(leafHash(event));
        });
      }
      demand(equal(tree.root(), head.root), "merkle", "the events are not those that were signed");
      return { size: head.size, root: toHex(head.root), sinceSize };
    });
  }
}

/** The size that a checkpoint names; it only says how long the proof is, and the root decides. */
function sizeOf({ checkpoint }: Checkpoint): number {
  return count(Number(String(checkpoint).split("\n")[1]));
}
