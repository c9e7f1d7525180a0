// Taking everything out: what to write, a warning, the passkey, the file.
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { JSX } from "preact";
import type { Exported, ExportOptions } from "../../export/index.ts";
import { vault } from "../state/phase.ts";
import { Button } from "../ui/button.tsx";
import { Check, Segments, TextField } from "../ui/form.tsx";
import { Notice, ProgressBar } from "../ui/notice.tsx";
import { saveFile } from "../ui/save.ts";
import { Heading } from "../ui/screen.tsx";
import { useTask } from "../ui/task.ts";
import { t } from "../words/index.ts";

type Form = "sealed" | "json" | "csv";

interface Choice {
  form: Form;
  passphrase: string;
  again: string;
  understood: boolean;
}

export function ExportPage(): JSX.Element {
  const words = t.transfer.export;
  const choice = useSignal<Choice>({ form: "sealed", passphrase: "", again: "", understood: false });
  const progress = useSignal<{ done: number; total: number } | null>(null);
  const done = useSignal<Exported | null>(null);
  const wrong = useSignal<string | null>(null);
  const stop = useRef<AbortController | null>(null);
  const task = useTask();
  const set = (patch: Partial<Choice>): void => {
    choice.value = { ...choice.value, ...patch };
  };
  const run = async (): Promise<void> => {
    stop.current = new AbortController();
    done.value = null;
    const file = await write(choice.value, stop.current.signal, (now) => (progress.value = now));
    saveFile(file.blob, file.fileName);
    done.value = file;
    set({ passphrase: "", again: "" });
  };
  const { form, passphrase, again, understood } = choice.value;
  const error = wrong.value ?? task.error.value;
  return (
    <form
      class="page"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void problem(choice.value).then((text) => {
          wrong.value = text;
          if (text === null) void task.run(run);
        });
      }}
    >
      <header class="page-head">
        <Heading text={words.title} />
        <p>{words.lead}</p>
      </header>
      <section class="card" aria-label={words.form}>
        <Segments
          label={words.form}
          value={form}
          options={(["sealed", "json", "csv"] as const).map((value) => ({ value, label: words.forms[value] }))}
          onChange={(value) => set({ form: value })}
        />
        <p class="soft">{words.about[form]}</p>
        {form === "sealed" ? (
          <div class="two">
            <TextField
              label={words.passphrase}
              hint={words.passphraseHint}
              type="password"
              autocomplete="new-password"
              value={passphrase}
              onInput={(text) => set({ passphrase: text })}
            />
            <TextField label={words.again} type="password" autocomplete="new-password" value={again} onInput={(text) => set({ again: text })} />
          </div>
        ) : (
          <Notice look="warn" title={words.warningTitle}>
            <p>{words.warning}</p>
            <Check checked={understood} onChange={(on) => set({ understood: on })}>
              {words.understood}
            </Check>
          </Notice>
        )}
      </section>
      {error !== null && <Notice look="bad">{error}</Notice>}
      {task.busy.value && progress.value !== null && <ProgressBar label={words.writing} done={progress.value.done} total={progress.value.total} />}
      {done.value !== null && <Finished file={done.value} />}
      <div class="buttons">
        <Button type="submit" look="primary" icon="passkey" busy={task.busy.value}>
          {words.start}
        </Button>
        {task.busy.value && <Button onClick={() => stop.current?.abort()}>{t.common.cancel}</Button>}
      </div>
      <p class="hint">{t.common.passkeyNeeded}</p>
    </form>
  );
}

function Finished({ file }: { file: Exported }): JSX.Element {
  const words = t.transfer.export;
  return (
    <Notice look="good" title={words.done(file.entries, file.fileName)}>
      {file.leftOut.length > 0 && (
        <>
          <p>{words.leftOut}</p>
          <ul>
            {file.leftOut.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </>
      )}
    </Notice>
  );
}

async function problem(choice: Choice): Promise<string | null> {
  const { PASSPHRASE_CHARS_MIN } = await import("../../export/index.ts");
  const words = t.transfer.export;
  if (choice.form !== "sealed") return choice.understood ? null : words.notUnderstood;
  if ([...choice.passphrase].length < PASSPHRASE_CHARS_MIN) return words.tooShort(PASSPHRASE_CHARS_MIN);
  return choice.passphrase === choice.again ? null : words.differs;
}

async function write(choice: Choice, signal: AbortSignal, onProgress: (progress: { done: number; total: number }) => void): Promise<Exported> {
  const { exportCsv, exportEntries, exportJson, exportSealed } = await import("../../export/index.ts");
  const open = vault();
  const total = open.entries.all().filter((entry) => !entry.trashed).length;
  const options: ExportOptions = { vaultName: open.name, exportedAtMs: Date.now(), total, onProgress, signal };
  const source = exportEntries(open.entries.exportAll({ signal }));
  if (choice.form === "sealed") return exportSealed(source, choice.passphrase, options);
  return choice.form === "json" ? exportJson(source, options) : exportCsv(source, options);
}
