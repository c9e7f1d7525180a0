// Two heads are brought into one log, also while somebody writes to it; two logs are never taken for one.
import { describe, expect, it } from "vitest";
import { type Bytes, makeRandom, toBase64 } from "../crypto/bytes.ts";
import { logOrigin, signCheckpoint } from "../crypto/checkpoint.ts";
import { makeId } from "../crypto/ids.ts";
import { leafHash, proveConsistency, rootOf } from "../crypto/merkle.ts";
import { derivePublic, SigningKey } from "../crypto/sign.ts";
import { Refusal } from "./errors.ts";
import { askGrown, type Head, join } from "./log.ts";
import type { Transport } from "./transport.ts";

const vault = makeId();

function leaves(count: number): Bytes[] {
  return Array.from({ length: count }, () => leafHash(makeRandom(8)));
}

function headOf(log: readonly Bytes[], size: number): Head {
  return { size, root: rootOf(log.slice(0, size)) };
}

/** A node whose answers come from these logs, one after the other, each as long as it says; the last one for ever. */
async function nodeOf(answers: readonly (readonly Bytes[])[]): Promise<{ transport: Transport; key: Bytes; asked: number[] }> {
  const seed = makeRandom(32);
  const signer = await SigningKey.fromSeed(seed, await derivePublic(seed));
  const asked: number[] = [];
  const send = async (_: string, path: string): Promise<unknown> => {
    const from = Number(new URLSearchParams(path.split("?")[1]).get("from"));
    const log = answers[Math.min(asked.length, answers.length - 1)] ?? [];
    asked.push(from);
    const checkpoint = await signCheckpoint({ origin: logOrigin(vault), size: log.length, root: rootOf(log) }, signer);
    return { checkpoint, consistency: proveConsistency(log, from).map(toBase64) };
  };
  return { transport: { send } as Transport, key: signer.publicKey.bytes, asked };
}

describe("joining two heads", () => {
  const log = leaves(40);
  const grown = (size: number) => log.slice(0, size);

  it("asks nothing more where the question was asked before and nobody wrote in between", async () => {
    const { transport, key, asked } = await nodeOf([grown(12)]);
    const early = askGrown(transport, 10);
    expect(await join(transport, vault, key, headOf(log, 12), headOf(log, 10), early)).toEqual(headOf(log, 12));
    expect(asked).toEqual([10]);
  });

  it("follows a log that grows while it is asked, whichever answer came first", async () => {
    const later = await nodeOf([grown(14), grown(17), grown(17)]);
    expect(await join(later.transport, vault, later.key, headOf(log, 12), headOf(log, 10))).toEqual(headOf(log, 17));
    expect(later.asked).toEqual([10, 12, 14]);
    const before = await nodeOf([grown(11), grown(13), grown(13)]);
    expect(await join(before.transport, vault, before.key, headOf(log, 13), headOf(log, 10))).toEqual(headOf(log, 13));
    expect(before.asked).toEqual([10, 11]);
  });

  it("refuses another log, also one that hides behind having grown", async () => {
    const fork = [...grown(11), ...leaves(9)];
    const twoOfOneSize = await nodeOf([grown(14)]);
    await expect(join(twoOfOneSize.transport, vault, twoOfOneSize.key, headOf(fork, 14), headOf(log, 12))).rejects.toMatchObject({ layer: "merkle" });
    const hidden = await nodeOf([grown(14), fork.slice(0, 16), fork.slice(0, 16)]);
    await expect(join(hidden.transport, vault, hidden.key, headOf(fork, 13), headOf(log, 12))).rejects.toMatchObject({ layer: "merkle" });
  });

  it("gives up without an alarm when the log never stands still", async () => {
    const busy = await nodeOf(Array.from({ length: 20 }, (_, n) => grown(14 + n)));
    await expect(join(busy.transport, vault, busy.key, headOf(log, 12), headOf(log, 10))).rejects.toBeInstanceOf(Refusal);
  });
});
