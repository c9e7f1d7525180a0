// A vault in use, for the tests that look for its secrets where none may be: an owner, entries of every tier, an enrolled agent and a hosted one.
import type { Browser } from "playwright-core";
import { parseCode } from "../../crypto/code.ts";
import { parseEnrol } from "../../crypto/token.ts";
import { t } from "../../pages/words/index.ts";
import { AgentMachine } from "./agent.ts";
import { Device, type Key } from "./browser.ts";
import { type Needle, text } from "./needles.ts";
import { Node } from "./node.ts";
import { type Kit, Person } from "./person.ts";
import { codeSecrets, enrolSecrets, takeSecrets } from "./secrets.ts";

/** Values that were typed in; each is told by its tier. */
export const values = { hosted: "tier-one-Juniper-70413", agents: "tier-two-Cobalt-58826", me: "tier-three-Quartz-93057", note: "tier-three-note-Marsh-11274" } as const;
export const entryTitle = "Every tier Halibut-36601";

/** Everything a test needs of it. */
export interface World {
  node: Node;
  device: Device;
  person: Person;
  key: Key;
  kit: Kit;
  agent: AgentMachine;
  enrolment: string;
}

/** Makes a vault from the set-up link to an agent that has used a value. */
export async function makeWorld(browser: Browser): Promise<World> {
  const node = await Node.start();
  const device = await Device.open(browser, node.origin);
  const person = new Person(device.page);
  const key = await device.plug("internal");
  await person.makeVault(node.setupLink, { vault: "Searched", passkey: "This device" });
  const kit = await person.copyKit();
  await person.press(t.screens.setup.kit.next);
  await person.typeKitBack(kit);
  await person.press(t.screens.setup.second.later);
  await person.press(t.screens.setup.finished.open);
  await person.makeScope("Searched scope");
  const { username, password, note } = t.kinds.field;
  await person.createEntry("login", entryTitle, {
    [username]: { value: "somebody@example.com" },
    [password]: { value: values.agents },
    [note]: { value: values.note, tier: 3 },
  }, ["Searched scope"]);
  await person.createEntry("login", "Hosted one", { [password]: { value: values.hosted, tier: 1 } }, ["Searched scope"]);
  await person.createEntry("login", "Mine alone", { [password]: { value: values.me, tier: 3 } }, ["Searched scope"]);

  const agent = new AgentMachine();
  const enrolment = await person.inviteAgent({ name: "Searched agent", scope: "Searched scope" });
  const enrolled = await agent.run("agent", "enroll", enrolment);
  if (enrolled.code !== 0) throw new Error(`enrolment: ${enrolled.err}`);
  await person.confirmsAgent("Searched agent");
  await person.lock();
  await person.unlock();
  const reference = `clv://-/${encodeURIComponent(entryTitle)}/${encodeURIComponent(password)}`;
  const ran = await agent.run("agent", "run", "--no-mask", "--env", `SECRET=${reference}`, "--", "printenv", "SECRET");
  if (ran.out.trim() !== values.agents) throw new Error(`run: ${ran.code} ${ran.err}`);
  return { node, device, person, key, kit, agent, enrolment };
}

/** Everything that may be in the browser, on paper or on the agent's machine, and nowhere else. */
export async function secretsOf(world: World): Promise<{ needles: Needle[]; vaultId: string }> {
  const { needles, vaultId } = await takeSecrets(world.device.page);
  needles.push(...(await codeSecrets(parseCode(world.kit.code), vaultId)));
  needles.push(...(await enrolSecrets(parseEnrol(world.enrolment).secret, vaultId)));
  needles.push(text("recovery code as printed", world.kit.code), text("title", entryTitle));
  needles.push(...Object.entries(values).map(([tier, value]) => text(`value for ${tier}`, value)));
  return { needles, vaultId };
}

/** Ends everything. */
export async function endWorld(world: World): Promise<void> {
  await world.device.context.close();
  await world.node.stop();
  world.agent.remove();
}
