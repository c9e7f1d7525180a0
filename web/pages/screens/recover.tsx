// Back in with the printed kit: code and vault id, the waiting time, then the vault and at once a new passkey.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { JSX } from "preact";
import type { OpenVault } from "../../vault/index.ts";
import { client, enter } from "../state/open.ts";
import { phase } from "../state/phase.ts";
import { Button } from "../ui/button.tsx";
import { TextField } from "../ui/form.tsx";
import { Notice } from "../ui/notice.tsx";
import { ScreenCard } from "../ui/screen.tsx";
import { useTask } from "../ui/task.ts";
import { ago, span } from "../words/format.ts";
import { t } from "../words/index.ts";

interface Started {
  kit: { vaultId: string; code: string };
  releaseAtMs: number;
  /** The node's clock minus ours: the node decides when the time is over. */
  skewMs: number;
}

export function Recover(): JSX.Element {
  const started = useSignal<Started | null>(null);
  const opened = useSignal<OpenVault | null>(null);
  if (opened.value !== null) return <NewPasskey vault={opened.value} />;
  if (started.value !== null) return <Waiting started={started.value} onOpen={(vault) => (opened.value = vault)} />;
  return <Begin onStarted={(value) => (started.value = value)} />;
}

function Begin({ onStarted }: { onStarted: (started: Started) => void }): JSX.Element {
  const words = t.screens.recover;
  const code = useSignal("");
  const vaultId = useSignal("");
  const task = useTask();
  const submit = async (): Promise<void> => {
    const kit = { vaultId: vaultId.value.replace(/[\s-]/g, "").toLowerCase(), code: code.value };
    const { releaseAtMs, nowMs } = await client().startRecovery(kit);
    onStarted({ kit, releaseAtMs, skewMs: nowMs - Date.now() });
  };
  return (
    <ScreenCard title={words.title} lead={words.lead}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void task.run(submit);
        }}
      >
        <TextField label={words.code} value={code.value} onInput={(text) => (code.value = text)} code required />
        <TextField label={words.vaultId} hint={words.vaultIdHint} value={vaultId.value} onInput={(text) => (vaultId.value = text)} code required />
        {task.error.value !== null && <Notice look="bad">{task.error.value}</Notice>}
        <Button type="submit" look="primary" busy={task.busy.value}>
          {words.start}
        </Button>
        <Button look="quiet" onClick={() => (phase.value = { name: "locked", why: null })}>
          {words.back}
        </Button>
      </form>
    </ScreenCard>
  );
}

function Waiting({ started, onOpen }: { started: Started; onOpen: (vault: OpenVault) => void }): JSX.Element {
  const words = t.screens.recover.waiting;
  const now = useSignal(Date.now() + started.skewMs);
  const task = useTask();
  useEffect(() => {
    const timer = setInterval(() => (now.value = Date.now() + started.skewMs), 1000);
    return () => clearInterval(timer);
  }, [started]);
  const left = started.releaseAtMs - now.value;
  return (
    <ScreenCard title={words.title} lead={words.ready(ago(started.releaseAtMs, now.value))}>
      {left > 0 && (
        <p>
          <strong>{words.left(span(left))}</strong>
        </p>
      )}
      {left > 0 && <p>{words.close}</p>}
      <p class="soft">{words.cancel}</p>
      {task.error.value !== null && <Notice look="bad">{task.error.value}</Notice>}
      <Button
        look="primary"
        busy={task.busy.value}
        disabled={left > 0}
        title={left > 0 ? words.tooEarly : undefined}
        onClick={() => void task.run(async () => onOpen(await client().claimRecovery(started.kit)))}
      >
        {words.claim}
      </Button>
    </ScreenCard>
  );
}

function NewPasskey({ vault }: { vault: OpenVault }): JSX.Element {
  const words = t.screens.recover.opened;
  const name = useSignal<string>(t.screens.setup.welcome.passkeyNameDefault);
  const task = useTask();
  const add = async (): Promise<void> => {
    await vault.ways.addPasskey(name.value);
    enter(vault);
  };
  return (
    <ScreenCard title={words.title} lead={words.lead}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void task.run(add);
        }}
      >
        <TextField label={words.name} value={name.value} onInput={(text) => (name.value = text)} required />
        {task.error.value !== null && <Notice look="bad">{task.error.value}</Notice>}
        <Button type="submit" look="primary" icon="passkey" busy={task.busy.value}>
          {words.add}
        </Button>
        <Button look="quiet" onClick={() => enter(vault)}>
          {t.screens.setup.second.later}
        </Button>
      </form>
    </ScreenCard>
  );
}
