// Every way in which a file can be refused, each with a name and a sentence for the person who chose the file.

/** Names of refusals; stable, for tests and for the interface. */
export type ImportErrorCode =
  | "aborted" | "empty" | "too_large" | "too_many" | "too_deep" | "unknown_format" | "not_text" | "bad_csv" | "bad_json" | "bad_zip"
  | "bad_shape" | "unsupported" | "account_restricted" | "password_needed" | "password_wrong" | "damaged" | "cost_too_high";

/** A file that was refused as a whole: nothing of it was taken, and the file itself is untouched. */
export class ImportError extends Error {
  override readonly name = "ImportError";
  readonly code: ImportErrorCode;
  /** Where in the file: `line 12`, `items[3]`. */
  readonly place: string | undefined;

  constructor(code: ImportErrorCode, message: string, place?: string) {
    super(place === undefined ? message : `${message} (${place})`);
    this.code = code;
    this.place = place;
  }
}
