// ZIP archives, read by fflate: names and sizes from the list at the end, contents as a stream in small pieces that stops at its limits.

import { Unzip, UnzipInflate, unzipSync } from "fflate";
import { ImportError } from "./error.ts";
import { archive_files_max, unpacked_bytes_max, value_bytes_max } from "./limits.ts";
import { crc32, readChecksums } from "./checksum.ts";
import type { Pace } from "./pace.ts";

/** Nothing unpacks to more than 1,032 times its size, so this bounds what comes at once. */
const PIECE_BYTES = 4 * 1024;
const STORED = 0;
const DEFLATED = 8;

/** One file of an archive while it is unpacked. */
class Unpacking {
  readonly name: string;
  readonly #sizeBytes: number;
  readonly #crc: number;
  #bytes: Uint8Array<ArrayBuffer> | undefined;
  #at = 0;
  #isDoubtful = false;

  constructor(name: string, { sizeBytes, crc }: Listed) {
    this.name = name;
    this.#sizeBytes = sizeBytes;
    this.#crc = crc;
  }

  /** False when the stream comes upon the name a second time: an archive in the archive may look so, and the list must tell which one is meant. */
  begin(): boolean {
    this.#isDoubtful = this.#bytes !== undefined;
    this.#bytes ??= new Uint8Array(this.#sizeBytes);
    return !this.#isDoubtful;
  }

  take(part: Uint8Array): void {
    if (this.#at + part.length > this.#sizeBytes) throw new ImportError("bad_zip", "A file in the archive is larger than it says.", this.name);
    this.#bytes?.set(part, this.#at);
    this.#at += part.length;
  }

  /** What has come, when it is exactly what the list says: so many bytes, with this checksum. */
  get whole(): Uint8Array<ArrayBuffer> | undefined {
    if (this.#isDoubtful || this.#at !== this.#sizeBytes || this.#bytes === undefined) return undefined;
    return crc32(this.#bytes) === this.#crc ? this.#bytes : undefined;
  }
}

/** An archive, its files unpacked. */
export class ZipArchive {
  readonly #sizes: Map<string, number>;
  readonly #files: Map<string, Uint8Array<ArrayBuffer>>;
  readonly #bytesMax: (name: string) => number;

  private constructor(sizes: Map<string, number>, files: Map<string, Uint8Array<ArrayBuffer>>, bytesMax: (name: string) => number) {
    this.#sizes = sizes;
    this.#files = files;
    this.#bytesMax = bytesMax;
  }

  /** Unpacks every file that is not larger than `bytesMax` allows for its name. Throws `bad_zip`, `too_many`, `too_large`, `unsupported`, `aborted`. */
  static async open(bytes: Uint8Array<ArrayBuffer>, pace: Pace, bytesMax: (name: string) => number): Promise<ZipArchive> {
    const listed = listFiles(bytes);
    const wanted = [...listed].filter(([name, { sizeBytes }]) => sizeBytes <= bytesMax(name)).map(([name, file]) => new Unpacking(name, file));
    if (wanted.reduce((sum, file) => sum + (listed.get(file.name)?.sizeBytes ?? 0), 0) > unpacked_bytes_max) throw new ImportError("too_large", "The archive unpacks to more than can be read.");
    await unpack(bytes, new Map(wanted.map((file) => [file.name, file])), pace);
    const files = new Map<string, Uint8Array<ArrayBuffer>>();
    for (const { name, whole } of wanted) {
      const contents = whole ?? unpackByList(bytes, name, listed.get(name));
      if (contents !== undefined) files.set(name, contents);
      await pace.step("reading", 0, 0);
    }
    return new ZipArchive(new Map([...listed].map(([name, { sizeBytes }]) => [name, sizeBytes])), files, bytesMax);
  }

  names(): string[] {
    return [...this.#sizes.keys()];
  }

  /** Size once unpacked, as the list states it; `undefined` when there is no such file. */
  size(name: string): number | undefined {
    return this.#sizes.get(name);
  }

  /** One file. Throws `bad_zip` when it is missing or damaged, `too_large` above its limit. */
  file(name: string): Uint8Array<ArrayBuffer> {
    const size = this.#sizes.get(name);
    if (size === undefined) throw new ImportError("bad_zip", "A file is missing in the archive.", name);
    if (size > this.#bytesMax(name)) throw new ImportError("too_large", "A file in the archive is too large.", name);
    const contents = this.#files.get(name);
    if (contents === undefined) throw new ImportError("bad_zip", "A file in the archive is damaged or encrypted.", name);
    return contents;
  }
}

/** What the archive's list says of a file. */
export interface Listed {
  /** Once unpacked. */
  readonly sizeBytes: number;
  /** CRC-32 of what is unpacked. */
  readonly crc: number;
}

/** Files of an archive, as its list states them. Throws `bad_zip`, `too_many`, `unsupported`. */
export function listFiles(bytes: Uint8Array): Map<string, Listed> {
  const listed = new Map<string, Listed>();
  const checksums = readChecksums(bytes);
  let count = 0;
  const filter = ({ name, originalSize, compression }: { name: string; originalSize: number; compression: number }): boolean => {
    if (++count > archive_files_max) throw new ImportError("too_many", `The archive holds more than ${archive_files_max} files.`);
    if (name === "") throw new ImportError("bad_zip", "The archive's list of files is damaged.");
    if (name.endsWith("/")) return false;
    if (compression !== STORED && compression !== DEFLATED) throw new ImportError("unsupported", "The archive is packed in a way that is not read.", name);
    if (listed.has(name)) throw new ImportError("bad_zip", "The archive holds two files of one name.", name);
    const crc = checksums[count - 1];
    if (crc === undefined) throw new ImportError("bad_zip", "The archive's list of files is damaged.");
    listed.set(name, { sizeBytes: originalSize, crc });
    return false;
  };
  try {
    unzipSync(bytes, { filter });
  } catch (error) {
    if (error instanceof ImportError) throw error;
    throw new ImportError("bad_zip", "The archive has no end: it may be cut off.");
  }
  return listed;
}

/** Goes through the archive once. Where it does not follow its own rules, the stream ends early and files stay incomplete. */
async function unpack(bytes: Uint8Array, wanted: ReadonlyMap<string, Unpacking>, pace: Pace): Promise<void> {
  // Archives in the archive may show here too, but not without end.
  let found = 0;
  const unzip = new Unzip((file) => {
    if (++found > 2 * archive_files_max) throw new ImportError("too_many", `The archive holds more than ${archive_files_max} files.`);
    const target = wanted.get(file.name);
    if (target === undefined || (file.compression !== STORED && file.compression !== DEFLATED) || !target.begin()) return;
    file.ondata = (error, part) => {
      if (error !== null) throw error;
      target.take(part);
    };
    file.start();
  });
  unzip.register(UnzipInflate);
  try {
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      unzip.push(bytes.subarray(at, at + PIECE_BYTES), at + PIECE_BYTES >= bytes.length);
      await pace.step("reading", 0, 0);
    }
  } catch (error) {
    if (error instanceof ImportError) throw error;
  }
}

/** Unpacks one file from where the list says it is, at once. The stream misses a file that holds an archive itself when sizes are only written behind the files. */
function unpackByList(bytes: Uint8Array, wanted: string, listed: Listed | undefined): Uint8Array<ArrayBuffer> | undefined {
  if (listed === undefined || listed.sizeBytes > value_bytes_max) return undefined;
  try {
    const contents = unzipSync(bytes, { filter: ({ name, size }) => name === wanted && size <= 2 * value_bytes_max })[wanted];
    return contents?.length === listed.sizeBytes && crc32(contents) === listed.crc ? contents : undefined;
  } catch {
    return undefined;
  }
}
