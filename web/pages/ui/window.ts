// Which rows of a long list are in sight.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { RefObject } from "preact";

/** Rows drawn beyond the edges, so that fast scrolling shows no gaps. */
const OVERSCAN = 8;

export interface Window {
  from: number;
  to: number;
  onScroll: () => void;
  /** Brings a row into sight and returns it. */
  show: (row: number) => number;
}

/** Follows the scroll position and the height of `box`. */
export function useWindow(box: RefObject<HTMLElement | null>, rows: number, rowPx: number): Window {
  const top = useSignal(0);
  const height = useSignal(600);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => {
      height.value = element.clientHeight;
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return {
    ...slice(top.value, height.value, rows, rowPx),
    onScroll: () => {
      top.value = box.current?.scrollTop ?? 0;
    },
    show: (row) => {
      const element = box.current;
      if (element !== null) {
        if (row * rowPx < element.scrollTop) element.scrollTop = row * rowPx;
        else if ((row + 1) * rowPx > element.scrollTop + element.clientHeight) element.scrollTop = (row + 1) * rowPx - element.clientHeight;
        top.value = element.scrollTop;
      }
      return row;
    },
  };
}

/** First row drawn, and the one after the last. */
export function slice(topPx: number, heightPx: number, rows: number, rowPx: number): { from: number; to: number } {
  const from = Math.max(0, Math.min(rows, Math.floor(topPx / rowPx)) - OVERSCAN);
  return { from, to: Math.min(rows, Math.ceil((topPx + heightPx) / rowPx) + OVERSCAN) };
}
