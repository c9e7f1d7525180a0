// The one error of the format. Callers and people see the same for every failure; the layer is for tests and the local incident list.

/** Which check did not hold (vectors/README.md). Never shown, never sent. `hash`: not the record that the signed header names. */
export type Layer =
  | "envelope" | "commitment" | "aead" | "padding" | "signature" | "key" | "shape" | "cbor" | "rule" | "chain" | "hpke" | "code" | "token" | "enrol"
  | "prf" | "pin" | "checkpoint" | "merkle" | "hash";

/** Something was refused. */
export class Refused extends Error {
  override readonly name = "Refused";
  constructor(readonly layer: Layer, readonly note = "") {
    super("could not be opened");
  }
}

/** Throws `Refused` unless `held`. */
export function demand(held: boolean, layer: Layer, note = ""): asserts held {
  if (!held) throw new Refused(layer, note);
}
