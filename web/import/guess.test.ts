// Guessing a field's kind: what must be recognised, what must not, and that hidden values never become readable ones.

import { describe, expect, test } from "vitest";
import { kindByName } from "../crypto/kinds.ts";
import { guessKind, holdsSecretOfOwner, isCardNumber, isSeedPhrase } from "./guess.ts";
import type { FieldKind } from "./types.ts";

const seed = "abandon ability able about above absent absorb abstract absurd abuse access accident";

describe("recognised", () => {
  const cases: [label: string, value: string, kind: FieldKind][] = [
    ["CVV", "737", "card_cvv"], ["Card Security Code", "1234", "card_cvv"], ["cccsc", "123", "card_cvv"], ["CVV", "on the back", "hidden"],
    ["Card number", "4111 1111 1111 1111", "card_number"], ["cardNumber", "1234 5678", "card_number"], ["anything", "4111-1111-1111-1111", "card_number"],
    ["Recovery phrase", `${seed}`, "seed_phrase"], ["Notes", seed, "seed_phrase"], ["Seed", "only three words", "hidden"],
    ["Social security number", "000-12-3456", "government_id"], ["passportNumber", "P1", "government_id"], ["Driver's license", "D1", "government_id"],
    ["IBAN", "ZZ00", "bank_account"], ["Account number", "12", "bank_account"],
    ["2FA secret", "JBSWY3DPEHPK3PXP", "totp"], ["x", "otpauth://totp/a?secret=JBSWY3DPEHPK3PXP", "totp"], ["Authenticator", "Phone in the drawer", "hidden"], ["OTP", "password", "hidden"],
    ["Wifi password", "w", "wifi_password"], ["Security answer", "Elm", "security_answer"],
    ["API key", "abc", "api_key"], ["api_key", "abc", "api_key"], ["x", "ghp_0123456789abcdefghij", "api_key"], ["x", "AKIA0123456789ABCDEF", "api_key"],
    ["Access token", "abc", "oauth_token"], ["x", "eyJhbGciOiJub25l.eyJzdWIiOiJhIn0.c2ln", "oauth_token"],
    ["License key", "AAA-BBB", "license_key"], ["Serial", "1", "license_key"],
    ["x", "-----BEGIN RSA PRIVATE KEY-----\nAA==\n-----END RSA PRIVATE KEY-----", "ssh_private_key"], ["x", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 me", "public_key"],
    ["Admin password", "a", "password"], ["PIN", "1234", "hidden"], ["Backup codes", "1 2 3", "hidden"], ["Puk", "1", "hidden"],
    ["E-mail", "a@example.test", "email"], ["Website", "https://a.example.test", "url"], ["Phone", "+1 555 0100", "phone"], ["Hostname", "db.example.test", "hostname"],
    ["Port", "5432", "port"], ["User name", "owner", "username"], ["Date of birth", "1980-02-03", "date"], ["First name", "First", "name"], ["Street", "1 Street", "address"],
  ];
  for (const [label, value, kind] of cases) test(`${label}: ${value.slice(0, 24)}`, () => expect(guessKind(label, value, false)).toBe(kind));
});

describe("left as text", () => {
  const cases: [label: string, value: string][] = [
    ["Colour", "blue"], ["Passwordless", "yes"], ["Pineapple", "ripe"], ["Report", "weekly"], ["Website", "the big one"], ["Number", "4111111111111112"], ["IMEI", "356938035643809"], ["Support", "yes"],
    ["Sentence", "the quick brown fox ran over and under them while they were asleep"],
  ];
  for (const [label, value] of cases) test(`${label}: ${value}`, () => expect(guessKind(label, value, false)).toBe("text"));
});

test("what the source hides never gets a kind that stands in the summary, unless its shape is plain", () => {
  for (const label of ["E-mail", "Website", "Phone", "Port", "First name", "User", "Colour", "Date", ""]) {
    for (const value of ["a@example.test", "https://a.example.test", "+1 555 0100", "5432", "2020-01-01", "blue"]) {
      expect(kindByName(guessKind(label, value, true))?.descriptive).toBe(false);
    }
  }
});

test("card numbers need a known range, the right length and the check digit", () => {
  for (const good of ["4111111111111111", "5555 5555 5555 4444", "378282246310005", "6011111111111117", "2223003122003222"]) expect(isCardNumber(good), good).toBe(true);
  for (const bad of ["4111111111111112", "1234567812345670", "411111111111", "4111111111111111 x", "0000000000000000", ""]) expect(isCardNumber(bad), bad).toBe(false);
});

test("seed phrases have 12 to 24 short words, and prose is none", () => {
  expect(isSeedPhrase(seed)).toBe(true);
  expect(isSeedPhrase(`${seed} ${seed}`)).toBe(true);
  expect(isSeedPhrase(seed.split(" ").slice(1).join(" "))).toBe(false);
  expect(isSeedPhrase(seed.replace("able", "Able"))).toBe(false);
  expect(isSeedPhrase(seed.replace("able", "the"))).toBe(false);
});

test("a note is searched line by line", () => {
  expect(holdsSecretOfOwner(`Wallet\nwords: ${seed}\n`)).toBe(true);
  expect(holdsSecretOfOwner("card: 4111 1111 1111 1111")).toBe(true);
  expect(holdsSecretOfOwner("call 555 0100\nand ask")).toBe(false);
});
