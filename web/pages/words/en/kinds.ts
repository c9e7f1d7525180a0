// English: names of kinds and tiers.
import type { EntryKind, FieldKindName } from "../../../vault/index.ts";

const entry: Record<EntryKind, string> = {
  login: "Login",
  api_key: "API key",
  note: "Note",
  card: "Card",
  identity: "Identity",
  ssh_key: "SSH key",
  database: "Database",
  wifi: "Wi-Fi",
  server: "Server",
  software_license: "Software licence",
  crypto_wallet: "Crypto wallet",
  document: "Document",
  custom: "Custom",
};

const field: Record<FieldKindName, string> = {
  username: "User name",
  email: "E-mail",
  url: "Web address",
  text: "Text",
  password: "Password",
  api_key: "API key",
  totp: "One-time code",
  ssh_private_key: "SSH private key",
  oauth_token: "Access token",
  note: "Note",
  hidden: "Hidden text",
  card_number: "Card number",
  card_cvv: "Security code",
  card_expiry: "Valid until",
  card_pin: "Card PIN",
  government_id: "Government id number",
  seed_phrase: "Seed phrase",
  wallet_private_key: "Wallet private key",
  phone: "Phone",
  address: "Address",
  date: "Date",
  file: "File",
  license_key: "Licence key",
  wifi_password: "Wi-Fi password",
  public_key: "Public key",
  hostname: "Host name",
  port: "Port",
  passkey: "Passkey",
  name: "Name",
  bank_account: "Bank account",
  security_answer: "Security answer",
};

export const kinds = {
  entry,
  field,
  tier: { 1: "Hosted", 2: "Agents", 3: "Only me" } as const,
  tierLong: {
    1: "You, agents, and this server for hosted agents that bring the key",
    2: "You, and enrolled agents on their own machine. Never this server",
    3: "You alone, after your passkey. No agent, no server",
  } as const,
  tierFixed: (kind: string, word: string) => `${kind} is never opened further than “${word}”.`,
};
