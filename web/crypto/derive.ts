// `D` of docs/FORMAT.md section 2, and parents that are kept where scripts cannot read them.
import { type Bytes, concat, u32be, utf8, wipe } from "./bytes.ts";

/** Every label there is; no two uses share one. */
export type Label =
  | "unlock" | "recover" | "recover-auth" | "tier/1" | "tier/2" | "tier/3" | "scope/1" | "scope/2" | "entry/3" | "wrap" | "index"
  | "enrol/secret" | "enrol/auth" | "enrol/mac" | "enrol/wrap" | "token/auth" | "token/k1" | "backup";

/** A secret to derive from: a key that cannot be taken out again, or bytes that are about to be wiped. */
export type Parent = CryptoKey | Bytes;

const prefix = utf8("clavitor/v1/");
const empty: Bytes = new Uint8Array(0);

/** Puts 32 secret bytes into a key that cannot be taken out again, and wipes them. */
export async function keepSecret(bytes: Bytes): Promise<CryptoKey> {
  try {
    return await crypto.subtle.importKey("raw", bytes, "HKDF", false, ["deriveBits"]);
  } finally {
    wipe(bytes);
  }
}

/** HKDF-SHA-256 from either form of a parent. */
export async function expand(parent: Parent, salt: Bytes, info: Bytes, length: number): Promise<Bytes> {
  const key = parent instanceof Uint8Array ? await crypto.subtle.importKey("raw", parent, "HKDF", false, ["deriveBits"]) : parent;
  return new Uint8Array(await crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt, info }, key, length * 8));
}

/** `D(parent, label, epoch, ctx)` as 32 bytes. The caller wipes them, or hands them to `keepSecret`. */
export function derive(parent: Parent, label: Label, vault: Bytes, epoch: number, ctx: Uint8Array = empty): Promise<Bytes> {
  return expand(parent, vault, concat(prefix, utf8(label), Uint8Array.of(0), u32be(epoch), ctx), 32);
}

/** `D` as a parent for further derivation. */
export async function deriveParent(parent: Parent, label: Label, vault: Bytes, epoch: number, ctx: Uint8Array = empty): Promise<CryptoKey> {
  return keepSecret(await derive(parent, label, vault, epoch, ctx));
}
