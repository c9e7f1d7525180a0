// A long list of which only the rows in sight exist. The box itself can be scrolled with the keyboard.
import { useRef } from "preact/hooks";
import type { ComponentChildren, JSX } from "preact";
import { useWindow } from "./window.ts";

const ROW_PX = 60;

interface Props<T> {
  label: string;
  items: readonly T[];
  keyOf: (item: T) => string | number;
  row: (item: T) => ComponentChildren;
}

export function VirtualList<T>({ label, items, keyOf, row }: Props<T>): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const { from, to, onScroll } = useWindow(box, items.length, ROW_PX);
  return (
    <div class="virtual" ref={box} tabIndex={0} role="group" aria-label={label} onScroll={onScroll}>
      <ul class="virtual-space" style={{ height: `${items.length * ROW_PX}px` }}>
        {items.slice(from, to).map((item, offset) => (
          <li
            key={keyOf(item)}
            class="virtual-row"
            aria-posinset={from + offset + 1}
            aria-setsize={items.length}
            style={{ transform: `translateY(${(from + offset) * ROW_PX}px)` }}
          >
            {row(item)}
          </li>
        ))}
      </ul>
    </div>
  );
}
