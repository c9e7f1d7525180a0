// The first run: explain, make the passkey, the recovery kit shown and typed back, a second passkey offered, done.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { JSX } from "preact";
import type { OpenVault } from "../../vault/index.ts";
import { explain } from "../state/failure.ts";
import { client, enter } from "../state/open.ts";
import { phase, recoveryDraft } from "../state/phase.ts";
import { go } from "../state/route.ts";
import { Button } from "../ui/button.tsx";
import { TextField } from "../ui/form.tsx";
import { Icon, type IconName } from "../ui/icons.tsx";
import { Notice } from "../ui/notice.tsx";
import { ScreenCard } from "../ui/screen.tsx";
import { useTask } from "../ui/task.ts";
import { t } from "../words/index.ts";
import { ShowKit, TypeBack } from "./kit.tsx";

type Step = "welcome" | "kit" | "type back" | "second" | "finished";
const STEPS: readonly Step[] = ["welcome", "kit", "type back", "second", "finished"];

export function SetUp({ token, others }: { token: string; others: boolean }): JSX.Element {
  const step = useSignal<Step>("welcome");
  const opened = useSignal<OpenVault | null>(null);
  const vault = opened.value;
  if (vault === null || step.value === "welcome") {
    return (
      <Welcome
        token={token}
        others={others}
        onMade={(made) => {
          opened.value = made;
          step.value = "kit";
        }}
      />
    );
  }
  const to = (next: Step) => () => {
    step.value = next;
  };
  switch (step.value) {
    case "kit":
      return <Kit vault={vault} onNext={to("type back")} />;
    case "type back":
      return <TypeBackStep onBack={to("kit")} onDone={to("second")} />;
    case "second":
      return <Second vault={vault} onNext={to("finished")} />;
    case "finished":
      return <Finished vault={vault} />;
  }
}

function Steps({ at }: { at: Step }): JSX.Element {
  const now = STEPS.indexOf(at);
  return (
    <div>
      <p class="hidden-text">{t.screens.setup.stepOf(now + 1, STEPS.length)}</p>
      <ul class="steps" aria-hidden="true">
        {STEPS.map((step, index) => (
          <li key={step} class={index <= now ? "done" : ""} />
        ))}
      </ul>
    </div>
  );
}

const POINT_ICONS: readonly IconName[] = ["passkey", "shield", "print"];

function Welcome({ token, others, onMade }: { token: string; others: boolean; onMade: (vault: OpenVault) => void }): JSX.Element {
  const words = t.screens.setup.welcome;
  const vaultName = useSignal<string>(words.vaultNameDefault);
  const passkeyName = useSignal<string>(words.passkeyNameDefault);
  const task = useTask();
  const make = async (): Promise<void> => {
    const made = await client().setUp({ setupToken: token, vaultName: vaultName.value.trim(), passkeyName: passkeyName.value.trim() });
    history.replaceState(null, "", "/");
    onMade(made);
  };
  return (
    <ScreenCard title={words.title} lead={words.lead}>
      <Steps at="welcome" />
      <ul class="points">
        {words.points.map(([head, text], index) => (
          <li key={head}>
            <Icon name={POINT_ICONS[index] ?? "info"} size={22} />
            <div>
              <strong>{head}</strong>
              <p class="soft">{text}</p>
            </div>
          </li>
        ))}
      </ul>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void task.run(make);
        }}
      >
        <TextField label={words.vaultName} value={vaultName.value} onInput={(text) => (vaultName.value = text)} required />
        <TextField
          label={words.passkeyName}
          hint={words.passkeyNameHint}
          value={passkeyName.value}
          onInput={(text) => (passkeyName.value = text)}
          required
        />
        {task.error.value !== null && <Notice look="bad">{task.error.value}</Notice>}
        <Button type="submit" look="primary" icon="passkey" busy={task.busy.value}>
          {words.create}
        </Button>
        <p class="hint" role="status">
          {task.busy.value ? t.screens.setup.working : words.twice}
        </p>
        {others && (
          <Button look="quiet" onClick={toUnlock}>
            {words.haveVault}
          </Button>
        )}
      </form>
    </ScreenCard>
  );
}

/** Away from the set-up link, to a vault that is there. */
function toUnlock(): void {
  history.replaceState(null, "", "/");
  phase.value = { name: "locked", why: null };
}

function Kit({ vault, onNext }: { vault: OpenVault; onNext: () => void }): JSX.Element {
  const words = t.screens.setup.kit;
  const task = useTask();
  const draft = recoveryDraft.value;
  const make = async (): Promise<void> => {
    recoveryDraft.value = await vault.ways.makeRecovery();
  };
  useEffect(() => {
    if (recoveryDraft.peek() === null) void task.run(make);
  }, []);
  return (
    <ScreenCard title={words.title} lead={words.lead}>
      <Steps at="kit" />
      {draft !== null && <ShowKit draft={draft} onNext={onNext} />}
      {draft === null && task.error.value === null && <p role="status">{words.makingIt}</p>}
      {task.error.value !== null && (
        <>
          <Notice look="bad">{task.error.value}</Notice>
          <Button look="primary" onClick={() => void task.run(make)}>
            {words.retry}
          </Button>
        </>
      )}
    </ScreenCard>
  );
}

function TypeBackStep({ onBack, onDone }: { onBack: () => void; onDone: () => void }): JSX.Element {
  const words = t.screens.setup.typeBack;
  const draft = recoveryDraft.value;
  const done = (): void => {
    onDone();
    recoveryDraft.value = null;
  };
  return (
    <ScreenCard title={words.title} lead={words.lead}>
      <Steps at="type back" />
      {draft !== null && <TypeBack draft={draft} onBack={onBack} onDone={done} />}
    </ScreenCard>
  );
}

function Second({ vault, onNext }: { vault: OpenVault; onNext: () => void }): JSX.Element {
  const words = t.screens.setup.second;
  const name = useSignal<string>(words.nameDefault);
  const task = useTask();
  const add = async (): Promise<void> => {
    await vault.ways.addPasskey(name.value.trim());
    onNext();
  };
  return (
    <ScreenCard title={words.title} lead={words.lead}>
      <Steps at="second" />
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void task.run(add);
        }}
      >
        <TextField label={words.name} value={name.value} onInput={(text) => (name.value = text)} required />
        {task.error.value !== null && <Notice look="bad">{task.error.value}</Notice>}
        <div class="buttons">
          <Button type="submit" look="primary" icon="passkey" busy={task.busy.value}>
            {words.add}
          </Button>
          <Button onClick={onNext}>{words.later}</Button>
        </div>
      </form>
    </ScreenCard>
  );
}

function Finished({ vault }: { vault: OpenVault }): JSX.Element {
  const words = t.screens.setup.finished;
  const ways = useSignal<{ n: number; safe: boolean } | null>(null);
  useEffect(() => {
    void vault.ways.list().then((list) => (ways.value = { n: list.list.length, safe: list.safe }), explain);
  }, [vault]);
  return (
    <ScreenCard title={words.title}>
      <Steps at="finished" />
      {ways.value !== null && (
        <Notice look={ways.value.safe ? "good" : "warn"} title={words.ways(ways.value.n)}>
          <p>{ways.value.safe ? words.safe : words.notSafe}</p>
        </Notice>
      )}
      <div class="buttons">
        <Button look="primary" onClick={() => enter(vault)}>
          {words.open}
        </Button>
        <Button
          icon="import"
          onClick={() => {
            enter(vault);
            go({ page: "import" });
          }}
        >
          {words.importNow}
        </Button>
      </div>
    </ScreenCard>
  );
}
