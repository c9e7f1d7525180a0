// A further field of any kind, under any name.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { fieldKinds, type FieldKindName } from "../../vault/index.ts";
import { Button } from "../ui/button.tsx";
import { SelectField, TextField } from "../ui/form.tsx";
import { t } from "../words/index.ts";
import { emptyField, type FormField } from "./draft.ts";

export function AddField({ onAdd }: { onAdd: (field: FormField) => void }): JSX.Element {
  const kind = useSignal<FieldKindName>("text");
  const label = useSignal("");
  const options = fieldKinds.map(({ name }) => ({ value: name, label: t.kinds.field[name] })).sort((a, b) => a.label.localeCompare(b.label));
  const add = (): void => {
    onAdd(emptyField(kind.value, label.value.trim() || undefined));
    label.value = "";
  };
  return (
    <fieldset class="card">
      <legend class="hidden-text">{t.entries.form.addField}</legend>
      <div class="two">
        <SelectField
          label={t.entries.form.fieldKind}
          value={kind.value}
          options={options}
          onChange={(value) => (kind.value = value as FieldKindName)}
        />
        <TextField
          label={t.entries.form.fieldName}
          value={label.value}
          onInput={(text) => (label.value = text)}
          placeholder={t.kinds.field[kind.value]}
        />
      </div>
      <div class="buttons">
        <Button icon="plus" onClick={add}>
          {t.entries.form.addField}
        </Button>
      </div>
    </fieldset>
  );
}
