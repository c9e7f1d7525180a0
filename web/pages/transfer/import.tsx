// Import: choose a file, look at what would happen, let it happen, read the report, undo it if it was wrong.
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { JSX } from "preact";
import { compare, detect, existingEntries, parse, type Comparison, type Detection, type Format, type Progress } from "../../import/index.ts";
import { vault } from "../state/phase.ts";
import { Button } from "../ui/button.tsx";
import { TextField } from "../ui/form.tsx";
import { Notice, ProgressBar } from "../ui/notice.tsx";
import { Heading } from "../ui/screen.tsx";
import { useTask, type Task } from "../ui/task.ts";
import { t } from "../words/index.ts";
import { applyImport, type Done } from "./apply.ts";
import { ChooseFile } from "./choose.tsx";
import { Preview } from "./preview.tsx";
import { Report } from "./report.tsx";

type Step =
  | { at: "choose" }
  | { at: "password"; file: File; detection: Detection }
  | { at: "preview"; file: File; detection: Detection; comparison: Comparison; password: string | null }
  | { at: "done"; done: Done };

export function ImportPage(): JSX.Element {
  const step = useSignal<Step>({ at: "choose" });
  const progress = useSignal<Progress | null>(null);
  const stop = useRef<AbortController | null>(null);
  const task = useTask();

  const work = (job: (signal: AbortSignal) => Promise<void>): Promise<boolean> =>
    task.run(async () => {
      stop.current = new AbortController();
      try {
        await job(stop.current.signal);
      } finally {
        progress.value = null;
      }
    });
  const onProgress = (now: Progress): void => {
    progress.value = now;
  };
  const read = (file: File, detection: Detection, password: string | null, format: Format): Promise<boolean> =>
    work(async (signal) => {
      const plan = await parse(file, { format, onProgress, signal, ...(password === null ? {} : { password }) });
      const entries = vault().entries;
      const comparison = await compare(plan, existingEntries(entries.all()), (text) => entries.importMac(text), { onProgress, signal });
      step.value = { at: "preview", file, detection: { ...detection, format }, comparison, password };
    });
  const choose = async (file: File): Promise<void> => {
    let found: Detection | null = null;
    await work(async () => {
      found = await detect(file);
    });
    const detection = found as Detection | null;
    if (detection === null) return;
    if (detection.needsPassword) step.value = { at: "password", file, detection };
    else await read(file, detection, null, detection.format);
  };
  const apply = (comparison: Comparison): Promise<boolean> =>
    work(async (signal) => {
      step.value = {
        at: "done",
        done: await applyImport(vault().entries, comparison, { onProgress: (now) => onProgress({ step: "writing", ...now }), signal }),
      };
    });
  const restart = (): void => {
    task.error.value = null;
    step.value = { at: "choose" };
  };
  const now = step.value;
  return (
    <div class="page">
      <header class="page-head">
        <Heading text={t.transfer.import.title} />
        {now.at === "choose" && <p>{t.transfer.import.lead}</p>}
      </header>
      {task.error.value !== null && <Notice look="bad">{task.error.value}</Notice>}
      {task.busy.value ? (
        <Working progress={progress.value} onStop={() => stop.current?.abort()} />
      ) : (
        <>
          {now.at === "choose" && <ChooseFile onFile={(file) => void choose(file)} />}
          {now.at === "password" && (
            <AskPassword task={task} onBack={restart} onPassword={(password) => void read(now.file, now.detection, password, now.detection.format)} />
          )}
          {now.at === "preview" && (
            <Preview
              comparison={now.comparison}
              detection={now.detection}
              fileName={now.file.name}
              onFormat={(format) => void read(now.file, now.detection, now.password, format)}
              onBack={restart}
              onApply={() => void apply(now.comparison)}
            />
          )}
          {now.at === "done" && <Report done={now.done} onAgain={restart} />}
        </>
      )}
    </div>
  );
}

function Working({ progress, onStop }: { progress: Progress | null; onStop: () => void }): JSX.Element {
  return (
    <section class="card" aria-live="polite">
      <ProgressBar label={t.transfer.import.steps[progress?.step ?? "reading"]} done={progress?.done ?? 0} total={progress?.total ?? 0} />
      <div class="buttons">
        <Button onClick={onStop}>{t.transfer.import.stop}</Button>
      </div>
    </section>
  );
}

function AskPassword({ onPassword, onBack, task }: { onPassword: (password: string) => void; onBack: () => void; task: Task }): JSX.Element {
  const words = t.transfer.import;
  const password = useSignal("");
  return (
    <form
      class="card"
      onSubmit={(event) => {
        event.preventDefault();
        onPassword(password.value);
      }}
    >
      <TextField
        label={words.password}
        hint={words.passwordHint}
        type="password"
        value={password.value}
        onInput={(text) => (password.value = text)}
        required
        autofocus
      />
      <div class="buttons">
        <Button type="submit" look="primary" busy={task.busy.value}>
          {t.common.next}
        </Button>
        <Button onClick={onBack}>{t.common.cancel}</Button>
      </div>
    </form>
  );
}
