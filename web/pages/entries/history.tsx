// All versions of an entry, what each changed, and the way back to any of them.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { JSX } from "preact";
import type { Entry, EntryVersion, VersionChange } from "../../vault/index.ts";
import { agentNames } from "../state/attention.ts";
import { explain } from "../state/failure.ts";
import { vault } from "../state/phase.ts";
import { go } from "../state/route.ts";
import { Button } from "../ui/button.tsx";
import { Confirm } from "../ui/dialog.tsx";
import { Notice } from "../ui/notice.tsx";
import { Heading } from "../ui/screen.tsx";
import { useTask } from "../ui/task.ts";
import { toast } from "../ui/toast.tsx";
import { dateTime } from "../words/format.ts";
import { t } from "../words/index.ts";

export function History({ entry }: { entry: Entry }): JSX.Element {
  const versions = useSignal<readonly EntryVersion[] | null>(null);
  const error = useSignal<string | null>(null);
  useEffect(() => {
    vault()
      .entries.history(entry.id)
      .then(
        (list) => (versions.value = list),
        (failure: unknown) => (error.value = explain(failure)),
      );
  }, [entry.id, entry.version]);
  return (
    <div class="page">
      <header class="page-head">
        <Heading text={t.entries.historyOf(entry.title)} tab={t.entries.history} />
        <Button icon="back" onClick={() => go({ page: "entries", id: entry.id, view: "show" })}>
          {t.common.back}
        </Button>
      </header>
      {error.value !== null && <Notice look="bad">{error.value}</Notice>}
      {versions.value === null && error.value === null && <p role="status">{t.common.loading}</p>}
      <ol class="stack">
        {versions.value?.map((version, index, all) => (
          <li key={version.version}>
            <Version entry={entry} version={version} before={all[index + 1] ?? null} newest={index === 0} />
          </li>
        ))}
      </ol>
    </div>
  );
}

function Version({
  entry,
  version,
  before,
  newest,
}: {
  entry: Entry;
  version: EntryVersion;
  before: EntryVersion | null;
  newest: boolean;
}): JSX.Element {
  const asking = useSignal(false);
  const author = version.author === null ? t.common.you : (agentNames.value.get(version.author) ?? t.entries.anAgent);
  const revert = async (): Promise<void> => {
    await vault().entries.revert(entry.id, version.version);
    toast(t.entries.reverted(version.version));
  };
  return (
    <article class="card version">
      <div class="card-head">
        <div>
          <h2>
            {t.entries.versionTitle(version.version)}
            {newest && (
              <>
                {" "}
                <span class="badge good">{t.entries.current}</span>
              </>
            )}
          </h2>
          <p class="hint">
            {dateTime(version.atMs)} · {author}
          </p>
        </div>
        {!newest && !version.trashed && (
          <Button small icon="undo" onClick={() => (asking.value = true)}>
            {t.entries.revert}
          </Button>
        )}
      </div>
      {version.changes.map((change, index) => (
        <Change key={index} entry={entry} version={version} before={before} change={change} />
      ))}
      {asking.value && (
        <Confirm title={t.entries.revertTitle(version.version)} action={t.entries.revert} onConfirm={revert} onClose={() => (asking.value = false)}>
          <p>{t.entries.revertBody}</p>
        </Confirm>
      )}
    </article>
  );
}

function Change({
  entry,
  version,
  before,
  change,
}: {
  entry: Entry;
  version: EntryVersion;
  before: EntryVersion | null;
  change: VersionChange;
}): JSX.Element {
  const label = labelOf(change, version) ?? labelOf(change, before);
  return (
    <div class="change">
      <strong>{t.entries.changes[change.what](label ?? "")}</strong>
      {change.before !== undefined && change.before !== "" && <del>{wordOf(change, change.before)}</del>}
      {change.after !== undefined && change.after !== "" && <ins>{wordOf(change, change.after)}</ins>}
      {change.what === "value changed" && change.before === undefined && change.after === undefined && change.fieldId !== undefined && (
        <SealedDiff entryId={entry.id} fieldId={change.fieldId} label={label ?? ""} version={version} before={before} />
      )}
    </div>
  );
}

/** A tier is recorded as its number; people know it by its word. */
const wordOf = (change: VersionChange, text: string): string =>
  change.what === "tier changed" && (text === "1" || text === "2" || text === "3") ? t.kinds.tier[text] : text;

const labelOf = (change: VersionChange, version: EntryVersion | null): string | undefined =>
  version?.fields.find((field) => field.id === change.fieldId)?.label;

/** Old and new value of a sealed field, opened only when asked for. */
function SealedDiff({
  entryId,
  fieldId,
  label,
  version,
  before,
}: {
  entryId: string;
  fieldId: string;
  label: string;
  version: EntryVersion;
  before: EntryVersion | null;
}): JSX.Element {
  const shown = useSignal<{ old: string | null; now: string } | null>(null);
  const task = useTask();
  const open = async (): Promise<void> => {
    if (shown.value !== null) {
      shown.value = null;
      return;
    }
    const old =
      before !== null && before.fields.some((field) => field.id === fieldId)
        ? await vault().entries.openField(entryId, fieldId, before.version)
        : null;
    shown.value = { old, now: await vault().entries.openField(entryId, fieldId, version.version) };
  };
  return (
    <>
      {shown.value !== null && shown.value.old !== null && <del>{shown.value.old}</del>}
      {shown.value !== null && <ins>{shown.value.now}</ins>}
      {task.error.value !== null && (
        <p class="error-text" role="alert">
          {task.error.value}
        </p>
      )}
      <div>
        <Button small icon={shown.value === null ? "eye" : "eyeOff"} busy={task.busy.value} onClick={() => void task.run(open)}>
          {shown.value === null ? t.entries.showField(label) : t.entries.hideField(label)}
        </Button>
      </div>
    </>
  );
}
