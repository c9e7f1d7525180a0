// Passwords and passphrases, with their entropy in bits.

export { generatePassphrase, PASSPHRASE_DEFAULTS, PASSPHRASE_WORDS_MAX, PASSPHRASE_WORDS_MIN, passphraseBits } from "./passphrase.ts";
export type { PassphraseOptions } from "./passphrase.ts";
export { generatePassword, PASSWORD_DEFAULTS, PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN, passwordBits } from "./password.ts";
export type { Generated, PasswordOptions } from "./password.ts";
