// Labelled inputs: every control has a name, a hint and a place for what is wrong with it.
import { useId } from "preact/hooks";
import type { ComponentChildren, JSX, RefObject } from "preact";

interface Common {
  label: string;
  hint?: string | undefined;
  error?: string | undefined;
}

interface TextProps extends Common {
  value: string;
  onInput: (value: string) => void;
  type?: "text" | "password" | "number";
  code?: boolean;
  required?: boolean;
  autofocus?: boolean;
  placeholder?: string;
  min?: number;
  max?: number;
  rows?: number;
  autocomplete?: string;
  inputRef?: RefObject<HTMLInputElement | null>;
  disabled?: boolean;
}

/** A line, or a text of several lines when `rows` is given. */
export function TextField(props: TextProps): JSX.Element {
  const id = useId();
  const described = [props.hint && `${id}-hint`, props.error && `${id}-error`].filter(Boolean).join(" ");
  const shared = {
    id,
    class: `input${props.code ? " code" : ""}`,
    value: props.value,
    required: props.required ?? false,
    disabled: props.disabled ?? false,
    autofocus: props.autofocus ?? false,
    spellcheck: false,
    autocapitalize: "off" as const,
    "aria-describedby": described || undefined,
    "aria-invalid": props.error ? ("true" as const) : undefined,
    ...(props.placeholder === undefined ? {} : { placeholder: props.placeholder }),
  };
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      {props.rows !== undefined ? (
        <textarea {...shared} rows={props.rows} onInput={(event) => props.onInput(event.currentTarget.value)} />
      ) : (
        <input
          {...shared}
          {...(props.inputRef === undefined ? {} : { ref: props.inputRef })}
          {...(props.min === undefined ? {} : { min: props.min })}
          {...(props.max === undefined ? {} : { max: props.max })}
          {...typeOf(props.type)}
          autocomplete={props.autocomplete ?? "off"}
          onInput={(event) => props.onInput(event.currentTarget.value)}
        />
      )}
      <Below id={id} hint={props.hint} error={props.error} />
    </div>
  );
}

/** The typings know each type of input by itself and not a choice of three. */
const typeOf = (type: TextProps["type"] = "text"): { type: "text" } => ({ type: type as "text" });

function Below({ id, hint, error }: { id: string; hint?: string | undefined; error?: string | undefined }): JSX.Element {
  return (
    <>
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error && (
        <p class="error-text" id={`${id}-error`} role="alert">
          {error}
        </p>
      )}
    </>
  );
}

interface SelectProps extends Common {
  value: string;
  options: readonly { value: string; label: string; disabled?: boolean }[];
  onChange: (value: string) => void;
  hideLabel?: boolean;
}

/** A choice of one from a list. */
export function SelectField({ label, hint, value, options, onChange, hideLabel, error }: SelectProps): JSX.Element {
  const id = useId();
  return (
    <div class="field">
      <label for={id} class={hideLabel ? "hidden-text" : undefined}>
        {label}
      </label>
      <select
        id={id}
        class="input"
        value={value}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={(event) => onChange(event.currentTarget.value)}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value} disabled={option.disabled ?? false} selected={option.value === value}>
            {option.label}
          </option>
        ))}
      </select>
      <Below id={id} hint={hint} error={error} />
    </div>
  );
}

/** A yes or no. */
export function Check({
  checked,
  onChange,
  disabled,
  children,
}: {
  checked: boolean;
  onChange: (checked: boolean) => void;
  disabled?: boolean;
  children: ComponentChildren;
}): JSX.Element {
  return (
    <label class="check">
      <input type="checkbox" checked={checked} disabled={disabled ?? false} onChange={(event) => onChange(event.currentTarget.checked)} />
      <span>{children}</span>
    </label>
  );
}

interface SegmentsProps<T extends string> {
  label: string;
  value: T;
  options: readonly { value: T; label: ComponentChildren; disabled?: boolean; title?: string }[];
  onChange: (value: T) => void;
  hideLabel?: boolean;
}

/** A choice of one from a few, all visible. */
export function Segments<T extends string>({ label, value, options, onChange, hideLabel }: SegmentsProps<T>): JSX.Element {
  const name = useId();
  return (
    <fieldset class="stack tight">
      <legend class={hideLabel ? "hidden-text" : "legend"}>{label}</legend>
      <div class="segments">
        {options.map((option) => (
          <label key={option.value} title={option.title}>
            <input
              type="radio"
              name={name}
              value={option.value}
              checked={option.value === value}
              disabled={option.disabled ?? false}
              onChange={() => onChange(option.value)}
            />
            {option.label}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
