// Emptying the trash.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { vault } from "../state/phase.ts";
import { Button } from "../ui/button.tsx";
import { Confirm } from "../ui/dialog.tsx";
import { toast } from "../ui/toast.tsx";
import { t } from "../words/index.ts";

export function TrashTools(): JSX.Element {
  const asking = useSignal(false);
  const ids = (): string[] =>
    vault()
      .entries.all()
      .filter((entry) => entry.trashed)
      .map((entry) => entry.id);
  return (
    <>
      <Button look="quiet" small onClick={() => (asking.value = true)}>
        {t.entries.emptyTrash.button}
      </Button>
      {asking.value && (
        <Confirm
          title={t.entries.emptyTrash.title}
          action={t.entries.emptyTrash.action}
          danger
          onClose={() => (asking.value = false)}
          onConfirm={async () => {
            const all = ids();
            await vault().entries.purge(all);
            toast(t.entries.purged(all.length));
          }}
        >
          <p>{t.entries.emptyTrash.body(ids().length)}</p>
          <p class="hint">{t.common.passkeyNeeded}</p>
        </Confirm>
      )}
    </>
  );
}
