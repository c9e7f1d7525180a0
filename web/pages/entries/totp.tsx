// The one-time code of now, with the time it still holds.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { JSX } from "preact";
import { parseTotp, totpCode, type TotpCode } from "../../totp/index.ts";
import type { Entry, FieldView } from "../../vault/index.ts";
import { explain } from "../state/failure.ts";
import { vault } from "../state/phase.ts";
import { IconButton } from "../ui/button.tsx";
import { copySecret } from "../ui/clipboard.ts";
import { t } from "../words/index.ts";

const TICK_MS = 500;
const LATE_S = 5;

export function TotpValue({ entry, field }: { entry: Entry; field: FieldView }): JSX.Element {
  const now = useSignal<TotpCode | null>(null);
  const error = useSignal<string | null>(null);
  useEffect(() => {
    let timer: ReturnType<typeof setInterval> | undefined;
    let gone = false;
    const begin = async (): Promise<void> => {
      const secret = parseTotp(await vault().entries.openField(entry.id, field.id));
      const tick = async (): Promise<void> => {
        const code = await totpCode(secret, Date.now());
        if (!gone) now.value = code;
      };
      await tick();
      if (!gone) timer = setInterval(() => void tick(), TICK_MS);
    };
    begin().catch((failure: unknown) => {
      if (!gone) error.value = failure instanceof Error && failure.name === "TotpError" ? failure.message : explain(failure);
    });
    return () => {
      gone = true;
      clearInterval(timer);
    };
  }, [entry.id, field.id, field.version]);
  const code = now.value;
  return (
    <>
      <dd class="field-value">
        {error.value !== null && (
          <p class="error-text" role="alert">
            {error.value}
          </p>
        )}
        {code !== null && (
          <span class="totp">
            <span data-testid="totp-code">{grouped(code.code)}</span>
            <Ring left={code.secondsLeft} of={code.period} />
          </span>
        )}
      </dd>
      <dd class="field-tools">
        {code !== null && (
          <IconButton label={t.entries.copyField(field.label)} icon="copy" onClick={() => void copySecret(field.label, now.value?.code ?? "")} />
        )}
      </dd>
    </>
  );
}

/** "123 456", "1234 5678": in halves, which people keep in mind. */
export function grouped(code: string): string {
  if (!/^\d+$/.test(code) || code.length < 6) return code;
  const half = Math.ceil(code.length / 2);
  return `${code.slice(0, half)} ${code.slice(half)}`;
}

const RADIUS = 8;
const AROUND = 2 * Math.PI * RADIUS;

function Ring({ left, of }: { left: number; of: number }): JSX.Element {
  return (
    <>
      <svg class={left <= LATE_S ? "ring late" : "ring"} width="22" height="22" viewBox="0 0 20 20" fill="none" stroke-width="3" aria-hidden="true">
        <circle class="track" cx="10" cy="10" r={RADIUS} />
        <circle
          cx="10"
          cy="10"
          r={RADIUS}
          stroke="currentColor"
          stroke-dasharray={String(AROUND)}
          stroke-dashoffset={String(AROUND * (1 - left / of))}
        />
      </svg>
      <span class="hint" aria-hidden="true">
        {t.entries.secondsShort(left)}
      </span>
      <span class="hidden-text">{t.entries.secondsLeft(left)}</span>
    </>
  );
}
