// The Merkle tree of RFC 6962: leaf and node hashes, the root, and both proofs.
import { type Bytes, concat, equal } from "./bytes.ts";
import { sha256 } from "./hash.ts";
import { demand } from "./refused.ts";

const leafByte = Uint8Array.of(0);
const nodeByte = Uint8Array.of(1);

export function leafHash(data: Uint8Array): Bytes {
  return sha256(concat(leafByte, data));
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Bytes {
  return sha256(concat(nodeByte, left, right));
}

/** Largest power of two below `size`. */
function split(size: number): number {
  let half = 1;
  while (half * 2 < size) half *= 2;
  return half;
}

/** The root over leaf hashes; SHA-256 of nothing for an empty tree. */
export function rootOf(leaves: readonly Bytes[]): Bytes {
  const [first] = leaves;
  if (first === undefined) return sha256(new Uint8Array(0));
  if (leaves.length === 1) return first;
  const half = split(leaves.length);
  return nodeHash(rootOf(leaves.slice(0, half)), rootOf(leaves.slice(half)));
}

/** A consistency proof between the first `from` leaves and all of them, as a log makes it. */
export function proveConsistency(leaves: readonly Bytes[], from: number): Bytes[] {
  return from === 0 || from >= leaves.length ? [] : subProof(leaves, from, true);
}

function subProof(leaves: readonly Bytes[], from: number, complete: boolean): Bytes[] {
  if (from === leaves.length) return complete ? [] : [rootOf(leaves)];
  const half = split(leaves.length);
  if (from <= half) return [...subProof(leaves.slice(0, half), from, complete), rootOf(leaves.slice(half))];
  return [...subProof(leaves.slice(half), from - half, false), rootOf(leaves.slice(0, half))];
}

/** Complete subtrees that a tree is made of, the largest first: what is needed of its leaves to let it grow. */
export class Frontier {
  readonly #parts: { size: number; hash: Bytes }[] = [];

  /** The first `size` leaves of a log, from the proof that a larger tree grew from them. The size is not a power of two: such a tree is not in its own proof. */
  static ofProof(size: number, later: number, proof: readonly Bytes[]): Frontier {
    const frontier = new Frontier();
    if (size === 0) return frontier;
    demand(size < later && !isPower(size), "merkle", "size");
    let [at, last] = [size - 1, later - 1];
    while (!even(at)) [at, last] = [halve(at), halve(last)];
    const [first, ...rest] = proof;
    demand(first !== undefined && proof.every((part) => part.length === 32), "merkle", "length");
    const hashes = [first];
    for (const part of rest) {
      demand(last !== 0, "merkle", "length");
      if (!even(at) || at === last) {
        hashes.unshift(part);
        while (even(at) && at !== 0) [at, last] = [halve(at), halve(last)];
      }
      [at, last] = [halve(at), halve(last)];
    }
    const sizes = powersOf(size);
    demand(hashes.length === sizes.length, "merkle", "length");
    sizes.forEach((power, index) => frontier.#parts.push({ size: power, hash: hashes[index] as Bytes }));
    return frontier;
  }

  append(leaf: Bytes): void {
    let next = { size: 1, hash: leaf };
    for (let top = this.#parts.at(-1); top?.size === next.size; top = this.#parts.at(-1)) {
      this.#parts.pop();
      next = { size: top.size * 2, hash: nodeHash(top.hash, next.hash) };
    }
    this.#parts.push(next);
  }

  /** The root of the tree as it stands. */
  root(): Bytes {
    const hashes = this.#parts.map((part) => part.hash);
    const last = hashes.pop();
    return last === undefined ? rootOf([]) : hashes.reduceRight((right, left) => nodeHash(left, right), last);
  }
}

/** Whether a size is a power of two: its root is one complete subtree. */
export function isPower(size: number): boolean {
  return powersOf(size).length === 1;
}

/** The powers of two that make up a size, largest first. */
function powersOf(size: number): number[] {
  const powers: number[] = [];
  for (let power = 1, left = size; left > 0; power *= 2, left = halve(left)) if (!even(left)) powers.unshift(power);
  return powers;
}

const even = (value: number) => value % 2 === 0;
const halve = (value: number) => Math.floor(value / 2);

/** Refuses unless `leaf` stands at `index` of the tree with this root (RFC 9162 section 2.1.3.2). */
export function verifyInclusion(leaf: Bytes, index: number, size: number, root: Bytes, proof: readonly Bytes[]): void {
  demand(Number.isSafeInteger(index) && index >= 0 && index < size, "merkle", "index");
  let [at, last, hash] = [index, size - 1, leaf];
  for (const part of proof) {
    demand(last !== 0 && part.length === 32, "merkle", "length");
    if (!even(at) || at === last) {
      hash = nodeHash(part, hash);
      while (even(at) && at !== 0) [at, last] = [halve(at), halve(last)];
    } else {
      hash = nodeHash(hash, part);
    }
    [at, last] = [halve(at), halve(last)];
  }
  demand(last === 0 && equal(hash, root), "merkle", "root");
}

/** Refuses unless the tree of `size` grew from the tree of `from` (RFC 9162 section 2.1.4.2). */
export function verifyConsistency(from: number, fromRoot: Bytes, size: number, root: Bytes, proof: readonly Bytes[]): void {
  demand(from >= 0 && from <= size, "merkle", "log shrank");
  if (from === 0) return demand(proof.length === 0, "merkle", "length");
  if (from === size) return demand(proof.length === 0 && equal(fromRoot, root), "merkle", "root");
  let [at, last] = [from - 1, size - 1];
  while (!even(at)) [at, last] = [halve(at), halve(last)];
  const parts = at === 0 ? [fromRoot, ...proof] : [...proof];
  const [first, ...rest] = parts;
  demand(first !== undefined && parts.every((part) => part.length === 32), "merkle", "length");
  let [oldHash, newHash] = [first, first];
  for (const part of rest) {
    demand(last !== 0, "merkle", "length");
    if (!even(at) || at === last) {
      oldHash = nodeHash(part, oldHash);
      newHash = nodeHash(part, newHash);
      while (even(at) && at !== 0) [at, last] = [halve(at), halve(last)];
    } else {
      newHash = nodeHash(newHash, part);
    }
    [at, last] = [halve(at), halve(last)];
  }
  demand(last === 0 && equal(oldHash, fromRoot) && equal(newHash, root), "merkle", "root");
}
