// Believing an entry's header: its signature, its place in the chain, what this browser has seen before, and what its author may do.
import { equal } from "../crypto/bytes.ts";
import { checkHeaderFollows, Deleted, type Header, readHeader, type SignedHeader } from "../crypto/header.ts";
import { zeroId } from "../crypto/ids.ts";
import { AgentKind, Capability, type ManifestAgent } from "../crypto/manifest.ts";
import { demand } from "../crypto/refused.ts";
import { PublicKey } from "../crypto/sign.ts";
import { checkAgainst, type EntryPin, SessionPins, type StoredPins } from "./pins.ts";
import { blob, list, object } from "./read.ts";
import type { Session } from "./session.ts";
import type { EntryDetail, EntryHistory } from "./wire.ts";

/** The node's history of an entry, whole. */
export async function fetchHistory(session: Session, entry: string): Promise<readonly EntryDetail[]> {
  const answer = object<EntryHistory>(await session.parts.transport.send("GET", `/v1/entries/${entry}/history`), "versions");
  return list(answer.versions);
}

type ReadHeader = ReturnType<typeof readHeader>;

/** Headers of a history, newest first, each named by the one after it; the newest is `current`. Being named by an agent proves no author: see `proveAuthors`. */
export function readChain(entry: string, versions: readonly EntryDetail[], current: SignedHeader, pin: EntryPin | undefined): ReadHeader[] {
  const chain = versions.map((version) => readHeader(blob(version.header)));
  const [newest] = chain;
  demand(newest !== undefined && equal(newest.hash, current.hash), "chain", "history of another version");
  demand(chain.length === current.header.version, "chain", "versions are missing");
  chain.forEach((next, at) => {
    demand(next.header.entry === entry, "chain", "another entry");
    checkHeaderFollows(next.header, chain[at + 1]);
    if (pin?.version === next.header.version) demand(equal(pin.hash, next.hash), "pin", "another past than the one seen");
  });
  return chain;
}

/** Whether these terms let the agent write the entry. */
export function mayWrite(agent: ManifestAgent | undefined, header: Header): boolean {
  const held = new Set([zeroId, ...header.scopes]);
  return agent?.scopes.some((scope) => held.has(scope.id) && (scope.capabilities & Capability.write) !== 0) === true;
}

/** Accepts headers for one session. */
export class Acceptor {
  readonly #keys = new Map<string, PublicKey>();
  readonly #raised = new Map<string, EntryPin>();
  #pins: Promise<SessionPins> | undefined;

  constructor(private readonly session: Session) {}

  /** `early`: the same, asked for before. */
  pins(early?: Promise<StoredPins>): Promise<SessionPins> {
    this.#pins ??= (early ?? this.session.parts.pins.entries(this.session.vaultId)).then(
      (stored) => new SessionPins(stored),
      (error: unknown) => {
        this.#pins = undefined;
        throw error;
      },
    );
    return this.#pins;
  }

  /** What was accepted since the last time, for the pin store. */
  takeRaised(): Map<string, EntryPin> {
    const raised = new Map(this.#raised);
    this.#raised.clear();
    return raised;
  }

  /** Notes a header that was made here and stored by the node. */
  async note({ header, hash }: SignedHeader): Promise<void> {
    (await this.pins()).set(header.entry, { version: header.version, hash });
  }

  #keyOf(author: string): PublicKey {
    if (author === zeroId) return this.session.usk;
    const agent = this.session.manifest.agents.find((one) => one.id === author);
    demand(agent !== undefined && agent.kind === AgentKind.enrolled && agent.ed25519.length === 32, "signature", "unknown author");
    const known = this.#keys.get(author);
    if (known && equal(known.bytes, agent.ed25519)) return known;
    const key = new PublicKey(agent.ed25519);
    this.#keys.set(author, key);
    return key;
  }

  /** Proves the header of the entry that was asked for. `before`: the version in memory, which saves asking for the history. */
  async accept(entry: string, signed: Uint8Array<ArrayBuffer>, before?: SignedHeader): Promise<SignedHeader> {
    const read = readHeader(signed);
    const { header, hash } = read;
    demand(header.vault === this.session.vaultId && header.entry === entry, "rule", "another entry");
    const pin = (await this.pins()).get(entry);
    if (checkAgainst(pin, header.version, hash, header.previous)) return read;
    if (this.#ahead(header)) await this.session.refresh();
    demand(header.vaultEpoch <= this.session.manifest.vaultEpoch, "rule", "vault epoch of the future");
    await this.#proveAuthor(read);
    await this.#acceptPast(read, pin, before);
    const raised = { version: header.version, hash };
    (await this.pins()).set(entry, raised);
    this.#raised.set(entry, raised);
    return read;
  }

  /** What an agent wrote, and whatever skips versions, is believed only with everything that lies between. */
  async #acceptPast(read: SignedHeader, pin: EntryPin | undefined, before: SignedHeader | undefined): Promise<void> {
    const { header } = read;
    const owner = header.author === zeroId;
    if (header.version === 1) return;
    if (owner && (pin === undefined || header.version === pin.version + 1 || header.deleted === Deleted.purged)) return;
    if (before && before.header.version + 1 === header.version) {
      checkHeaderFollows(header, before);
      return this.#checkWriter(header);
    }
    await this.proveAuthors(readChain(header.entry, await fetchHistory(this.session, header.entry), read, pin), pin, (version) => this.#checkWriter(version));
  }

  #proveAuthor({ header, body, signature }: ReadHeader): Promise<void> {
    return this.#keyOf(header.author).verify("header", this.session.vaultBytes, body, signature);
  }

  /** Every signature from the newest version down to the first of the owner, who vouches for what is older, or to the one that was seen before. */
  async proveAuthors(chain: readonly ReadHeader[], pin: EntryPin | undefined, check: (header: Header) => void = () => undefined): Promise<void> {
    for (const version of chain) {
      if (version.header.version === pin?.version) return;
      await this.#proveAuthor(version);
      if (version.header.author === zeroId) return;
      check(version.header);
    }
  }

  /** Written under a manifest that this browser has not seen yet, or not allowed by any. */
  #ahead(header: Header): boolean {
    return header.vaultEpoch > this.session.manifest.vaultEpoch || !this.#mayWrite(header);
  }

  #mayWrite(header: Header): boolean {
    if (header.author === zeroId) return true;
    return mayWrite(this.session.manifest.agents.find((one) => one.id === header.author), header);
  }

  #checkWriter(header: Header): void {
    demand(this.#mayWrite(header), "rule", "the author may not write this entry");
  }
}
