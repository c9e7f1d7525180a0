// What became of every row, to read, to save, and to undo.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { reportText, type Outcome, type ReportRow } from "../../import/index.ts";
import type { Progress } from "../../vault/index.ts";
import { vault } from "../state/phase.ts";
import { go } from "../state/route.ts";
import { Button } from "../ui/button.tsx";
import { Segments } from "../ui/form.tsx";
import { Notice, ProgressBar } from "../ui/notice.tsx";
import { saveFile } from "../ui/save.ts";
import { useTask } from "../ui/task.ts";
import { toast } from "../ui/toast.tsx";
import { VirtualList } from "../ui/virtual.tsx";
import { t } from "../words/index.ts";
import { undoImport, type Done } from "./apply.ts";
import { Counts } from "./counts.tsx";

const OUTCOMES: readonly Outcome[] = ["imported", "merged", "skipped", "altered", "failed"];
const looks: Record<Outcome, string> = { imported: "good", merged: "good", skipped: "", altered: "warn", failed: "bad" };

export function Report({ done, onAgain }: { done: Done; onAgain: () => void }): JSX.Element {
  const words = t.transfer.report;
  const { report } = done;
  const task = useTask();
  const progress = useSignal<Progress | null>(null);
  const undone = useSignal(false);
  const undo = async (): Promise<void> => {
    await undoImport(vault().entries, done, { onProgress: (now) => (progress.value = now) });
    undone.value = true;
    toast(words.undone);
  };
  const stored = done.receipt.entryIds.some((id) => id !== null) || done.merged.length > 0;
  return (
    <>
      <Notice look={report.counts.failed > 0 ? "warn" : "good"} title={done.stopped ? words.stopped : words.title}>
        <p>{undone.value ? words.undone : report.losses.length === 0 ? words.nothingLost : words.losses(report.losses.length)}</p>
      </Notice>
      <Counts items={OUTCOMES.map((outcome) => [report.counts[outcome], words.outcomes[outcome]] as const)} />
      {report.losses.length > 0 && (
        <section class="card" aria-labelledby="losses">
          <h2 id="losses">{words.lossesTitle}</h2>
          <ul class="scroll-box" tabIndex={0} aria-labelledby="losses">
            {report.losses.map((loss, index) => (
              <li key={index}>{loss}</li>
            ))}
          </ul>
        </section>
      )}
      <Rows rows={report.rows} />
      {task.error.value !== null && <Notice look="bad">{task.error.value}</Notice>}
      {task.busy.value && progress.value !== null && <ProgressBar label={words.undoing} done={progress.value.done} total={progress.value.total} />}
      <p class="hint">{t.transfer.import.afterwards}</p>
      <div class="buttons">
        <Button look="primary" onClick={() => go({ page: "entries", id: null, view: "show" })}>
          {words.toEntries}
        </Button>
        <Button icon="document" onClick={() => saveFile(new Blob([reportText(report)], { type: "text/plain" }), words.fileName)}>
          {words.save}
        </Button>
        {stored && !undone.value && (
          <Button icon="undo" busy={task.busy.value} onClick={() => void task.run(undo)}>
            {words.undo}
          </Button>
        )}
        <Button onClick={onAgain}>{words.again}</Button>
      </div>
    </>
  );
}

function Rows({ rows }: { rows: readonly ReportRow[] }): JSX.Element {
  const words = t.transfer.report;
  const shown = useSignal<Outcome | "all">("all");
  const visible = rows.filter((row) => shown.value === "all" || row.outcome === shown.value);
  const options = (["all", ...OUTCOMES] as const).map((value) => ({
    value,
    label: value === "all" ? t.transfer.import.shown.all : words.outcomes[value],
  }));
  return (
    <section class="stack" aria-labelledby="report-rows">
      <h2 id="report-rows">{t.transfer.import.rows}</h2>
      <Segments label={t.transfer.import.showRows} hideLabel value={shown.value} options={options} onChange={(value) => (shown.value = value)} />
      <VirtualList
        label={t.transfer.import.rows}
        items={visible}
        keyOf={(row) => row.index}
        row={(row) => (
          <>
            <div>
              <strong class="cut">{row.title || t.entries.untitled}</strong>
              <span class="cut hint" title={row.notes.join(" ")}>
                {[row.place, ...row.notes].join(" · ")}
              </span>
            </div>
            <span class={`badge ${looks[row.outcome]}`}>{words.outcomes[row.outcome]}</span>
          </>
        )}
      />
    </section>
  );
}
