// A new name for the vault, an agent, a scope or a passkey.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { vault } from "../state/phase.ts";
import { t } from "../words/index.ts";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { TextField } from "./form.tsx";
import { Notice } from "./notice.tsx";
import { useTask } from "./task.ts";

interface Props {
  what: "vault" | "agent" | "scope" | "passkey";
  id: string;
  name: string;
  onClose: () => void;
}

export function RenameDialog({ what, id, name, onClose }: Props): JSX.Element {
  const text = useSignal(name);
  const task = useTask();
  const save = async (): Promise<void> => {
    await vault().rename(what, id, text.value.trim());
    onClose();
  };
  return (
    <Dialog title={t.common.rename} onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (text.value.trim() !== "") void task.run(save);
        }}
      >
        <TextField label={t.common.name} value={text.value} onInput={(value) => (text.value = value)} required autofocus />
        {task.error.value !== null && <Notice look="bad">{task.error.value}</Notice>}
        <div class="buttons end">
          <Button onClick={onClose}>{t.common.cancel}</Button>
          <Button type="submit" look="primary" busy={task.busy.value}>
            {t.common.save}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
