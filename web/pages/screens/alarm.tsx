// The one alarm: the server gave something that the vault did not make. Nothing else is on screen, and nothing here goes on.
import type { JSX } from "preact";
import type { Alarm } from "../../vault/index.ts";
import { Button } from "../ui/button.tsx";
import { Icon } from "../ui/icons.tsx";
import { ScreenCard } from "../ui/screen.tsx";
import { dateTime } from "../words/format.ts";
import { t } from "../words/index.ts";

export function AlarmScreen({ alarm }: { alarm: Alarm }): JSX.Element {
  const words = t.screens.alarm;
  return (
    <ScreenCard title={words.title} look="alarm">
      <div class="alarm-mark" role="alert">
        <Icon name="warning" size={36} />
        <p>
          <strong>{alarm.message}</strong>
        </p>
      </div>
      <div class="stack">
        <h2>{words.what}</h2>
        <ol class="points">
          {words.steps.map((step, index) => (
            <li key={step}>
              <strong>{index + 1}.</strong>
              <span>{step}</span>
            </li>
          ))}
        </ol>
      </div>
      <details>
        <summary>{words.details}</summary>
        <div class="stack">
          <p class="secret-box">{`${words.when}: ${dateTime(Date.now())}\n${alarm.reason}`}</p>
          <p class="hint">{words.kept}</p>
        </div>
      </details>
      <Button icon="refresh" onClick={() => location.reload()}>
        {words.reload}
      </Button>
    </ScreenCard>
  );
}
