// What a one-time password is made from.

/** Hash functions of RFC 6238. */
export type TotpAlgorithm = "SHA-1" | "SHA-256" | "SHA-512";

/** A parsed TOTP secret. */
export interface TotpSecret {
  secret: Uint8Array<ArrayBuffer>;
  algorithm: TotpAlgorithm;
  /** 6 to 10; 5 for Steam. */
  digits: number;
  /** Seconds. */
  period: number;
  /** Steam shows five letters and digits of its own alphabet. */
  steam: boolean;
  issuer: string;
  account: string;
}

/** A code and how long it holds. */
export interface TotpCode {
  code: string;
  /** Whole seconds until the next code, from 1 to `period`. */
  secondsLeft: number;
  period: number;
}
