// The log's signed tree head: C2SP tlog-checkpoint inside a C2SP signed note, Ed25519.
import { type Bytes, concat, equal, fromBase64, toBase64, utf8 } from "./bytes.ts";
import { sha256 } from "./hash.ts";
import { demand, Refused } from "./refused.ts";
import { PublicKey, type SigningKey } from "./sign.ts";

const noteBytesMax = 4096;
const ed25519Type = Uint8Array.of(0x01);

/** A tree head. */
export interface TreeHead {
  readonly origin: string;
  readonly size: number;
  readonly root: Bytes;
}

/** The origin line of a vault's log; also the name of the log's key. */
export function logOrigin(vault: string): string {
  return `clavitor.ai/log/${vault}`;
}

/** Padded base64 of the standard alphabet, which notes use; undefined for anything else. */
function fromStandard(text: string): Bytes | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  const bytes = fromBase64(text.replace(/=+$/, "").replaceAll("+", "-").replaceAll("/", "_"));
  return bytes !== undefined && toStandard(bytes) === text ? bytes : undefined;
}

function toStandard(bytes: Bytes): string {
  const text = toBase64(bytes).replaceAll("-", "+").replaceAll("_", "/");
  return text.padEnd(Math.ceil(text.length / 4) * 4, "=");
}

/** First four bytes of SHA-256(name ‖ "\n" ‖ 0x01 ‖ key). */
function keyId(name: string, key: Bytes): Bytes {
  return sha256(concat(utf8(`${name}\n`), ed25519Type, key)).slice(0, 4);
}

function bodyOf(head: TreeHead): string {
  return `${head.origin}\n${head.size}\n${toStandard(head.root)}\n`;
}

/** Checks the log's signature, then reads. `origin` is the log expected. */
export async function verifyCheckpoint(note: string, origin: string, logKey: Bytes): Promise<TreeHead> {
  demand(utf8(note).length <= noteBytesMax, "checkpoint", "length");
  const gap = note.indexOf("\n\n");
  demand(gap > 0 && note.endsWith("\n"), "checkpoint", "form");
  const text = note.slice(0, gap + 1);
  const signatures = note.slice(gap + 2, -1).split("\n");
  await checkSignature(text, signatures, origin, logKey);
  return readBody(text, origin);
}

async function checkSignature(text: string, lines: readonly string[], origin: string, logKey: Bytes): Promise<void> {
  const key = new PublicKey(logKey);
  const wanted = keyId(origin, logKey);
  for (const line of lines) {
    const match = /^— (\S+) (\S+)$/.exec(line);
    demand(match !== null, "checkpoint", "signature line");
    const bytes = fromStandard(match[2] ?? "");
    demand(bytes !== undefined && bytes.length >= 4, "checkpoint", "signature line");
    if (match[1] !== origin || !equal(bytes.subarray(0, 4), wanted)) continue;
    return demand(await key.verifyRaw(utf8(text), bytes.slice(4)), "checkpoint", "signature");
  }
  throw new Refused("checkpoint", "not signed by the log");
}

function readBody(text: string, origin: string): TreeHead {
  const [name, size, root, ...more] = text.slice(0, -1).split("\n");
  demand(name === origin && more.length === 0, "checkpoint", "body");
  demand(size !== undefined && /^(0|[1-9][0-9]{0,15})$/.test(size), "checkpoint", "size");
  const hash = fromStandard(root ?? "");
  demand(hash !== undefined && hash.length === 32, "checkpoint", "root");
  demand(Number.isSafeInteger(Number(size)), "checkpoint", "size");
  return { origin, size: Number(size), root: hash };
}

/** Signs a tree head, as a node does. */
export async function signCheckpoint(head: TreeHead, key: SigningKey): Promise<string> {
  const text = bodyOf(head);
  const signature = await key.raw(utf8(text));
  return `${text}\n— ${head.origin} ${toStandard(concat(keyId(head.origin, key.publicKey.bytes), signature))}\n`;
}
