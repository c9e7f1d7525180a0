// Limits of an import, each with its unit last.

/** Largest file of text (CSV, JSON). */
export const text_bytes_max = 128 * 1024 * 1024;
/** Largest archive. */
export const archive_bytes_max = 512 * 1024 * 1024;
/** Files in an archive. */
export const archive_files_max = 20_000;
/** All that an archive unpacks to. */
export const unpacked_bytes_max = 1024 * 1024 * 1024;
/** Nesting of JSON. */
export const json_depth_max = 64;
/** Rows of a file. */
export const rows_max = 100_000;
/** Columns of a CSV file. */
export const columns_max = 1_000;
/** What one record can hold: 1 MiB less header, commitment, tag and the padding that Padmé rounds down to (docs/FORMAT.md section 4). */
export const value_bytes_max = 1_032_188;
/** Fields of one entry, a few less than the vault takes; more go into one note. */
export const fields_max = 250;
/** A descriptive value longer than this is kept as a note, so that the list of entries stays small. */
export const descriptive_chars_max = 2_048;
/** All descriptive values and facts of an entry together; above that the longest become notes, so that its summary fits into a record. */
export const summary_chars_max = 32 * 1024;
/** A fact about a row longer than this becomes a note. */
export const detail_chars_max = 1_024;
/** All facts about a row together. */
export const details_chars_max = 16 * 1024;
/** A title longer than this is cut, and kept whole in a field. */
export const title_chars_max = 256;
export const label_chars_max = 200;
export const folder_chars_max = 1_024;
export const destinations_max = 50;
export const destination_chars_max = 270;
export const tags_max = 100;
export const tag_chars_max = 100;
/** A piece of JSON that is parsed in one go. */
export const json_piece_chars_max = 64 * 1024;
/** Longest time at a stretch before the page gets its turn. */
export const slice_ms_max = 8;

/** Highest costs that a password-protected file may ask for, so that a made-up file cannot freeze the page for hours. */
export const pbkdf2_iterations_max = 10_000_000;
export const argon2_memory_mib_max = 1_024;
export const argon2_passes_max = 50;
export const argon2_lanes_max = 16;
