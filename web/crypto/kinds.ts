// The kinds of fields and entries (docs/FORMAT.md sections 6 and 8), and who may open a field: its tier.

/** 1 "Hosted", 2 "Agents", 3 "Only me". */
export type Tier = 1 | 2 | 3;

/** What a kind of field means for its tier. */
export interface FieldKind {
  readonly number: number;
  readonly name: FieldKindName;
  readonly defaultTier: Tier;
  /** The owner cannot go below it. */
  readonly lowestTier: Tier;
  /** At tier 1 its value stands inside the summary. */
  readonly descriptive: boolean;
}

const table = [
  ["username", 1, 1, true],
  ["email", 1, 1, true],
  ["url", 1, 1, true],
  ["text", 1, 1, true],
  ["password", 2, 1, false],
  ["api_key", 2, 1, false],
  ["totp", 2, 1, false],
  ["ssh_private_key", 2, 1, false],
  ["oauth_token", 2, 1, false],
  ["note", 2, 1, false],
  ["hidden", 2, 1, false],
  ["card_number", 3, 3, false],
  ["card_cvv", 3, 3, false],
  ["card_expiry", 3, 2, false],
  ["card_pin", 3, 3, false],
  ["government_id", 3, 3, false],
  ["seed_phrase", 3, 3, false],
  ["wallet_private_key", 3, 3, false],
  ["phone", 1, 1, true],
  ["address", 2, 1, false],
  ["date", 1, 1, true],
  ["file", 2, 1, false],
  ["license_key", 2, 1, false],
  ["wifi_password", 2, 1, false],
  ["public_key", 1, 1, true],
  ["hostname", 1, 1, true],
  ["port", 1, 1, true],
  ["passkey", 3, 3, false],
  ["name", 1, 1, true],
  ["bank_account", 3, 2, false],
  ["security_answer", 2, 1, false],
] as const satisfies readonly (readonly [string, Tier, Tier, boolean])[];

export type FieldKindName = (typeof table)[number][0];

/** Number of the summary, which is a field of every entry and no kind a person can choose. */
export const summaryKind = 0;

/** Every kind a person can choose; its number is its place, from 1. */
export const fieldKinds: readonly FieldKind[] = table.map(([name, defaultTier, lowestTier, descriptive], index) => ({
  number: index + 1,
  name,
  defaultTier,
  lowestTier,
  descriptive,
}));

const byName = new Map<string, FieldKind>(fieldKinds.map((kind) => [kind.name, kind]));

/** The kind of that name, or undefined. */
export function kindByName(name: string): FieldKind | undefined {
  return byName.get(name);
}

/** The kind of that number, or undefined; 0 is the summary and has none. */
export function kindByNumber(number: number): FieldKind | undefined {
  return number < 1 ? undefined : fieldKinds[number - 1];
}

export const entryKinds = [
  "login", "api_key", "note", "card", "identity", "ssh_key", "database", "wifi", "server", "software_license", "crypto_wallet", "document", "custom",
] as const;

export type EntryKind = (typeof entryKinds)[number];
