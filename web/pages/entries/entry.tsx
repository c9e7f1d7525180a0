// One entry as its owner sees it.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { Entry, FieldView, Tier } from "../../vault/index.ts";
import { agentNames } from "../state/attention.ts";
import { vault } from "../state/phase.ts";
import { go } from "../state/route.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { Confirm } from "../ui/dialog.tsx";
import { Icon, kindIcons } from "../ui/icons.tsx";
import { Menu, type MenuItem } from "../ui/menu.tsx";
import { Notice } from "../ui/notice.tsx";
import { Heading } from "../ui/screen.tsx";
import { useTask } from "../ui/task.ts";
import { TierBadge } from "../ui/tier.tsx";
import { toast } from "../ui/toast.tsx";
import { ago } from "../words/format.ts";
import { t } from "../words/index.ts";
import { draftOf } from "./draft.ts";
import { FieldRow } from "./field.tsx";
import { Paths } from "./who.tsx";

export function EntryView({ entry }: { entry: Entry }): JSX.Element {
  return (
    <article class="page">
      <EntryHead entry={entry} />
      {entry.trashed && (
        <Notice look="warn">
          <p>{t.entries.inTrash}</p>
        </Notice>
      )}
      {entry.fields.length > 0 ? (
        <dl class="fields">
          {entry.fields.map((field) => (
            <FieldRow key={`${field.id}-${field.version}`} entry={entry} field={field} />
          ))}
        </dl>
      ) : (
        <p class="soft">{t.entries.noFields}</p>
      )}
      <About entry={entry} />
      {entry.fields.length > 0 && <WhoCanOpen entry={entry} />}
    </article>
  );
}

function EntryHead({ entry }: { entry: Entry }): JSX.Element {
  const task = useTask();
  const purging = useSignal(false);
  const change = (patch: Parameters<typeof draftOf>[1], done: string) => () =>
    void task.run(async () => {
      await vault().entries.edit(entry.id, entry.version, draftOf(entry, patch));
      toast(done);
    });
  const restore = (): Promise<void> => vault().entries.restore([entry.id]);
  const trash = (): void =>
    void task.run(async () => {
      await vault().entries.trash([entry.id]);
      toast(t.entries.trashed(entry.title), { label: t.common.undo, run: restore });
    });
  const history: MenuItem = { label: t.entries.history, icon: "history", run: () => go({ page: "entries", id: entry.id, view: "history" }) };
  const items: MenuItem[] = entry.trashed
    ? [history, { label: t.entries.purge.button, icon: "trash", run: () => (purging.value = true) }]
    : [
        history,
        entry.archived
          ? { label: t.entries.unarchive, icon: "archive", run: change({ archived: false }, t.entries.unarchived) }
          : { label: t.entries.archive, icon: "archive", run: change({ archived: true }, t.entries.archived) },
        { label: t.entries.trash, icon: "trash", run: trash },
      ];
  return (
    <header class="entry-head">
      <span class="kind-mark">
        <Icon name={kindIcons[entry.kind]} size={26} />
      </span>
      <div class="stack tight">
        <Heading text={entry.title || t.entries.untitled} tab={t.entries.detail} />
        <p class="soft">{t.kinds.entry[entry.kind]}</p>
      </div>
      <div class="entry-actions buttons">
        <span class="back">
          <Button icon="back" onClick={() => go({ page: "entries", id: null, view: "show" })}>
            {t.common.nav.entries}
          </Button>
        </span>
        {entry.trashed ? (
          <Button look="primary" icon="undo" busy={task.busy.value} onClick={() => void task.run(restore)}>
            {t.entries.restore}
          </Button>
        ) : (
          <Button look="primary" icon="edit" onClick={() => go({ page: "entries", id: entry.id, view: "edit" })}>
            {t.entries.edit}
          </Button>
        )}
        {!entry.trashed && (
          <IconButton
            label={t.entries.favorite}
            icon="star"
            filled={entry.favorite}
            aria-pressed={entry.favorite}
            onClick={change({ favorite: !entry.favorite }, entry.favorite ? t.entries.unstarred : t.entries.starred)}
          />
        )}
        <Menu label={t.common.more} items={items} />
      </div>
      {task.error.value !== null && <Notice look="bad">{task.error.value}</Notice>}
      {purging.value && <Purge entry={entry} onClose={() => (purging.value = false)} />}
    </header>
  );
}

function Purge({ entry, onClose }: { entry: Entry; onClose: () => void }): JSX.Element {
  const purge = async (): Promise<void> => {
    await vault().entries.purge([entry.id]);
    toast(t.entries.purged(1));
    go({ page: "entries", id: null, view: "show" }, true);
  };
  return (
    <Confirm title={t.entries.purge.title(entry.title)} action={t.entries.purge.button} danger onConfirm={purge} onClose={onClose}>
      <p>{t.entries.purge.body}</p>
      <p class="hint">{t.common.passkeyNeeded}</p>
    </Confirm>
  );
}

function About({ entry }: { entry: Entry }): JSX.Element {
  const scopes = vault().scopes.list();
  const author = entry.author === null ? t.entries.byYou : (agentNames.value.get(entry.author) ?? t.entries.anAgent);
  return (
    <section class="row" aria-label={t.entries.about}>
      {entry.folder !== "" && (
        <span class="badge">
          <Icon name="folder" size={15} />
          {entry.folder}
        </span>
      )}
      {entry.tags.map((tag) => (
        <span key={tag} class="badge">
          <Icon name="tag" size={15} />
          {tag}
        </span>
      ))}
      {entry.scopes.map((id) => (
        <span key={id} class="badge">
          <Icon name="scope" size={15} />
          {scopes.find((scope) => scope.id === id)?.name ?? id.slice(0, 8)}
        </span>
      ))}
      {entry.archived && (
        <span class="badge">
          <Icon name="archive" size={15} />
          {t.entries.places.archive}
        </span>
      )}
      <span class="hint">{t.entries.changed(ago(entry.changedMs, Date.now()), author, entry.version)}</span>
    </section>
  );
}

/** The whole answer, one block for each tier that the entry uses. */
function WhoCanOpen({ entry }: { entry: Entry }): JSX.Element {
  const tiers = ([3, 2, 1] as const)
    .map((tier): [Tier, FieldView[]] => [tier, entry.fields.filter((field) => field.tier === tier)])
    .filter(([, fields]) => fields.length > 0);
  return (
    <section class="card" aria-labelledby="who-title">
      <h2 id="who-title">{t.entries.who}</h2>
      {tiers.map(([tier, fields]) => {
        const answer = vault().entries.whoCanOpen(entry.id, (fields[0] as FieldView).id);
        return (
          <div key={tier} class="stack tight">
            <div class="row">
              <TierBadge tier={tier} />
              <strong>{fields.map((field) => field.label).join(", ")}</strong>
            </div>
            <p>{answer.sentence}</p>
            <Paths paths={answer.paths} />
          </div>
        );
      })}
      {entry.destinations.length > 0 && <p class="hint">{t.entries.onlyAt(entry.destinations.join(", "))}</p>}
    </section>
  );
}
