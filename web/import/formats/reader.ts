// What every format's reader is given and gives back.

import type { Json } from "../json.ts";
import type { Pace } from "../pace.ts";
import type { ImportPlan, Notice, PlanRow } from "../types.ts";

/** A file to be read. */
export interface Input {
  bytes: Uint8Array<ArrayBuffer>;
  pace: Pace;
  password: string | undefined;
}

/** What a reader has found. */
export interface Found {
  source: string;
  rows: PlanRow[];
  about: ImportPlan["about"];
  notices: Notice[];
}

/** One format. */
export type Reader = (input: Input) => Promise<Found>;

/** The leaves of a value with a name for each: for members that a reader does not know. */
export function leaves(name: string, value: Json | undefined): [name: string, text: string][] {
  if (value === undefined || value === null || value === "") return [];
  if (Array.isArray(value)) return value.flatMap((item, i) => leaves(value.length === 1 ? name : `${name} ${i + 1}`, item));
  if (typeof value === "object") return Object.entries(value).flatMap(([key, member]) => leaves(`${name} ${key}`.trim(), member));
  return [[name, String(value)]];
}

/** The moment in ISO 8601; text that is no number stays as it is, and so does a number that is no date. */
export function isoTime(value: Json | undefined, unit: "s" | "ms" = "s"): string {
  if (typeof value === "string" && !/^-?\d{1,16}$/.test(value)) return value;
  if (typeof value !== "number" && typeof value !== "string") return "";
  const date = new Date(Number(value) * (unit === "s" ? 1000 : 1));
  return Number.isNaN(date.getTime()) ? String(value) : date.toISOString().replace(".000Z", "Z");
}
