// One person, their passkeys, their browsers and a node: what the tests of the vault client begin with.
import { createVaultClient, type EntryDraft, type OpenVault, type VaultClient } from "../index.ts";
import { MemoryPins } from "../pins.ts";
import { TestAuthenticator } from "./authenticator.ts";
import { TestNode } from "./node.ts";

export interface World {
  readonly node: TestNode;
  readonly authenticator: TestAuthenticator;
  readonly pins: MemoryPins;
  readonly client: VaultClient;
  clock: number;
}

export async function makeWorld(): Promise<World> {
  const authenticator = new TestAuthenticator();
  const pins = new MemoryPins();
  const world = { authenticator, pins, clock: 1_800_000_000_000 } as World & { node: TestNode; client: VaultClient };
  const now = () => world.clock;
  world.node = await TestNode.make(now);
  world.client = createVaultClient({ transport: world.node, pins, authenticator, now });
  return world;
}

/** Another browser of the same person, with pins of its own. */
export function secondBrowser(world: World): { client: VaultClient; pins: MemoryPins } {
  const pins = new MemoryPins();
  return { pins, client: createVaultClient({ transport: world.node, pins, authenticator: world.authenticator, now: () => world.clock }) };
}

export const setup = { setupToken: "t", vaultName: "Home", passkeyName: "Laptop" };

/** A login with a tier-2 password, and a card number only the owner may open. */
export function login(title: string, more: Partial<EntryDraft> = {}): EntryDraft {
  return {
    title,
    kind: "login",
    destinations: [`https://${title.toLowerCase()}.example`],
    fields: [
      { kind: "username", label: "User name", value: `user-of-${title}` },
      { kind: "password", label: "Password", value: `password-of-${title}` },
      { kind: "card_number", label: "Card", value: `4111-${title}` },
    ],
    ...more,
  };
}

export interface Full extends World {
  readonly vault: OpenVault;
}

/** A vault with a few entries, loaded. */
export async function makeVault(titles: readonly string[] = ["Alpha", "Beta", "Gamma"]): Promise<Full> {
  const world = await makeWorld();
  const vault = await world.client.setUp(setup);
  await vault.entries.load();
  for (const title of titles) await vault.entries.create(login(title));
  return Object.assign(world, { vault });
}

/** The entry of that title; tests fail without it. */
export function byTitle(vault: OpenVault, title: string) {
  const entry = vault.entries.all().find((one) => one.title === title);
  if (entry === undefined) throw new Error(`no entry ${title}`);
  return entry;
}

/** The field of that label; tests fail without it. */
export function byLabel(entry: { fields: readonly { id: string; label: string }[] }, label: string): string {
  const field = entry.fields.find((one) => one.label === label);
  if (field === undefined) throw new Error(`no field ${label}`);
  return field.id;
}
