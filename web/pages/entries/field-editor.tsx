// One field in the form: its name, its value, who may open it, and a generator where one helps.
import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import type { JSX } from "preact";
import { kindByName, type FieldKindName, type Tier } from "../../vault/index.ts";
import { IconButton } from "../ui/button.tsx";
import { SelectField, TextField } from "../ui/form.tsx";
import { Menu, type MenuItem } from "../ui/menu.tsx";
import { t } from "../words/index.ts";
import { tiersOf, type FormField } from "./draft.ts";
import { Generator } from "./generator.tsx";

/** A record holds at most 1 MiB; the rest is its frame and padding. */
const FILE_BYTES_MAX = 1_000_000;

const LONG = new Set<FieldKindName>(["note", "ssh_private_key", "public_key", "address", "seed_phrase"]);
const GENERATED = new Set<FieldKindName>(["password", "wifi_password", "hidden", "security_answer", "api_key"]);

interface Props {
  field: FormField;
  first: boolean;
  last: boolean;
  onChange: (field: FormField) => void;
  onMove: (by: -1 | 1) => void;
  onRemove: () => void;
}

export function FieldEditor({ field, first, last, onChange, onMove, onRemove }: Props): JSX.Element {
  const renaming = useSignal(false);
  const words = t.entries.form;
  const menu: MenuItem[] = [{ label: t.common.rename, icon: "edit", run: () => (renaming.value = true) }];
  if (!first) menu.push({ label: words.moveUp, icon: "up", run: () => onMove(-1) });
  if (!last) menu.push({ label: words.moveDown, icon: "down", run: () => onMove(1) });
  menu.push({ label: t.common.remove, icon: "trash", run: onRemove });
  return (
    <fieldset class="form-field">
      <legend class="hidden-text">{field.label}</legend>
      {renaming.value && <TextField label={words.fieldName} value={field.label} onInput={(label) => onChange({ ...field, label })} autofocus />}
      <div class="form-field-top">
        <ValueEditor field={field} onChange={onChange} />
        <Menu label={words.fieldMenu(field.label)} items={menu} />
      </div>
      <TierChoice field={field} onChange={(tier) => onChange({ ...field, tier })} />
    </fieldset>
  );
}

function TierChoice({ field, onChange }: { field: FormField; onChange: (tier: Tier) => void }): JSX.Element {
  const tiers = tiersOf(field.kind);
  const fixed = tiers.length === 1 || kindByName(field.kind)?.lowestTier !== 1;
  const lowest = tiers[tiers.length - 1] ?? 3;
  return (
    <SelectField
      label={t.entries.whoCan(field.label)}
      hint={
        fixed
          ? `${t.kinds.tierLong[field.tier]}. ${t.kinds.tierFixed(t.kinds.field[field.kind], t.kinds.tier[lowest])}`
          : `${t.kinds.tierLong[field.tier]}.`
      }
      value={String(field.tier)}
      options={([3, 2, 1] as const).map((tier) => ({ value: String(tier), label: t.kinds.tier[tier], disabled: !tiers.includes(tier) }))}
      onChange={(value) => onChange(Number(value) as Tier)}
    />
  );
}

function ValueEditor({ field, onChange }: { field: FormField; onChange: (field: FormField) => void }): JSX.Element {
  if (field.kind === "file") return <FileEditor field={field} onChange={onChange} />;
  const value = typeof field.value === "string" ? field.value : "";
  const set = (text: string): void => onChange({ ...field, value: text });
  if (LONG.has(field.kind))
    return (
      <TextField
        label={field.label}
        value={value}
        onInput={set}
        rows={field.kind === "note" ? 4 : 3}
        code={field.kind !== "note" && field.kind !== "address"}
      />
    );
  if (kindByName(field.kind)?.descriptive === true) return <TextField label={field.label} value={value} onInput={set} />;
  return <SecretEditor field={field} value={value} onInput={set} />;
}

function SecretEditor({ field, value, onInput }: { field: FormField; value: string; onInput: (text: string) => void }): JSX.Element {
  const shown = useSignal(false);
  const generating = useSignal(false);
  const generates = GENERATED.has(field.kind);
  const panel = useId();
  return (
    <div class="stack">
      <div class="with-button">
        <TextField
          label={field.label}
          hint={field.kind === "totp" ? t.entries.form.totpHint : undefined}
          value={value}
          onInput={onInput}
          type={shown.value ? "text" : "password"}
          autocomplete={field.kind === "password" ? "new-password" : "off"}
          code
        />
        <div class="tools">
          <IconButton
            label={shown.value ? t.entries.hideField(field.label) : t.entries.showField(field.label)}
            icon={shown.value ? "eyeOff" : "eye"}
            aria-pressed={shown.value}
            onClick={() => (shown.value = !shown.value)}
          />
          {generates && (
            <IconButton
              label={t.entries.generator.open(field.label)}
              icon="refresh"
              aria-expanded={generating.value}
              aria-controls={panel}
              onClick={() => (generating.value = !generating.value)}
            />
          )}
        </div>
      </div>
      {generates && generating.value && (
        <Generator
          id={panel}
          onUse={(text) => {
            onInput(text);
            shown.value = true;
            generating.value = false;
          }}
        />
      )}
    </div>
  );
}

function FileEditor({ field, onChange }: { field: FormField; onChange: (field: FormField) => void }): JSX.Element {
  const id = useId();
  const error = useSignal<string | null>(null);
  const choose = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    error.value = file.size > FILE_BYTES_MAX ? t.entries.form.fileTooLarge(FILE_BYTES_MAX / 1000) : null;
    if (error.value === null) onChange({ ...field, label: file.name, value: new Uint8Array(await file.arrayBuffer()) });
  };
  return (
    <div class="field">
      <label for={id}>{field.label}</label>
      <input id={id} class="input" type="file" aria-describedby={`${id}-hint`} onChange={(event) => void choose(event.currentTarget.files?.[0])} />
      <p class="hint" id={`${id}-hint`}>
        {field.id !== undefined && field.value.length === 0 ? t.entries.form.fileKept : t.entries.form.fileHint}
      </p>
      {error.value !== null && (
        <p class="error-text" role="alert">
          {error.value}
        </p>
      )}
    </div>
  );
}
