// A modal dialog: the browser's own, so that focus stays inside and Escape closes it.
import { useEffect, useId, useRef } from "preact/hooks";
import type { ComponentChildren, JSX } from "preact";
import { t } from "../words/index.ts";
import { Button, IconButton } from "./button.tsx";
import { Notice } from "./notice.tsx";
import { useTask } from "./task.ts";

/** A dialog that is open as long as it is rendered. */
export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ComponentChildren }): JSX.Element {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement;
    ref.current?.showModal();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={ref}
      class="dialog"
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <div class="dialog-body">
        <div class="dialog-head">
          <h2 id={id}>{title}</h2>
          <IconButton label={t.common.close} icon="close" onClick={onClose} />
        </div>
        {children}
      </div>
    </dialog>
  );
}

interface ConfirmProps {
  title: string;
  action: string;
  danger?: boolean;
  onConfirm: () => Promise<void>;
  onClose: () => void;
  children: ComponentChildren;
}

/** Asks before something that cannot be taken back, or that needs the passkey. */
export function Confirm({ title, action, danger, onConfirm, onClose, children }: ConfirmProps): JSX.Element {
  const task = useTask();
  return (
    <Dialog title={title} onClose={onClose}>
      <div class="stack">{children}</div>
      {task.error.value !== null && <Notice look="bad">{task.error.value}</Notice>}
      <div class="buttons end">
        <Button onClick={onClose}>{t.common.cancel}</Button>
        <Button look={danger ? "danger" : "primary"} busy={task.busy.value} onClick={() => void task.run(onConfirm).then((ok) => ok && onClose())}>
          {action}
        </Button>
      </div>
    </Dialog>
  );
}
