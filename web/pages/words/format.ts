// Times and numbers as people write them.
import { locale } from "./index.ts";

const DAY_MS = 86_400_000;

const day = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
const moment = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
const number = new Intl.NumberFormat(locale);

/** "3 Nov 2026". */
export const date = (ms: number): string => day.format(ms);

/** "3 Nov 2026, 14:05". */
export const dateTime = (ms: number): string => moment.format(ms);

/** "10,000". */
export const count = (value: number): string => number.format(value);

/** "5 minutes ago", "in 2 days"; beyond a month the date. */
export function ago(ms: number, nowMs: number): string {
  const delta = ms - nowMs;
  const size = Math.abs(delta);
  if (size < 45_000) return relative.format(0, "second");
  if (size < 3_600_000) return relative.format(Math.round(delta / 60_000), "minute");
  if (size < DAY_MS) return relative.format(Math.round(delta / 3_600_000), "hour");
  if (size < 30 * DAY_MS) return relative.format(Math.round(delta / DAY_MS), "day");
  return date(ms);
}

/** "2 days", "5 hours", "12 minutes": how long something still takes, never less than it does. */
export function span(ms: number): string {
  const unit = (value: number, name: string): string =>
    new Intl.NumberFormat(locale, { style: "unit", unit: name, unitDisplay: "long" }).format(value);
  if (ms >= 2 * DAY_MS) return unit(Math.ceil(ms / DAY_MS), "day");
  if (ms >= 2 * 3_600_000) return unit(Math.ceil(ms / 3_600_000), "hour");
  if (ms >= 60_000) return unit(Math.ceil(ms / 60_000), "minute");
  return unit(Math.max(0, Math.ceil(ms / 1000)), "second");
}
