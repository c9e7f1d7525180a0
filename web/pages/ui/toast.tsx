// Short messages that pass by, each with at most one thing to do about it.
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import type { JSX } from "preact";
import { t } from "../words/index.ts";
import { explain } from "../state/failure.ts";
import { Button, IconButton } from "./button.tsx";

/** With something to do about it there is time to read and decide. */
const ACTION_MS = 10_000;
const PLAIN_MS = 5_000;
const TOASTS_MAX = 3;

interface Toast {
  id: number;
  text: string;
  action?: { label: string; run: () => Promise<void> };
}

const toasts = signal<readonly Toast[]>([]);
let last = 0;

/** Shows a message for a few seconds, longer while the pointer or the focus is on its buttons. A newer one takes the place of one without an action. */
export function toast(text: string, action?: Toast["action"]): void {
  last += 1;
  const next: Toast = action === undefined ? { id: last, text } : { id: last, text, action };
  toasts.value = [...toasts.value.filter((item) => item.action !== undefined), next].slice(-TOASTS_MAX);
}

function dismiss(id: number): void {
  toasts.value = toasts.value.filter((item) => item.id !== id);
}

/** Where the messages appear. */
export function Toasts(): JSX.Element {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((item) => (
        <ToastLine key={item.id} item={item} />
      ))}
    </div>
  );
}

function ToastLine({ item }: { item: Toast }): JSX.Element {
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (held) return;
    const timer = setTimeout(() => dismiss(item.id), item.action === undefined ? PLAIN_MS : ACTION_MS);
    return () => clearTimeout(timer);
  }, [held, item.id]);
  const act = (): void => {
    dismiss(item.id);
    item.action?.run().catch((failure: unknown) => toast(explain(failure)));
  };
  return (
    <div
      class="toast"
      onMouseEnter={() => setHeld(true)}
      onMouseLeave={() => setHeld(false)}
      onFocusCapture={() => setHeld(true)}
      onBlurCapture={() => setHeld(false)}
    >
      <span>{item.text}</span>
      {item.action !== undefined && (
        <Button look="quiet" small onClick={act}>
          {item.action.label}
        </Button>
      )}
      <IconButton label={t.common.dismiss} icon="close" small onClick={() => dismiss(item.id)} />
    </div>
  );
}
