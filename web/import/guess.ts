// What kind of field a value is, from its label and its shape. A wrong guess may only err towards the stricter tier.

import type { FieldKind } from "./types.ts";

/** Labels that name a kind, the first match counts. Written for the English labels that password managers export. */
const LABELS: [RegExp, FieldKind][] = [
  [/\b(cvv2?|cvc2?|csc|cccsc|card (code|verification)|verification (number|code)|card security code)\b/, "card_cvv"],
  [/\b(card ?(number|no|num)|cc ?(number|num|no)|cardnumber|credit card)\b/, "card_number"],
  [/\b(seed( phrase)?|mnemonic|recovery phrase|secret phrase|backup phrase)\b/, "seed_phrase"],
  [/\b(wallet|ethereum|bitcoin|crypto) (private )?key\b/, "wallet_private_key"],
  [/\b(social security|ssn|passport (number|no)|passportnumber|driver'?s? licen[cs]e|licen[cs]e number|national id|id number|tax (id|number)|nin|nino|tin)\b/, "government_id"],
  [/\b(iban|account (number|no)|routing( number)?|sort code|swift|bic)\b/, "bank_account"],
  [/\b(one[- ]time (password|code)|totp|otp|2fa secret|authenticator( key)?)\b/, "totp"],
  [/\b(wi-?fi|wireless|network|ssid|wpa) (password|key|passphrase)\b/, "wifi_password"],
  [/\b(security|secret) answer\b|^answer\b/, "security_answer"],
  [/\b(api|access|app|client|consumer|secret|private api)[ _-]?(key|secret)\b/, "api_key"],
  [/\b(access|auth|bearer|refresh|oauth|personal access|api|session)?[ _-]?token\b/, "oauth_token"],
  [/\b(licen[cs]e|product|serial|activation|registration) ?(key|code|number)\b|^serial$/, "license_key"],
  [/\b(private key|ssh key)\b/, "ssh_private_key"],
  [/\bpublic key\b/, "public_key"],
  [/\b(previous|old|former|admin|root|master|database|db|sudo|user)? ?(password|passwd|passcode|pwd)\b/, "password"],
  [/\b(secret|pass ?phrase|pin|puk|backup codes?|recovery codes?|unlock code|combination|hidden|code word|memorable)\b/, "hidden"],
];

/** Labels that name a harmless kind, when the value has its shape. */
const HARMLESS: [RegExp, RegExp, FieldKind][] = [
  [/e-?mail/, /^[^\s@]+@[^\s@]+$/, "email"],
  [/\b(url|website|web ?site|link|web address|homepage|page)\b/, /^(https?:\/\/\S+|[\w-]+(\.[\w-]+)+\S*)$/i, "url"],
  [/\b(phone|mobile|cell|telephone|fax|tel)\b/, /^[+()\d][\d\s().\-/x]{3,}$/, "phone"],
  [/\b(host(name)?|server|ip address)\b/, /^[\w.:[\]-]+$/, "hostname"],
  [/\bport\b/, /^\d{1,5}$/, "port"],
  [/\b(user ?name|user ?id|login|user)\b/, /^\S.{0,254}$/, "username"],
  [/\b(address|street|city)\b/, /\D/, "address"],
  [/\b(date|birthday|birth|expires?|expiry|expiration|valid (from|until)|issued|member since)\b/, /\d/, "date"],
  [/\b(first|last|middle|full|family|given|company|holder'?s?) ?name\b|^name$/, /\D/, "name"],
];

/** Shapes that name a kind whatever the label says. */
const SHAPES: [RegExp, FieldKind][] = [
  [/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/, "ssh_private_key"],
  [/^PuTTY-User-Key-File-\d/, "ssh_private_key"],
  [/^(ssh-(rsa|ed25519|dss)|ecdsa-sha2-\S+|sk-ssh-\S+) [A-Za-z0-9+/=]{16,}/, "public_key"],
  [/^otpauth:\/\/totp\//i, "totp"],
  [/^steam:\/\/[A-Z2-7]+$/i, "totp"],
  [/^(gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|sk-|sk_live_|rk_live_|whsec_|npm_|pypi-|AIza|AKIA|ASIA|SG\.|dop_v1_|hf_|shpat_)[\w.-]{12,}$/, "api_key"],
  [/^eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*$/, "oauth_token"],
  [/^[xyz]prv[1-9A-HJ-NP-Za-km-z]{70,}$/, "wallet_private_key"],
];

/** Kinds that only hold what has the right shape; anything else under such a label is a hidden value. */
const NEEDS_SHAPE: Partial<Record<FieldKind, (value: string) => boolean>> = {
  card_number: (value) => /\d{4}/.test(value),
  seed_phrase: (value) => value.trim().split(/\s+/).length >= 12,
  card_cvv: (value) => /^\d{3,4}$/.test(value.trim()),
  // Plain words are base32 too: "password" would give codes.
  totp: (value) => /^(otpauth|steam):\/\//i.test(value.trim()) || /(^|&)key=/i.test(value)
    || (value.replace(/[\s-]/g, "").length >= 16 && (/[2-7]/.test(value) || /^[A-Z]+$/.test(value.trim()))),
  ssh_private_key: (value) => value.length > 60,
  public_key: (value) => value.length > 30,
};

/** The kind of a field that the source calls only by a label. `concealed`: the source hides its value. */
export function guessKind(label: string, value: string, concealed: boolean): FieldKind {
  const shape = SHAPES.find(([pattern]) => pattern.test(value.trim()))?.[1];
  if (shape !== undefined) return shape;
  if (isCardNumber(value)) return "card_number";
  if (isSeedPhrase(value)) return "seed_phrase";
  const words = wordsOf(label);
  const named = LABELS.find(([pattern]) => pattern.test(words))?.[1];
  if (named !== undefined) return NEEDS_SHAPE[named]?.(value) === false ? "hidden" : named;
  if (concealed) return "hidden";
  return HARMLESS.find(([byLabel, byValue]) => byLabel.test(words) && byValue.test(value.trim()))?.[2] ?? "text";
}

/** True when the whole value is a payment card's number: 14 to 19 digits of a known range with a right check digit. */
export function isCardNumber(value: string): boolean {
  const digits = value.trim().replace(/[ -]/g, "");
  return /^(4\d{12}(\d{3}){0,2}|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|6(011|5\d\d)\d{12,15})$/.test(digits) && luhn(digits);
}

/** True when the whole value is 12, 15, 18, 21 or 24 short lower-case words. */
export function isSeedPhrase(value: string): boolean {
  const words = value.trim().split(/[\s,]+/);
  return [12, 15, 18, 21, 24].includes(words.length) && words.every((word) => /^[a-z]{3,8}$/.test(word)) && !words.some((word) => PROSE.has(word));
}

/** True when a longer text has a card number or a seed phrase on one of its lines: such a note is proposed for "Only me". */
export function holdsSecretOfOwner(text: string): boolean {
  return text.split(/\r?\n/).some((line) => {
    const value = line.slice(line.indexOf(":") + 1);
    return isCardNumber(value) || isSeedPhrase(value) || isSeedPhrase(line);
  });
}

/** Common words of English sentences that are in no seed word list, so that prose is not taken for a seed phrase. */
const PROSE = new Set([
  "the", "and", "for", "are", "but", "not", "was", "with", "from", "have", "has", "had", "his", "her", "its", "were", "who", "our", "their", "them", "then",
  "than", "because", "been",
]);

/** `camelCase`, `snake_case` and `kebab-case` as plain lower-case words. */
function wordsOf(label: string): string {
  return label.replace(/([a-z])([A-Z])/g, "$1 $2").replace(/[_:.]+/g, " ").replace(/\s+/g, " ").trim().toLowerCase();
}

function luhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    sum += i % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2;
  }
  return sum % 10 === 0;
}
