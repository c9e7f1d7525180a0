// The vault is locked: one button.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { JSX } from "preact";
import type { Incident } from "../../vault/index.ts";
import { client, enter } from "../state/open.ts";
import { phase } from "../state/phase.ts";
import { Button } from "../ui/button.tsx";
import { Notice } from "../ui/notice.tsx";
import { ScreenCard } from "../ui/screen.tsx";
import { useTask } from "../ui/task.ts";
import { dateTime } from "../words/format.ts";
import { t } from "../words/index.ts";

export function Unlock({ why }: { why: "locked" | "session over" | null }): JSX.Element {
  const words = t.screens.unlock;
  const task = useTask();
  const known = useSignal<string | null>(null);
  const incidents = useSignal<readonly Incident[]>([]);
  useEffect(() => {
    void client()
      .known()
      .then(
        (list) => (known.value = list[0]?.name || null),
        () => null,
      );
    void client()
      .incidents()
      .then(
        (list) => (incidents.value = list),
        () => null,
      );
  }, []);
  return (
    <ScreenCard title={words.title} lead={words.lead}>
      {why !== null && (
        <p role="status" class="soft">
          {why === "locked" ? words.locked : words.expired}
        </p>
      )}
      {incidents.value.length > 0 && (
        <Notice look="warn">
          <p>{words.incidents(incidents.value.length)}</p>
          <details>
            <summary>{words.incidentsShow}</summary>
            <ul class="stack tight">
              {incidents.value.map((item) => (
                <li key={item.atMs} class="hint">
                  {dateTime(item.atMs)}: {item.reason}
                </li>
              ))}
            </ul>
          </details>
        </Notice>
      )}
      {task.error.value !== null && <Notice look="bad">{task.error.value}</Notice>}
      <div class="stack">
        <Button look="primary" icon="passkey" busy={task.busy.value} onClick={() => void task.run(async () => enter(await client().unlock()))}>
          {words.button}
        </Button>
        <Button look="quiet" onClick={() => (phase.value = { name: "recover" })}>
          {words.lost}
        </Button>
      </div>
      {known.value !== null && <p class="hint">{words.known(known.value)}</p>}
    </ScreenCard>
  );
}
