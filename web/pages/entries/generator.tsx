// Makes passwords and passphrases, and says how strong they are.
import { signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { JSX } from "preact";
import {
  generatePassphrase,
  generatePassword,
  PASSPHRASE_DEFAULTS,
  PASSPHRASE_WORDS_MAX,
  PASSPHRASE_WORDS_MIN,
  PASSWORD_DEFAULTS,
  PASSWORD_LENGTH_MAX,
  PASSWORD_LENGTH_MIN,
  type Generated,
  type PassphraseOptions,
  type PasswordOptions,
} from "../../generate/index.ts";
import { Button } from "../ui/button.tsx";
import { Check, Segments, TextField } from "../ui/form.tsx";
import { t } from "../words/index.ts";
import { Secret } from "./secret.tsx";

// The choices last as long as the page, so that the next password is made like the last.
const mode = signal<"password" | "passphrase">("password");
const password = signal<PasswordOptions>(PASSWORD_DEFAULTS);
const passphrase = signal<PassphraseOptions>(PASSPHRASE_DEFAULTS);

export function Generator({ id, onUse }: { id: string; onUse: (value: string) => void }): JSX.Element {
  const made = useSignal<Generated | null>(null);
  const wrong = useSignal<string | null>(null);
  const make = async (): Promise<void> => {
    try {
      made.value = mode.value === "password" ? generatePassword(password.value) : await generatePassphrase(passphrase.value);
      wrong.value = null;
    } catch (failure) {
      if (!(failure instanceof RangeError)) throw failure;
      made.value = null;
      wrong.value = failure.message;
    }
  };
  useEffect(() => void make(), [mode.value, password.value, passphrase.value]);
  const words = t.entries.generator;
  const now = made.value;
  return (
    <section class="generator" id={id} aria-label={words.title}>
      <Segments
        label={words.what}
        value={mode.value}
        options={[
          { value: "password", label: words.password },
          { value: "passphrase", label: words.passphrase },
        ]}
        onChange={(value) => (mode.value = value)}
      />
      <output class="generated" aria-live="polite" data-testid="generated">
        {now !== null && <Secret text={now.value} plain={mode.value === "passphrase"} />}
      </output>
      {now !== null && <Strength bits={now.bits} />}
      {wrong.value !== null && (
        <p class="error-text" role="alert">
          {wrong.value}
        </p>
      )}
      {mode.value === "password" ? <PasswordChoices /> : <PassphraseChoices />}
      <div class="buttons">
        <Button look="primary" small disabled={now === null} onClick={() => now !== null && onUse(now.value)}>
          {words.use}
        </Button>
        <Button small icon="refresh" onClick={() => void make()}>
          {words.again}
        </Button>
      </div>
    </section>
  );
}

/** 1 weak to 4 very strong, by the bits an attacker has to guess. */
export function strength(bits: number): 1 | 2 | 3 | 4 {
  return bits < 45 ? 1 : bits < 65 ? 2 : bits < 90 ? 3 : 4;
}

function Strength({ bits }: { bits: number }): JSX.Element {
  const level = strength(bits);
  return (
    <div class="stack tight">
      <div class={`meter s${level}`} aria-hidden="true">
        <i />
        <i />
        <i />
        <i />
      </div>
      <p class="hint">{t.entries.generator.strength(t.entries.generator.levels[level], Math.round(bits))}</p>
    </div>
  );
}

function PasswordChoices(): JSX.Element {
  const words = t.entries.generator;
  const now = password.value;
  const set = (patch: Partial<PasswordOptions>): void => {
    password.value = { ...now, ...patch };
  };
  return (
    <div class="two">
      <TextField
        label={words.length}
        type="number"
        min={PASSWORD_LENGTH_MIN}
        max={PASSWORD_LENGTH_MAX}
        value={String(now.length)}
        onInput={(text) => set({ length: Math.trunc(Number(text)) })}
      />
      <div>
        <Check checked={now.lower} onChange={(lower) => set({ lower })}>
          {words.lower}
        </Check>
        <Check checked={now.upper} onChange={(upper) => set({ upper })}>
          {words.upper}
        </Check>
        <Check checked={now.digits} onChange={(digits) => set({ digits })}>
          {words.digits}
        </Check>
        <Check checked={now.symbols} onChange={(symbols) => set({ symbols })}>
          {words.symbols}
        </Check>
        <Check checked={now.excludeAmbiguous} onChange={(excludeAmbiguous) => set({ excludeAmbiguous })}>
          {words.unambiguous}
        </Check>
      </div>
    </div>
  );
}

function PassphraseChoices(): JSX.Element {
  const words = t.entries.generator;
  const now = passphrase.value;
  const set = (patch: Partial<PassphraseOptions>): void => {
    passphrase.value = { ...now, ...patch };
  };
  return (
    <div class="two">
      <TextField
        label={words.words}
        type="number"
        min={PASSPHRASE_WORDS_MIN}
        max={PASSPHRASE_WORDS_MAX}
        value={String(now.words)}
        onInput={(text) => set({ words: Math.trunc(Number(text)) })}
      />
      <TextField label={words.separator} value={now.separator} onInput={(separator) => set({ separator })} />
      <div>
        <Check checked={now.capitalize} onChange={(capitalize) => set({ capitalize })}>
          {words.capitalize}
        </Check>
        <Check checked={now.number} onChange={(number) => set({ number })}>
          {words.number}
        </Check>
      </div>
    </div>
  );
}
