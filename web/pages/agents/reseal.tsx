// Entries that still wait for a new key after an agent was revoked.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { Progress } from "../../vault/index.ts";
import { revision, vault } from "../state/phase.ts";
import { Button } from "../ui/button.tsx";
import { Notice, ProgressBar } from "../ui/notice.tsx";
import { useTask } from "../ui/task.ts";
import { t } from "../words/index.ts";

export function Reseal(): JSX.Element | null {
  revision.value;
  const progress = useSignal<Progress | null>(null);
  const task = useTask();
  const waiting = vault().agents.waiting();
  if (waiting === 0) return null;
  return (
    <Notice look="info">
      <p>{t.agents.waiting(waiting)}</p>
      {progress.value !== null && task.busy.value ? (
        <ProgressBar label={t.agents.sealing} done={progress.value.done} total={progress.value.total} />
      ) : (
        <div>
          <Button
            small
            busy={task.busy.value}
            onClick={() => void task.run(() => vault().agents.reseal({ onProgress: (now) => (progress.value = now) }))}
          >
            {t.agents.sealNow}
          </Button>
        </div>
      )}
      {task.error.value !== null && <p class="error-text">{task.error.value}</p>}
    </Notice>
  );
}
