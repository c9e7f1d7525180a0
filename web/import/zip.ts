// ZIP archives: the list of files at the end is read first, and each file is unpacked by the browser as a stream that stops at its limit.

import { crc32 } from "./crc.ts";
import { ImportError } from "./error.ts";
import { archive_files_max, unpacked_bytes_max } from "./limits.ts";
import type { Pace } from "./pace.ts";

/** One file of an archive. */
interface ZipFile {
  name: string;
  method: number;
  packed: number;
  unpacked: number;
  crc: number;
  headerAt: number;
}

const END_RECORD = 0x06054b50;
const LIST_RECORD = 0x02014b50;
const FILE_RECORD = 0x04034b50;
const END_RECORD_BYTES = 22;
const COMMENT_BYTES_MAX = 65_535;
const CRC_PIECE_BYTES = 256 * 1024;

/** An archive, its list read. */
export class ZipArchive {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  readonly #files = new Map<string, ZipFile>();
  #unpackedBytes = 0;

  /** Reads the list. Throws `bad_zip`, `too_many`. */
  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#readList(this.#findEnd());
  }

  /** True when the bytes begin as an archive does. */
  static looksLike(bytes: Uint8Array): boolean {
    return bytes[0] === 0x50 && bytes[1] === 0x4b && (bytes[2] === 3 || bytes[2] === 5);
  }

  names(): string[] {
    return [...this.#files.keys()];
  }

  /** Size once unpacked, as the list states it; `undefined` when there is no such file. */
  size(name: string): number | undefined {
    return this.#files.get(name)?.unpacked;
  }

  /** Unpacks one file. Throws `bad_zip` when it is not exactly as the list says, `too_large` above the limits. */
  async read(name: string, pace: Pace, limitBytes = unpacked_bytes_max): Promise<Uint8Array<ArrayBuffer>> {
    const file = this.#files.get(name);
    if (file === undefined) throw new ImportError("bad_zip", "A file is missing in the archive.", name);
    if (file.unpacked > limitBytes) throw new ImportError("too_large", "A file in the archive is too large.", name);
    this.#unpackedBytes += file.unpacked;
    if (this.#unpackedBytes > unpacked_bytes_max) throw new ImportError("too_large", "The archive unpacks to more than can be read.", name);
    const packed = this.#packedBytes(file);
    const bytes = file.method === 0 ? packed.slice() : await inflate(packed, file, pace);
    if (bytes.length !== file.unpacked || (await crcOf(bytes, pace)) !== file.crc) {
      throw new ImportError("bad_zip", "A file in the archive is damaged.", name);
    }
    return bytes;
  }

  #findEnd(): number {
    const least = Math.max(0, this.#bytes.length - END_RECORD_BYTES - COMMENT_BYTES_MAX);
    for (let at = this.#bytes.length - END_RECORD_BYTES; at >= least; at--) {
      if (this.#view.getUint32(at, true) === END_RECORD) return at;
    }
    throw new ImportError("bad_zip", "The archive has no end: it may be cut off.");
  }

  #readList(end: number): void {
    const count = this.#view.getUint16(end + 10, true);
    let at = this.#view.getUint32(end + 16, true);
    if (count === 0xffff || at === 0xffffffff) throw new ImportError("unsupported", "Archives of the ZIP64 kind are not read.");
    if (count > archive_files_max) throw new ImportError("too_many", `The archive holds more than ${archive_files_max} files.`);
    for (let i = 0; i < count; i++) {
      if (at + 46 > end || this.#view.getUint32(at, true) !== LIST_RECORD) throw new ImportError("bad_zip", "The archive's list of files is damaged.");
      const nameBytes = this.#view.getUint16(at + 28, true);
      const skip = 46 + nameBytes + this.#view.getUint16(at + 30, true) + this.#view.getUint16(at + 32, true);
      if (at + skip > end) throw new ImportError("bad_zip", "The archive's list of files is damaged.");
      const name = new TextDecoder().decode(this.#bytes.subarray(at + 46, at + 46 + nameBytes));
      this.#add(name, at);
      at += skip;
    }
  }

  #add(name: string, at: number): void {
    if (name.endsWith("/")) return;
    const method = this.#view.getUint16(at + 10, true);
    if ((this.#view.getUint16(at + 8, true) & 1) !== 0) throw new ImportError("unsupported", "The archive is encrypted.", name);
    if (method !== 0 && method !== 8) throw new ImportError("unsupported", "The archive is packed in a way that is not read.", name);
    if (this.#files.has(name)) throw new ImportError("bad_zip", "The archive holds two files of one name.", name);
    this.#files.set(name, {
      name,
      method,
      crc: this.#view.getUint32(at + 16, true),
      packed: this.#view.getUint32(at + 20, true),
      unpacked: this.#view.getUint32(at + 24, true),
      headerAt: this.#view.getUint32(at + 42, true),
    });
  }

  #packedBytes(file: ZipFile): Uint8Array<ArrayBuffer> {
    const { headerAt } = file;
    if (headerAt + 30 > this.#bytes.length || this.#view.getUint32(headerAt, true) !== FILE_RECORD) {
      throw new ImportError("bad_zip", "A file in the archive is damaged.", file.name);
    }
    const start = headerAt + 30 + this.#view.getUint16(headerAt + 26, true) + this.#view.getUint16(headerAt + 28, true);
    if (start + file.packed > this.#bytes.length) throw new ImportError("bad_zip", "A file in the archive is cut off.", file.name);
    return this.#bytes.subarray(start, start + file.packed);
  }
}

/** Unpacks with the browser's own stream and stops as soon as more comes than the list announced. */
async function inflate(packed: Uint8Array<ArrayBuffer>, file: ZipFile, pace: Pace): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(file.unpacked);
  const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  let at = 0;
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      if (at + part.value.length > bytes.length) throw new ImportError("bad_zip", "A file in the archive is larger than it says.", file.name);
      bytes.set(part.value, at);
      at += part.value.length;
      await pace.step("reading", 0, 0);
    }
  } catch (error) {
    await reader.cancel().catch(() => undefined);
    if (error instanceof ImportError) throw error;
    throw new ImportError("bad_zip", "A file in the archive is damaged.", file.name);
  }
  return bytes.subarray(0, at);
}

async function crcOf(bytes: Uint8Array, pace: Pace): Promise<number> {
  let crc = 0;
  for (let at = 0; at < bytes.length; at += CRC_PIECE_BYTES) {
    crc = crc32(bytes.subarray(at, at + CRC_PIECE_BYTES), crc);
    await pace.step("reading", 0, 0);
  }
  return crc;
}
