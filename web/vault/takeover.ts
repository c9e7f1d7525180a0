// Agents may write so many versions of an entry in a row, and then its owner has to sign one. The owner's browser does it long before: nobody has to think of it.
import { zeroId } from "../crypto/ids.ts";
import { fetchHistory, readChain } from "./accept.ts";
import { signAgain } from "./sealing.ts";
import type { EntryStore, Held, Written } from "./store.ts";

/** The node refuses the version after 256 by agents in a row (docs/FORMAT.md section 12). */
export const agentRunMax = 128;
/** Entries looked at each time: each costs its history. */
const looksMax = 20;

/** How many versions agents wrote on top of the owner's last. */
async function agentRun(store: EntryStore, { view, signed }: Held): Promise<number> {
  const pin = (await store.acceptor.pins()).get(view.id);
  const chain = readChain(view.id, await fetchHistory(store.session, view.id), signed, pin);
  await store.acceptor.proveAuthors(chain, undefined);
  const own = chain.findIndex(({ header }) => header.author === zeroId);
  return own < 0 ? chain.length : own;
}

/** Signs what agents wrote many times in a row again, as the owner, exactly as it stands. */
export async function takeOverLongRuns(store: EntryStore): Promise<void> {
  const due = [...store.all()].filter(({ signed: { header } }) => header.author !== zeroId && header.version > agentRunMax).slice(0, looksMax);
  const written: Written[] = [];
  for (const held of due) {
    if ((await agentRun(store, held)) < agentRunMax) continue;
    written.push({ version: await signAgain(store.session, held.signed, held.signed.header.deleted), summary: held.summary });
  }
  if (written.length > 0) await store.write(written);
}
