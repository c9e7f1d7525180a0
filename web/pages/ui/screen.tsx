// A page of its own outside the vault: one card in the middle. Its heading takes the focus, so that a screen reader begins there.
import { useEffect, useRef } from "preact/hooks";
import type { ComponentChildren, JSX } from "preact";
import { t } from "../words/index.ts";
import { Mark } from "./icons.tsx";

/** The card; `look` "alarm" is for one case only. */
export function ScreenCard({
  title,
  lead,
  look,
  children,
}: {
  title: string;
  lead?: string;
  look?: "alarm";
  children?: ComponentChildren;
}): JSX.Element {
  return (
    <main class={look === "alarm" ? "screen alarm" : "screen"}>
      <div class="screen-card">
        {look === undefined && <Mark size={36} />}
        <div class="stack">
          <Heading text={title} />
          {lead !== undefined && <p class="lead">{lead}</p>}
        </div>
        {children}
      </div>
      <p class="screen-foot">{t.common.product}</p>
    </main>
  );
}

/**
 * A first heading that takes the focus when its text changes, and names the tab. `tab` stands there instead where the heading tells something of
 * the vault: browsers keep the names of tabs in their history, and some send that history elsewhere.
 */
export function Heading({ text, tab = text }: { text: string; tab?: string }): JSX.Element {
  const ref = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    ref.current?.focus({ preventScroll: true });
    document.title = `${tab} · ${t.common.product}`;
  }, [text, tab]);
  return (
    <h1 ref={ref} tabIndex={-1}>
      {text}
    </h1>
  );
}
