// A person takes a second or more to use a passkey. The browser uses it to do what the first rows will need with an entry that is made up here and thrown away:
// code is compiled, curves are found, and the real rows come sooner. Nothing of it is sent, stored or shown.
import { fromBase64, makeRandom, toBase64, wipe } from "../crypto/bytes.ts";
import { keepSecret } from "../crypto/derive.ts";
import { Deleted, type Header, readHeader, signHeader } from "../crypto/header.ts";
import { makeX25519, openWrap, unwrapKey, wrapInfo, wrapTo } from "../crypto/hpke.ts";
import { idBytes, makeId, zeroBytes16, zeroBytes32, zeroId } from "../crypto/ids.ts";
import { summaryKind } from "../crypto/kinds.ts";
import { Kind, open, RecordKey, seal } from "../crypto/record.ts";
import { sha256 } from "../crypto/hash.ts";
import { derivePublic, SigningKey } from "../crypto/sign.ts";
import { entryView, readSummary, writeSummary } from "./summary.ts";

/** As many turns as a first page has rows make the code warm; more change little. */
export const turnsMax = 24;

/** Ends after so many turns, or after the one in which `until` ended; returns how many there were. Fails silently: what does not work here says so when it matters. */
export async function warmUp(until: Promise<unknown>): Promise<number> {
  let over = false;
  let turns = 0;
  const end = (): void => void (over = true);
  until.then(end, end);
  try {
    for (const turn = await makeTurn(); turns < turnsMax && !over; turns++) await turn();
  } catch {
    // The person is told when the vault is to be opened.
  }
  return turns;
}

/** Opens one made-up entry as the list opens a real one. */
async function makeTurn(): Promise<() => Promise<void>> {
  const [vault, entry, seed] = [makeId(), makeId(), makeRandom(32)];
  const usk = await SigningKey.fromSeed(seed, await derivePublic(seed)).finally(() => wipe(seed));
  await wrapOnce();
  const at = { vault: idBytes(vault), entry: idBytes(entry), field: zeroBytes16, version: 1 };
  const grantKey = new RecordKey(Kind.grant1, 1, await keepSecret(makeRandom(32)));
  const entryKey = makeRandom(32);
  const grant = toBase64(await seal(grantKey, at, entryKey));
  const record = await seal(new RecordKey(Kind.tier1, 1, entryKey), at, writeSummary(sample()));
  wipe(entryKey);
  const signed = toBase64((await signHeader(headerOf(vault, entry, sha256(record)), usk)).signed);
  const sealed = toBase64(record);
  return async () => {
    const read = readHeader(bytes(signed));
    await usk.publicKey.verify("header", at.vault, read.body, read.signature);
    const key = await open(grantKey, at, bytes(grant));
    const summary = bytes(sealed);
    sha256(summary);
    entryView(read.header, readSummary(await open(new RecordKey(Kind.tier1, 1, key), at, summary)));
  };
}

async function wrapOnce(): Promise<void> {
  const { privateKey, publicKey } = await makeX25519();
  const info = wrapInfo("vmk", zeroBytes32);
  await openWrap(await unwrapKey(privateKey), info, await wrapTo(publicKey, info, zeroBytes32));
}

function bytes(text: string) {
  return fromBase64(text) ?? zeroBytes32;
}

function sample() {
  const fields = Array.from({ length: 3 }, (_, n) => ({ id: makeId(), kind: n === 0 ? "username" : "url", label: `Field ${n}`, value: "https://example.com/" }));
  return { title: "Example", kind: "login", folder: "", tags: [], favorite: false, archived: false, fields };
}

function headerOf(vault: string, entry: string, hash: ReturnType<typeof sha256>): Header {
  const fields = [{ id: zeroId, kind: summaryKind, tier: 1 as const, version: 1, hash }];
  return {
    vault, entry, version: 1, previous: zeroBytes32, ekEpoch: 1, vaultEpoch: 1, fields, destinations: ["https://example.com"], policy: 0, scopes: [],
    deleted: Deleted.live, author: zeroId, hlcMs: 0,
  };
}
