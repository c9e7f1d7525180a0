// Boxes that say something: a hint, a warning, a failure, an empty place, how far a piece of work is.
import type { ComponentChildren, JSX } from "preact";
import { t } from "../words/index.ts";
import { Icon, type IconName } from "./icons.tsx";

const icons: Record<"info" | "good" | "warn" | "bad", IconName> = { info: "info", good: "check", warn: "warning", bad: "warning" };

/** A boxed message. `bad` is announced at once. */
export function Notice({
  look,
  title,
  children,
}: {
  look: "info" | "good" | "warn" | "bad";
  title?: string;
  children?: ComponentChildren;
}): JSX.Element {
  return (
    <div class={`notice ${look}`} role={look === "bad" ? "alert" : undefined}>
      <Icon name={icons[look]} />
      <div>
        {title !== undefined && <strong>{title}</strong>}
        {children}
      </div>
    </div>
  );
}

/** What stands where there is nothing yet. */
export function Empty({ icon, title, children }: { icon: IconName; title: string; children?: ComponentChildren }): JSX.Element {
  return (
    <div class="empty">
      <Icon name={icon} />
      <h2>{title}</h2>
      {children}
    </div>
  );
}

/** A progress bar with its words. `total` 0: it is not known how much there is. */
export function ProgressBar({ label, done, total }: { label: string; done: number; total: number }): JSX.Element {
  return (
    <div class="stack tight">
      <div class="row spread">
        <span>{label}</span>
        {total > 0 && <span class="soft">{t.common.doneOf(done, total)}</span>}
      </div>
      {total > 0 ? <progress class="progress" aria-label={label} value={done} max={total} /> : <progress class="progress" aria-label={label} />}
    </div>
  );
}
