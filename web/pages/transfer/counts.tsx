// Numbers side by side.
import type { JSX } from "preact";
import { count } from "../words/format.ts";

export function Counts({ items }: { items: readonly (readonly [number, string])[] }): JSX.Element {
  return (
    <div class="counts">
      {items.map(([number, label]) => (
        <div key={label}>
          <strong>{count(number)}</strong>
          <span>{label}</span>
        </div>
      ))}
    </div>
  );
}
