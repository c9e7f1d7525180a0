// The recovery kit: shown and printed once, then typed back before it is in force. Used at set-up and in the settings.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { RecoveryDraft } from "../../vault/index.ts";
import { Button } from "../ui/button.tsx";
import { copySecret } from "../ui/clipboard.ts";
import { SelectField, TextField } from "../ui/form.tsx";
import { Notice } from "../ui/notice.tsx";
import { Qr } from "../ui/qr.tsx";
import { useTask } from "../ui/task.ts";
import { date, span } from "../words/format.ts";
import { t } from "../words/index.ts";

const HOUR_S = 3_600;
const DELAYS_S = [HOUR_S, 24 * HOUR_S, 48 * HOUR_S, 7 * 24 * HOUR_S];
export const DELAY_DEFAULT_S = 24 * HOUR_S;

/** What stands on the sheet, as lines. No address that a phone would open by itself: the code would stand in its history. */
function kitText(draft: RecoveryDraft): string {
  const words = t.screens.setup.kit;
  return `${words.code}: ${draft.code}\n${words.vaultId}: ${draft.vaultId}\n${words.server}: ${draft.node}\n`;
}

/** The sheet itself; the only thing on this site that prints. */
export function KitSheet({ draft }: { draft: RecoveryDraft }): JSX.Element {
  const words = t.screens.setup.kit;
  return (
    <section class="kit" aria-label={words.heading}>
      <h2>{words.heading}</h2>
      <dl class="stack">
        <div>
          <dt>{words.code}</dt>
          <dd class="groups" data-testid="recovery-code">
            {draft.code.split("-").map((group, index, groups) => (
              <span key={index}>{index < groups.length - 1 ? `${group}-` : group}</span>
            ))}
          </dd>
        </div>
        <div>
          <dt>{words.vaultId}</dt>
          <dd data-testid="vault-id">{draft.vaultId}</dd>
        </div>
        <div>
          <dt>{words.server}</dt>
          <dd>{draft.node}</dd>
        </div>
        <div>
          <dt>{words.made}</dt>
          <dd>{date(Date.now())}</dd>
        </div>
      </dl>
      <Qr text={kitText(draft)} label={words.qr} />
      <p class="hint">{words.howto}</p>
    </section>
  );
}

/** The sheet with its buttons. */
export function ShowKit({ draft, onNext }: { draft: RecoveryDraft; onNext: () => void }): JSX.Element {
  const words = t.screens.setup.kit;
  const text = kitText(draft);
  return (
    <>
      <KitSheet draft={draft} />
      <p class="soft">{words.once}</p>
      <div class="buttons">
        <Button icon="print" onClick={() => window.print()}>
          {words.print}
        </Button>
        <Button icon="copy" onClick={() => void copySecret(words.heading, text)}>
          {words.copyKit}
        </Button>
        <Button look="primary" onClick={onNext}>
          {words.next}
        </Button>
      </div>
    </>
  );
}

/** Puts the kit in force once it was typed back. */
export function TypeBack({ draft, onBack, onDone }: { draft: RecoveryDraft; onBack: () => void; onDone: () => void }): JSX.Element {
  const words = t.screens.setup.typeBack;
  const typed = useSignal("");
  const delay = useSignal(DELAY_DEFAULT_S);
  const task = useTask();
  const right = draft.matches(typed.value);
  const long = typed.value.replace(/[^0-9a-z]/gi, "").length >= draft.code.replace(/-/g, "").length;
  const confirm = async (): Promise<void> => {
    await draft.confirm(typed.value, delay.value);
    onDone();
  };
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (right) void task.run(confirm);
      }}
    >
      <TextField
        label={words.label}
        value={typed.value}
        onInput={(text) => (typed.value = text)}
        code
        required
        rows={2}
        error={long && !right ? words.mismatch : undefined}
      />
      <SelectField
        label={words.delay}
        hint={words.delayHint}
        value={String(delay.value)}
        options={DELAYS_S.map((seconds) => ({ value: String(seconds), label: span(seconds * 1000) }))}
        onChange={(value) => (delay.value = Number(value))}
      />
      {task.error.value !== null && <Notice look="bad">{task.error.value}</Notice>}
      <div class="buttons">
        <Button onClick={onBack}>{words.show}</Button>
        <Button type="submit" look="primary" busy={task.busy.value} disabled={!right}>
          {words.confirm}
        </Button>
      </div>
    </form>
  );
}
