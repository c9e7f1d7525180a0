// Entries to look at.
import type { Entry, EntryKind, FieldKindName, FieldView, Tier } from "../../vault/index.ts";

const id = (n: number): string => n.toString(16).padStart(32, "0");

const field = (n: number, kind: FieldKindName, label: string, tier: Tier, value?: string): FieldView =>
  value === undefined ? { id: id(n), kind, label, tier, version: 1 } : { id: id(n), kind, label, tier, version: 1, value };

interface Sample {
  title: string;
  kind: EntryKind;
  fields: FieldView[];
  extra?: Partial<Entry>;
}

const samples: readonly Sample[] = [
  {
    title: "Code forge",
    kind: "login",
    fields: [
      field(1, "username", "User name", 1, "ada@example.org"),
      field(2, "password", "Password", 2),
      field(3, "totp", "One-time code", 2),
      field(4, "url", "Web address", 1, "https://forge.example.org/login"),
      field(5, "security_answer", "First pet", 3),
      field(6, "note", "Note", 2),
    ],
    extra: { favorite: true, folder: "Work", tags: ["deploy"], destinations: ["https://forge.example.org"], scopes: [id(900)] },
  },
  {
    title: "Credit card, a bank with quite a long name that does not fit into one line",
    kind: "card",
    fields: [
      field(7, "name", "Name on the card", 1, "Ada Example"),
      field(8, "card_number", "Card number", 3),
      field(9, "card_expiry", "Valid until", 2),
      field(10, "card_cvv", "Security code", 3),
    ],
  },
  {
    title: "Payments API",
    kind: "api_key",
    fields: [field(11, "api_key", "API key", 1), field(12, "url", "Web address", 1, "https://api.example.com")],
    extra: { favorite: true },
  },
  {
    title: "Database of the shop",
    kind: "database",
    fields: [
      field(13, "hostname", "Host name", 1, "db.internal.example"),
      field(14, "username", "User name", 1, "shop"),
      field(15, "password", "Password", 2),
    ],
    extra: { folder: "Work/Servers" },
  },
  { title: "Home Wi-Fi", kind: "wifi", fields: [field(16, "name", "Network name", 1, "Ada's net"), field(17, "wifi_password", "Wi-Fi password", 2)] },
  {
    title: "Deploy key",
    kind: "ssh_key",
    fields: [field(18, "ssh_private_key", "SSH private key", 2), field(19, "public_key", "Public key", 1, "ssh-ed25519 AAAAC3Nza… deploy@example")],
  },
  {
    title: "Passport",
    kind: "identity",
    fields: [field(20, "name", "Name", 1, "Ada Example"), field(21, "government_id", "Government id number", 3)],
  },
  { title: "Savings wallet", kind: "crypto_wallet", fields: [field(22, "seed_phrase", "Seed phrase", 3)] },
  { title: "Alarm codes", kind: "note", fields: [field(23, "note", "Note", 2)], extra: { archived: true } },
  {
    title: "Old forum",
    kind: "login",
    fields: [field(24, "username", "User name", 1, "ada"), field(25, "password", "Password", 2)],
    extra: { trashed: true },
  },
];

/** As many entries as wanted; the first ones are the samples, the rest are made up from them. */
export function sampleEntries(count: number, nowMs: number): Entry[] {
  return Array.from({ length: count }, (_, index) => {
    const sample = samples[index % samples.length] as Sample;
    const round = Math.floor(index / samples.length);
    return {
      id: id(1000 + index),
      version: 3,
      title: round === 0 ? sample.title : `${sample.title} ${round + 1}`,
      kind: sample.kind,
      folder: "",
      tags: [],
      favorite: false,
      archived: false,
      trashed: false,
      fields: sample.fields,
      destinations: [],
      scopes: [],
      changedMs: nowMs - index * 3_600_000,
      author: null,
      origin: null,
      ...sample.extra,
    };
  });
}

const values: Partial<Record<FieldKindName, string>> = {
  password: "vK7#mq-Lz2!uRf9Wd$e",
  totp: "otpauth://totp/Forge:ada?secret=JBSWY3DPEHPK3PXP&issuer=Forge",
  card_number: "4111 1111 1111 1111",
  card_cvv: "123",
  card_expiry: "09/31",
  api_key: "sk_live_51Hx…",
  note: "Backup codes are in the safe.\nSecond line.",
  seed_phrase: "legal winner thank year wave sausage worth useful legal winner thank yellow",
};

/** The value behind a field; an older one for an older version. */
export function sampleValue(view: FieldView, version?: number): string {
  const value = view.value ?? values[view.kind] ?? "something secret";
  return version !== undefined && version < 3 ? `old-${value}` : value;
}
