// Something for all picked entries at once: folder, tag, who may open them, trash. Each can be taken back.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { kindByName, type Entry, type EntryDraft, type Progress, type Tier } from "../../vault/index.ts";
import { vault } from "../state/phase.ts";
import { picked, pickNone } from "../state/pick.ts";
import { place } from "../state/view.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { SelectField, TextField } from "../ui/form.tsx";
import { Menu, type MenuItem } from "../ui/menu.tsx";
import { Notice, ProgressBar } from "../ui/notice.tsx";
import { useTask } from "../ui/task.ts";
import { toast } from "../ui/toast.tsx";
import { t } from "../words/index.ts";
import { draftOf } from "./draft.ts";
import { allAt, tagged } from "./many.ts";

const words = t.entries.pick;
type Asking = "folder" | "tag" | "tier" | null;

export function PickedTools(): JSX.Element {
  const asking = useSignal<Asking>(null);
  const task = useTask();
  const entries = picked.value;
  const ids = entries.map((entry) => entry.id);
  const ask = (what: Asking) => (): void => {
    asking.value = what;
  };
  const trash = (): Promise<boolean> =>
    task.run(async () => {
      await vault().entries.trash(ids);
      pickNone();
      toast(words.trashed(ids.length), { label: t.common.undo, run: () => vault().entries.restore(ids) });
    });
  const restore = (): Promise<boolean> =>
    task.run(async () => {
      await vault().entries.restore(ids);
      pickNone();
      toast(words.restored(ids.length), { label: t.common.undo, run: () => vault().entries.trash(ids) });
    });
  const items: MenuItem[] = [
    { label: words.folder, icon: "folder", run: ask("folder") },
    { label: words.tag, icon: "tag", run: ask("tag") },
    { label: words.tier, icon: "shield", run: ask("tier") },
  ];
  return (
    <div class="list-status picked-tools">
      <span role="status">{words.count(entries.length)}</span>
      <div class="buttons">
        {place.value === "trash" ? (
          <Button small icon="undo" busy={task.busy.value} onClick={() => void restore()}>
            {t.entries.restore}
          </Button>
        ) : (
          <Button small icon="trash" busy={task.busy.value} onClick={() => void trash()}>
            {words.trash}
          </Button>
        )}
        <Button small look="quiet" onClick={pickNone}>
          {words.none}
        </Button>
        {place.value !== "trash" && <Menu label={words.more} items={items} />}
      </div>
      {task.error.value !== null && <Notice look="bad">{task.error.value}</Notice>}
      {asking.value !== null && <Change what={asking.value} entries={entries} onClose={ask(null)} />}
    </div>
  );
}

/** One question, then one change of all entries. */
function Change({ what, entries, onClose }: { what: NonNullable<Asking>; entries: readonly Entry[]; onClose: () => void }): JSX.Element {
  const text = useSignal("");
  const tier = useSignal<Tier>(2);
  const progress = useSignal<Progress | null>(null);
  const task = useTask();
  const next = (entry: Entry): EntryDraft => {
    if (what === "folder") return draftOf(entry, { folder: text.value.trim() });
    if (what === "tag") return draftOf(entry, { tags: tagged(entry.tags, text.value) });
    return draftOf(entry, { fields: allAt(entry, tier.value, (kind) => kindByName(kind)?.lowestTier ?? 3) });
  };
  const run = async (): Promise<void> => {
    const ids = entries.map((entry) => entry.id);
    const before = new Map(entries.map((entry) => [entry.id, draftOf(entry)]));
    await vault().entries.editMany(ids, next, { onProgress: (now) => (progress.value = now) });
    onClose();
    pickNone();
    const undo = (): Promise<void> => vault().entries.editMany(ids, (entry) => ({ ...(before.get(entry.id) ?? draftOf(entry)) }));
    toast(words.changed(ids.length), { label: t.common.undo, run: undo });
  };
  const title = { folder: words.folder, tag: words.tag, tier: words.tier }[what];
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (what !== "tag" || text.value.trim() !== "") void task.run(run);
        }}
      >
        {what === "tier" ? (
          <SelectField
            label={words.tierLabel}
            hint={words.tierHint}
            value={String(tier.value)}
            options={([1, 2, 3] as const).map((value) => ({ value: String(value), label: t.kinds.tier[value] }))}
            onChange={(value) => (tier.value = Number(value) as Tier)}
          />
        ) : (
          <TextField
            label={what === "folder" ? words.folderLabel : words.tagLabel}
            hint={what === "folder" ? words.folderHint : undefined}
            value={text.value}
            onInput={(value) => (text.value = value)}
            autofocus
          />
        )}
        {task.error.value !== null && <Notice look="bad">{task.error.value}</Notice>}
        {progress.value !== null && task.busy.value && <ProgressBar label={title} done={progress.value.done} total={progress.value.total} />}
        <div class="buttons end">
          <Button onClick={onClose}>{t.common.cancel}</Button>
          <Button type="submit" look="primary" busy={task.busy.value}>
            {words.apply(entries.length)}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
