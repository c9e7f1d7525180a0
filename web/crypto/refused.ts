// The one error of the format. Callers and people see the same for every failure; the layer is for tests and the local incident list.

/** Which check did not hold. Never shown, never sent. */
export type Layer =
  | "shape" | "format" | "suite" | "kind" | "flags" | "epoch" | "length" | "commitment" | "tag" | "padding"
  | "cbor" | "rule" | "signature" | "key" | "chain" | "check" | "mac" | "proof" | "hash" | "hpke";

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
