// The ways into the vault: how many there are, whether losing one is safe, and every change of them.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { JSX } from "preact";
import type { Progress, WayIn, WaysIn } from "../../vault/index.ts";
import { explain } from "../state/failure.ts";
import { onlyWay, recoveryPending, revision, vault } from "../state/phase.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { Confirm, Dialog } from "../ui/dialog.tsx";
import { TextField } from "../ui/form.tsx";
import { Icon } from "../ui/icons.tsx";
import { Notice, ProgressBar } from "../ui/notice.tsx";
import { RenameDialog } from "../ui/rename.tsx";
import { useTask } from "../ui/task.ts";
import { toast } from "../ui/toast.tsx";
import { ago, date, dateTime } from "../words/format.ts";
import { t } from "../words/index.ts";
import { NewKitDialog } from "./new-kit.tsx";

type Asking = { what: "add" | "kit" } | { what: "rename" | "remove"; way: WayIn } | null;

export function WaysCard(): JSX.Element {
  const words = t.settings.ways;
  const ways = useSignal<WaysIn | null>(null);
  const error = useSignal<string | null>(null);
  const asking = useSignal<Asking>(null);
  const load = (): void => {
    vault()
      .ways.list()
      .then(
        (list) => {
          ways.value = list;
          onlyWay.value = !list.safe;
          recoveryPending.value = list.recoveryPendingUntilMs !== null;
        },
        (failure: unknown) => (error.value = explain(failure)),
      );
  };
  useEffect(load, [revision.value]);
  const close = (): void => {
    asking.value = null;
    load();
  };
  const now = ways.value;
  const recovery = now?.list.some((way) => way.kind === "recovery") === true;
  return (
    <section class="card" aria-labelledby="ways-title">
      <h2 id="ways-title">{now === null ? words.title : words.count(now.list.length)}</h2>
      {error.value !== null && <Notice look="bad">{error.value}</Notice>}
      {now !== null && (
        <Notice look={now.safe ? "good" : "warn"}>
          <p>{now.safe ? words.safe : words.notSafe}</p>
        </Notice>
      )}
      {now?.recoveryPendingUntilMs != null && <PendingRecovery untilMs={now.recoveryPendingUntilMs} onDone={load} />}
      <ul class="lines">
        {now?.list.map((way) => (
          <WayLine key={way.id} way={way} last={now.list.length === 1} ask={(what) => (asking.value = { what, way })} />
        ))}
      </ul>
      <div class="buttons">
        <Button look="primary" icon="passkey" onClick={() => (asking.value = { what: "add" })}>
          {words.add}
        </Button>
        <Button icon="print" onClick={() => (asking.value = { what: "kit" })}>
          {recovery ? words.newKit : words.makeKit}
        </Button>
      </div>
      <Asked asking={asking.value} onClose={close} />
    </section>
  );
}

function Asked({ asking, onClose }: { asking: Asking; onClose: () => void }): JSX.Element | null {
  switch (asking?.what) {
    case undefined:
      return null;
    case "add":
      return <AddPasskey onClose={onClose} />;
    case "kit":
      return <NewKitDialog onClose={onClose} />;
    case "rename":
      return <RenameDialog what="passkey" id={asking.way.id} name={asking.way.name} onClose={onClose} />;
    case "remove":
      return <RemoveWay way={asking.way} onClose={onClose} />;
  }
}

function WayLine({ way, last, ask }: { way: WayIn; last: boolean; ask: (what: "rename" | "remove") => void }): JSX.Element {
  const words = t.settings.ways;
  const name = way.name || words.kinds[way.kind];
  const facts = [
    words.added(date(way.addedMs)),
    way.lastUsedMs === null ? null : words.used(ago(way.lastUsedMs, Date.now())),
    way.kind === "recovery" || way.synced === null ? null : way.synced ? words.synced : words.thisDevice,
  ];
  return (
    <li>
      <div class="row whole">
        <Icon name={way.kind === "passkey" ? "passkey" : "print"} />
        <div>
          <strong>{name}</strong> {way.current && <span class="badge good">{words.current}</span>}
          <p class="hint">{facts.filter((fact) => fact !== null).join(" · ")}</p>
        </div>
      </div>
      <div class="buttons">
        {way.kind === "passkey" && <IconButton label={words.rename(name)} icon="edit" onClick={() => ask("rename")} />}
        <IconButton label={words.remove(name)} icon="trash" disabled={last} onClick={() => ask("remove")} />
      </div>
    </li>
  );
}

function PendingRecovery({ untilMs, onDone }: { untilMs: number; onDone: () => void }): JSX.Element {
  const words = t.settings.ways;
  const task = useTask();
  const cancel = async (): Promise<void> => {
    await vault().ways.cancelRecovery();
    toast(words.cancelled);
    onDone();
  };
  return (
    <Notice look="bad" title={words.pendingTitle}>
      <p>{words.pending(dateTime(untilMs))}</p>
      {task.error.value !== null && <p class="error-text">{task.error.value}</p>}
      <div>
        <Button look="danger" busy={task.busy.value} onClick={() => void task.run(cancel)}>
          {words.cancel}
        </Button>
      </div>
    </Notice>
  );
}

function AddPasskey({ onClose }: { onClose: () => void }): JSX.Element {
  const words = t.settings.ways;
  const name = useSignal("");
  const task = useTask();
  const add = async (): Promise<void> => {
    await vault().ways.addPasskey(name.value.trim());
    toast(words.addedNow);
    onClose();
  };
  return (
    <Dialog title={words.add} onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (name.value.trim() !== "") void task.run(add);
        }}
      >
        <p class="soft">{words.addHint}</p>
        <TextField
          label={t.screens.setup.welcome.passkeyName}
          hint={t.screens.setup.welcome.passkeyNameHint}
          value={name.value}
          onInput={(text) => (name.value = text)}
          required
          autofocus
        />
        {task.error.value !== null && <Notice look="bad">{task.error.value}</Notice>}
        <div class="buttons end">
          <Button onClick={onClose}>{t.common.cancel}</Button>
          <Button type="submit" look="primary" icon="passkey" busy={task.busy.value}>
            {words.add}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function RemoveWay({ way, onClose }: { way: WayIn; onClose: () => void }): JSX.Element {
  const words = t.settings.ways;
  const name = way.name || words.kinds[way.kind];
  const progress = useSignal<Progress | null>(null);
  const remove = async (): Promise<void> => {
    await vault().ways.remove(way.id, { onProgress: (now) => (progress.value = now) });
    toast(words.removed(name));
  };
  return (
    <Confirm title={words.remove(name)} action={t.common.remove} danger onConfirm={remove} onClose={onClose}>
      <p>{words.removeBody}</p>
      <p class="soft">{words.removeEnds}</p>
      {way.current && (
        <Notice look="warn">
          <p>{words.removeCurrent}</p>
        </Notice>
      )}
      <p class="hint">{t.common.passkeyNeeded}</p>
      {progress.value !== null && <ProgressBar label={words.rotating} done={progress.value.done} total={progress.value.total} />}
    </Confirm>
  );
}
