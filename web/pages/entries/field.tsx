// One field: its value or its mask, what can be done with it, and who can open it.
import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import type { JSX } from "preact";
import type { Entry, FieldView } from "../../vault/index.ts";
import { vault } from "../state/phase.ts";
import { IconButton } from "../ui/button.tsx";
import { copyPlain, copySecret } from "../ui/clipboard.ts";
import { saveFile } from "../ui/save.ts";
import { useTask } from "../ui/task.ts";
import { TierButton } from "../ui/tier.tsx";
import { t } from "../words/index.ts";
import { Secret } from "./secret.tsx";
import { TotpValue } from "./totp.tsx";
import { Paths } from "./who.tsx";

/** Kinds that are shown as they are once they are open; everything else stays behind dots. */
const PLAIN = new Set(["username", "email", "url", "text", "phone", "address", "date", "public_key", "hostname", "port", "name"]);
const MASK = "••••••••••";

export function FieldRow({ entry, field }: { entry: Entry; field: FieldView }): JSX.Element {
  const asking = useSignal(false);
  const whoId = useId();
  return (
    <div class="field-row" data-testid={`field-${field.label}`}>
      <dt class="field-label">
        {field.label}
        <TierButton tier={field.tier} label={field.label} open={asking.value} controls={whoId} onClick={() => (asking.value = !asking.value)} />
      </dt>
      <Value entry={entry} field={field} />
      <dd class="who" id={whoId} hidden={!asking.value}>
        {asking.value && <Who entry={entry} field={field} />}
      </dd>
    </div>
  );
}

function Who({ entry, field }: { entry: Entry; field: FieldView }): JSX.Element {
  const answer = vault().entries.whoCanOpen(entry.id, field.id);
  return (
    <>
      <p>
        <strong>{answer.sentence}</strong>
      </p>
      <Paths paths={answer.paths} />
    </>
  );
}

function Value({ entry, field }: { entry: Entry; field: FieldView }): JSX.Element {
  if (field.kind === "totp") return <TotpValue entry={entry} field={field} />;
  if (field.kind === "file") return <FileValue entry={entry} field={field} />;
  return field.value === undefined ? <SealedValue entry={entry} field={field} /> : <OpenValue field={field} value={field.value} />;
}

function OpenValue({ field, value }: { field: FieldView; value: string }): JSX.Element {
  return (
    <>
      <dd class="field-value">{field.kind === "url" ? <WebAddress value={value} /> : value}</dd>
      <dd class="field-tools">
        <IconButton label={t.entries.copyField(field.label)} icon="copy" onClick={() => void copyPlain(field.label, value)} />
      </dd>
    </>
  );
}

function SealedValue({ entry, field }: { entry: Entry; field: FieldView }): JSX.Element {
  const shown = useSignal<string | null>(null);
  const task = useTask();
  const open = (): Promise<string> => vault().entries.openField(entry.id, field.id);
  const toggle = (): void =>
    void task.run(async () => {
      shown.value = shown.value === null ? await open() : null;
    });
  const copy = (): void =>
    void task.run(async () => {
      await copySecret(field.label, shown.value ?? (await open()));
    });
  return (
    <>
      <dd class={PLAIN.has(field.kind) || field.kind === "note" ? "field-value" : "field-value secret"}>
        {shown.value === null ? (
          <span class="masked">
            <span aria-hidden="true">{MASK}</span>
            <span class="hidden-text">{t.entries.hidden}</span>
          </span>
        ) : (
          <Secret text={shown.value} plain={PLAIN.has(field.kind) || field.kind === "note"} />
        )}
        {task.error.value !== null && (
          <p class="error-text" role="alert">
            {task.error.value}
          </p>
        )}
      </dd>
      <dd class="field-tools">
        <IconButton
          label={shown.value === null ? t.entries.showField(field.label) : t.entries.hideField(field.label)}
          icon={shown.value === null ? "eye" : "eyeOff"}
          onClick={toggle}
        />
        <IconButton label={t.entries.copyField(field.label)} icon="copy" onClick={copy} />
      </dd>
    </>
  );
}

function FileValue({ entry, field }: { entry: Entry; field: FieldView }): JSX.Element {
  const task = useTask();
  const download = (): void =>
    void task.run(async () => {
      const bytes = await vault().entries.openBytes(entry.id, field.id);
      saveFile(new Blob([bytes as Uint8Array<ArrayBuffer>], { type: "application/octet-stream" }), field.label);
      bytes.fill(0);
    });
  return (
    <>
      <dd class="field-value">
        {task.error.value !== null ? (
          <span class="error-text" role="alert">
            {task.error.value}
          </span>
        ) : (
          <span class="soft">{t.entries.sealedFile}</span>
        )}
      </dd>
      <dd class="field-tools">
        <IconButton label={t.entries.downloadField(field.label)} icon="import" onClick={download} />
      </dd>
    </>
  );
}

/** A link only when it leads to a web page; anything else (javascript:, data:, file:) stays text. */
function WebAddress({ value }: { value: string }): JSX.Element {
  const url = URL.canParse(value) ? new URL(value) : null;
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) return <>{value}</>;
  return (
    <a href={url.href} target="_blank" rel="noopener noreferrer nofollow">
      {value}
    </a>
  );
}
