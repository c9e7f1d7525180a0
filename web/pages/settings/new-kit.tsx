// A new recovery kit in the settings: shown, then typed back; the old one stays in force until then.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { JSX } from "preact";
import { recoveryDraft, vault } from "../state/phase.ts";
import { ShowKit, TypeBack } from "../screens/kit.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Notice } from "../ui/notice.tsx";
import { useTask } from "../ui/task.ts";
import { toast } from "../ui/toast.tsx";
import { t } from "../words/index.ts";

export function NewKitDialog({ onClose }: { onClose: () => void }): JSX.Element {
  const words = t.screens.setup;
  const typing = useSignal(false);
  const task = useTask();
  useEffect(() => {
    void task.run(async () => {
      recoveryDraft.value = await vault().ways.makeRecovery();
    });
    return () => {
      recoveryDraft.value = null;
    };
  }, []);
  const draft = recoveryDraft.value;
  return (
    <Dialog title={typing.value ? words.typeBack.title : words.kit.title} onClose={onClose}>
      <p class="soft">{typing.value ? words.typeBack.lead : t.settings.ways.kitLead}</p>
      {task.error.value !== null && <Notice look="bad">{task.error.value}</Notice>}
      {draft === null && task.error.value === null && <p role="status">{words.kit.makingIt}</p>}
      {draft !== null && !typing.value && <ShowKit draft={draft} onNext={() => (typing.value = true)} />}
      {draft !== null && typing.value && (
        <TypeBack
          draft={draft}
          onBack={() => (typing.value = false)}
          onDone={() => {
            toast(t.settings.ways.kitInForce);
            onClose();
          }}
        />
      )}
    </Dialog>
  );
}
