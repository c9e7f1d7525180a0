// The form for a new entry and for the next version of one: every field with its own answer to who may open it.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { JSX } from "preact";
import { parseTotp } from "../../totp/index.ts";
import { Conflict, entryKinds, type Entry, type EntryDraft, type EntryKind } from "../../vault/index.ts";
import { explain } from "../state/failure.ts";
import { vault } from "../state/phase.ts";
import { go, guardLeaving } from "../state/route.ts";
import { Button } from "../ui/button.tsx";
import { Check, SelectField, TextField } from "../ui/form.tsx";
import { Notice } from "../ui/notice.tsx";
import { Heading } from "../ui/screen.tsx";
import { toast } from "../ui/toast.tsx";
import { t } from "../words/index.ts";
import { AddField } from "./add-field.tsx";
import { draftOf, fieldDrafts, parseDestinations, parseTags, templateFields, type FormField } from "./draft.ts";
import { FieldEditor } from "./field-editor.tsx";

interface FormState {
  title: string;
  kind: EntryKind;
  folder: string;
  tags: string;
  destinations: string;
  scopes: readonly string[];
  fields: readonly FormField[];
}

export function NewEntry({ kind }: { kind: EntryKind }): JSX.Element {
  const known = entryKinds.includes(kind) ? kind : "login";
  const initial: FormState = { title: "", kind: known, folder: "", tags: "", destinations: "", scopes: [], fields: templateFields(known) };
  return (
    <EntryForm
      heading={t.entries.form.create}
      initial={initial}
      isNew
      back={() => go({ page: "entries", id: null, view: "show" })}
      save={async (draft) => (await vault().entries.create(draft)).id}
    />
  );
}

export function EditEntry({ entry }: { entry: Entry }): JSX.Element {
  // The entry as it was when the form opened: what somebody else writes meanwhile must end in a conflict, not be overwritten.
  const opened = useSignal<{ entry: Entry; initial: FormState } | null>(null);
  const error = useSignal<string | null>(null);
  useEffect(() => {
    openFields(entry).then(
      (fields) => (opened.value = { entry, initial: formOf(entry, fields) }),
      (failure: unknown) => (error.value = explain(failure)),
    );
  }, [entry.id]);
  if (error.value !== null)
    return (
      <div class="page">
        <Notice look="bad">{error.value}</Notice>
      </div>
    );
  if (opened.value === null)
    return (
      <p class="page" role="status">
        {t.common.loading}
      </p>
    );
  const { entry: before, initial } = opened.value;
  return (
    <EntryForm
      heading={t.entries.form.edit(before.title)}
      initial={initial}
      isNew={false}
      back={() => go({ page: "entries", id: entry.id, view: "show" })}
      save={async (draft) => (await vault().entries.edit(before.id, before.version, draftOf(before, draft))).id}
    />
  );
}

const formOf = (entry: Entry, fields: readonly FormField[]): FormState => ({
  title: entry.title,
  kind: entry.kind,
  folder: entry.folder,
  tags: entry.tags.join(", "),
  destinations: entry.destinations.join("\n"),
  scopes: entry.scopes,
  fields,
});

/** Opens every value but files, so that what is not touched can be told from what is. */
async function openFields(entry: Entry): Promise<FormField[]> {
  return Promise.all(
    entry.fields.map(async (field): Promise<FormField> => {
      const value = field.kind === "file" ? null : (field.value ?? (await vault().entries.openField(entry.id, field.id)));
      return { key: field.id, id: field.id, kind: field.kind, label: field.label, tier: field.tier, value: value ?? "", stored: value };
    }),
  );
}

interface EntryFormProps {
  heading: string;
  initial: FormState;
  isNew: boolean;
  back: () => void;
  save: (draft: EntryDraft) => Promise<string>;
}

function EntryForm({ heading, initial, isNew, back, save }: EntryFormProps): JSX.Element {
  const state = useSignal(initial);
  const busy = useSignal(false);
  const problem = useSignal<{ text: string; conflict: boolean } | null>(null);
  const set = (patch: Partial<FormState>): void => {
    state.value = { ...state.value, ...patch };
  };
  useEffect(() => guardUnsaved(() => state.value !== initial && !busy.value), []);
  const submit = async (): Promise<void> => {
    const now = state.value;
    const wrong = check(now);
    problem.value = wrong === null ? null : { text: wrong, conflict: false };
    if (wrong !== null || busy.value) return;
    busy.value = true;
    try {
      const id = await save(toDraft(now));
      toast(isNew ? t.entries.form.created : t.entries.form.saved);
      go({ page: "entries", id, view: "show" }, true);
    } catch (failure) {
      problem.value = { text: explain(failure), conflict: failure instanceof Conflict };
    } finally {
      busy.value = false;
    }
  };
  const newest = async (): Promise<void> => {
    try {
      await vault().entries.reload();
      back();
    } catch (failure) {
      problem.value = { text: explain(failure), conflict: true };
    }
  };
  return (
    <form
      class="page"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <Heading text={heading} tab={isNew ? heading : t.entries.edit} />
      <Basics state={state.value} isNew={isNew} set={set} />
      <Fields state={state.value} set={set} />
      <Details state={state.value} set={set} />
      {problem.value !== null && (
        <Notice look="bad">
          <p>{problem.value.text}</p>
          {problem.value.conflict && <p class="hint">{t.entries.form.conflictHint}</p>}
          {problem.value.conflict && (
            <div>
              <Button small icon="refresh" onClick={() => void newest()}>
                {t.entries.form.newest}
              </Button>
            </div>
          )}
        </Notice>
      )}
      <div class="buttons">
        <Button type="submit" look="primary" busy={busy.value}>
          {t.common.save}
        </Button>
        <Button onClick={back}>{t.common.cancel}</Button>
      </div>
    </form>
  );
}

function guardUnsaved(dirty: () => boolean): () => void {
  const stop = guardLeaving(() => !dirty() || confirm(t.entries.form.unsaved));
  const unload = (event: BeforeUnloadEvent): void => {
    if (dirty()) event.preventDefault();
  };
  window.addEventListener("beforeunload", unload);
  return () => {
    stop();
    window.removeEventListener("beforeunload", unload);
  };
}

/** What keeps the form from being saved, or null. */
function check(state: FormState): string | null {
  if (state.title.trim() === "") return t.entries.form.titleMissing;
  const { wrong } = parseDestinations(state.destinations);
  if (wrong !== null) return t.entries.form.destinationWrong(wrong);
  for (const field of state.fields) {
    if (field.kind !== "totp" || typeof field.value !== "string" || field.value === "") continue;
    try {
      parseTotp(field.value);
    } catch (failure) {
      return `${field.label}: ${failure instanceof Error ? failure.message : ""}`;
    }
  }
  return null;
}

function toDraft(state: FormState): EntryDraft {
  return {
    title: state.title.trim(),
    kind: state.kind,
    folder: state.folder.trim(),
    tags: parseTags(state.tags),
    destinations: parseDestinations(state.destinations).origins,
    scopes: [...state.scopes],
    fields: fieldDrafts(state.fields),
  };
}

type Part = { state: FormState; set: (patch: Partial<FormState>) => void };

function Basics({ state, set, isNew }: Part & { isNew: boolean }): JSX.Element {
  return (
    <section class="card" aria-label={t.entries.form.basics}>
      <div class="two">
        <TextField label={t.entries.form.title} value={state.title} onInput={(title) => set({ title })} required autofocus={isNew} />
        {isNew && (
          <SelectField
            label={t.entries.form.kind}
            value={state.kind}
            options={entryKinds.map((kind) => ({ value: kind, label: t.kinds.entry[kind] }))}
            onChange={(value) => {
              const kind = value as EntryKind;
              set({ kind, fields: templateFields(kind, state.fields) });
            }}
          />
        )}
        <TextField
          label={t.entries.form.folder}
          value={state.folder}
          onInput={(folder) => set({ folder })}
          placeholder={t.entries.form.folderExample}
        />
        <TextField label={t.entries.form.tags} hint={t.entries.form.tagsHint} value={state.tags} onInput={(tags) => set({ tags })} />
      </div>
    </section>
  );
}

function Fields({ state, set }: Part): JSX.Element {
  const { fields } = state;
  const replace = (at: number, field: FormField): void => set({ fields: fields.map((old, index) => (index === at ? field : old)) });
  const move = (at: number, by: number): void => {
    const next = [...fields];
    const [field] = next.splice(at, 1);
    if (field !== undefined) next.splice(at + by, 0, field);
    set({ fields: next });
  };
  return (
    <section class="stack" aria-labelledby="form-fields">
      <h2 id="form-fields">{t.entries.form.fields}</h2>
      {fields.length > 0 && (
        <div class="fields">
          {fields.map((field, at) => (
            <FieldEditor
              key={field.key}
              field={field}
              first={at === 0}
              last={at === fields.length - 1}
              onChange={(next) => replace(at, next)}
              onMove={(by) => move(at, by)}
              onRemove={() => set({ fields: fields.filter((_, index) => index !== at) })}
            />
          ))}
        </div>
      )}
      <AddField onAdd={(field) => set({ fields: [...fields, field] })} />
    </section>
  );
}

function Details({ state, set }: Part): JSX.Element {
  const scopes = vault()
    .scopes.list()
    .filter((scope) => !scope.whole);
  const toggle = (id: string, on: boolean): void => set({ scopes: on ? [...state.scopes, id].sort() : state.scopes.filter((other) => other !== id) });
  return (
    <section class="card" aria-labelledby="form-agents">
      <h2 id="form-agents">{t.entries.form.forAgents}</h2>
      <fieldset class="stack tight">
        <legend class="legend">{t.entries.form.scopes}</legend>
        {scopes.length === 0 && <p class="hint">{t.entries.form.noScopes}</p>}
        {scopes.map((scope) => (
          <Check key={scope.id} checked={state.scopes.includes(scope.id)} onChange={(on) => toggle(scope.id, on)}>
            {scope.name}
          </Check>
        ))}
      </fieldset>
      <TextField
        label={t.entries.form.destinations}
        hint={t.entries.form.destinationsHint}
        value={state.destinations}
        onInput={(destinations) => set({ destinations })}
        rows={2}
        placeholder="https://api.example.com"
      />
    </section>
  );
}
