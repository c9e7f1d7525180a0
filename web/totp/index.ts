// One-time passwords: read a secret in any of its usual forms, show its code.

export { totpCode } from "./code.ts";
export { formatTotp, normalizeTotp, parseTotp, TotpError } from "./parse.ts";
export type { TotpAlgorithm, TotpCode, TotpSecret } from "./types.ts";
