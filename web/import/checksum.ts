// The checksums of a ZIP archive, which the unpacking library skips over: a bit that flipped on the way must not become a password.

/** CRC-32 of IEEE 802.3, as ZIP uses it (APPNOTE 4.4.7). */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** The checksum of a file's contents. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] ?? 0);
  return (crc ^ 0xffffffff) >>> 0;
}

const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const ENTRY = 0x02014b50;
const ENTRY_BYTES = 46;
const END_BYTES = 22;
const COMMENT_BYTES_MAX = 65_535;
const NOT_HERE = 0xffffffff;

/** The checksums that the list at the archive's end states, in its order; fewer than there are files when the list is damaged. */
export function readChecksums(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const checksums: number[] = [];
  for (let at = listBegin(view); at >= 0 && at + ENTRY_BYTES <= view.byteLength && view.getUint32(at, true) === ENTRY; ) {
    checksums.push(view.getUint32(at + 16, true));
    at += ENTRY_BYTES + view.getUint16(at + 28, true) + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return checksums;
}

/** Where the list begins, or -1. */
function listBegin(view: DataView): number {
  const lowest = Math.max(0, view.byteLength - END_BYTES - COMMENT_BYTES_MAX);
  for (let at = view.byteLength - END_BYTES; at >= lowest; at--) {
    if (view.getUint32(at, true) !== END) continue;
    const begin = view.getUint32(at + 16, true);
    return begin === NOT_HERE ? listBegin64(view, at - 20) : begin;
  }
  return -1;
}

/** The same for archives with 64-bit sizes. */
function listBegin64(view: DataView, locator: number): number {
  if (locator < 0 || view.getUint32(locator, true) !== LOCATOR_64) return -1;
  const end = Number(view.getBigUint64(locator + 8, true));
  if (end + 56 > view.byteLength || view.getUint32(end, true) !== END_64) return -1;
  return Number(view.getBigUint64(end + 48, true));
}
