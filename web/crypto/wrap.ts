// The two wraps that travel with the owner's signature in front: the vault key for an unlocker, scope keys for an agent.
import { type Bytes, concat, readU32, toHex, u32be, wipe } from "./bytes.ts";
import { openWrap, type UnwrapKey, wrapInfo, wrapTo } from "./hpke.ts";
import { idBytes, unlockerBytes } from "./ids.ts";
import { demand } from "./refused.ts";
import { type PublicKey, type SigningKey, splitSigned } from "./sign.ts";

const wrapBytesMin = 32;
const wrapBytesMax = 1024;

/** Splits `signature[64] ‖ wrap`. */
function splitWrap(sealed: Bytes): { signature: Bytes; body: Bytes } {
  const parts = splitSigned(sealed);
  demand(parts.body.length >= wrapBytesMin && parts.body.length <= wrapBytesMax, "shape", "wrap");
  return parts;
}

/** Wraps a vault key to an unlocker's public key. `ekm` is given by tests only. */
export async function sealVmk(usk: SigningKey, vault: string, unlocker: string, x25519: Bytes, vmk: Bytes, epoch: number, ekm?: Bytes): Promise<Bytes> {
  const [vaultBytes, id] = [idBytes(vault), unlockerBytes(unlocker)];
  const value = concat(vmk, u32be(epoch));
  const wrap = await wrapTo(x25519, wrapInfo("vmk", vaultBytes, id), value, ekm);
  wipe(value);
  return concat(await usk.signature("vmk", vaultBytes, concat(id, u32be(epoch), wrap)), wrap);
}

/** Checks the owner's signature, then opens. The epoch is the one the manifest names. The caller wipes the vault key. */
export async function openVmk(usk: PublicKey, vault: string, unlocker: string, key: UnwrapKey, epoch: number, sealed: Bytes): Promise<Bytes> {
  const [vaultBytes, id] = [idBytes(vault), unlockerBytes(unlocker)];
  const { signature, body } = splitWrap(sealed);
  await usk.verify("vmk", vaultBytes, concat(id, u32be(epoch), body), signature);
  const value = await openWrap(key, wrapInfo("vmk", vaultBytes, id), body);
  demand(value.length === 36 && readU32(value, 32) === epoch, "rule", "vault epoch");
  const vmk = value.slice(0, 32);
  wipe(value);
  return vmk;
}

/** A scope's two keys. */
export interface ScopeKeys { id: string; epoch: number; sk1: Bytes; sk2: Bytes }

function scopeMessage(agent: string, scope: string, epoch: number, wrap: Bytes): Bytes {
  return concat(idBytes(agent), idBytes(scope), u32be(epoch), wrap);
}

/** Wraps a scope's keys to an agent. */
export async function sealScope(usk: SigningKey, vault: string, agent: string, x25519: Bytes, keys: ScopeKeys, ekm?: Bytes): Promise<Bytes> {
  const value = concat(idBytes(keys.id), u32be(keys.epoch), keys.sk1, keys.sk2);
  const wrap = await wrapTo(x25519, wrapInfo("scope", idBytes(vault), idBytes(agent)), value, ekm);
  wipe(value);
  return concat(await usk.signature("scope", idBytes(vault), scopeMessage(agent, keys.id, keys.epoch, wrap)), wrap);
}

/** Opens a scope wrap, as an agent does. */
export async function openScope(usk: PublicKey, vault: string, agent: string, key: UnwrapKey, scope: string, epoch: number, sealed: Bytes): Promise<ScopeKeys> {
  const { signature, body } = splitWrap(sealed);
  await usk.verify("scope", idBytes(vault), scopeMessage(agent, scope, epoch, body), signature);
  const value = await openWrap(key, wrapInfo("scope", idBytes(vault), idBytes(agent)), body);
  demand(value.length === 84 && toHex(value.subarray(0, 16)) === scope && readU32(value, 16) === epoch, "rule", "scope");
  return { id: scope, epoch, sk1: value.slice(20, 52), sk2: value.slice(52) };
}
