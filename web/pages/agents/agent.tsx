// One agent: its terms, its state, what it ever learnt, and how to stop it.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { JSX } from "preact";
import type { Agent, AgentTerms, LearntField, Progress } from "../../vault/index.ts";
import { explain } from "../state/failure.ts";
import { vault } from "../state/phase.ts";
import { go, href } from "../state/route.ts";
import { Button } from "../ui/button.tsx";
import { Confirm, Dialog } from "../ui/dialog.tsx";
import { Menu, type MenuItem } from "../ui/menu.tsx";
import { Notice, ProgressBar } from "../ui/notice.tsx";
import { RenameDialog } from "../ui/rename.tsx";
import { Heading } from "../ui/screen.tsx";
import { useTask } from "../ui/task.ts";
import { toast } from "../ui/toast.tsx";
import { ago, dateTime } from "../words/format.ts";
import { t } from "../words/index.ts";
import { StateBadge, stateOf } from "./state-badge.tsx";
import { Summary } from "./summary.tsx";
import { TermsForm, termsProblem } from "./terms.tsx";

type Asking = "revoke" | "change" | "rename" | null;

export function AgentPage({ agent, reload }: { agent: Agent; reload: () => void }): JSX.Element {
  const asking = useSignal<Asking>(null);
  const close = (): void => {
    asking.value = null;
  };
  return (
    <div class="page">
      <AgentHead agent={agent} reload={reload} ask={(what) => (asking.value = what)} />
      <StateNotice agent={agent} reload={reload} />
      <section class="card" aria-label={t.agents.terms.title}>
        <Summary agent={agent} />
      </section>
      <Learnt agent={agent} />
      {asking.value === "revoke" && <Revoke agent={agent} onClose={close} />}
      {asking.value === "change" && <ChangeTerms agent={agent} onClose={close} />}
      {asking.value === "rename" && <RenameDialog what="agent" id={agent.id} name={agent.name} onClose={close} />}
    </div>
  );
}

function AgentHead({ agent, reload, ask }: { agent: Agent; reload: () => void; ask: (what: Asking) => void }): JSX.Element {
  const task = useTask();
  const locked = agent.seen?.locked === true;
  const lock = async (): Promise<void> => {
    await (locked ? vault().agents.unlock(agent.id) : vault().agents.lock(agent.id));
    toast(locked ? t.agents.unlocked(agent.name) : t.agents.lockedNow(agent.name));
    reload();
  };
  const items: MenuItem[] = [
    { label: t.agents.change, icon: "edit", run: () => ask("change") },
    { label: t.common.rename, icon: "tag", run: () => ask("rename") },
  ];
  return (
    <header class="page-head">
      <div class="stack tight">
        <div class="row">
          <Heading text={agent.name} tab={t.agents.title} />
          <StateBadge agent={agent} />
        </div>
      </div>
      <div class="buttons">
        <Button icon="back" onClick={() => go({ page: "agents", id: null })}>
          {t.agents.title}
        </Button>
        <Button icon={locked ? "passkey" : "lock"} busy={task.busy.value} onClick={() => void task.run(lock)}>
          {locked ? t.agents.unlock : t.agents.lock}
        </Button>
        <Button look="danger" icon="trash" onClick={() => ask("revoke")}>
          {t.agents.revoke}
        </Button>
        <Menu label={t.common.more} items={items} />
      </div>
      {task.error.value !== null && <Notice look="bad">{task.error.value}</Notice>}
    </header>
  );
}

function StateNotice({ agent, reload }: { agent: Agent; reload: () => void }): JSX.Element | null {
  const task = useTask();
  const state = stateOf(agent, Date.now());
  if (state === "active") return null;
  const finish = async (): Promise<void> => {
    await vault().agents.finishInvitation(agent.id);
    toast(t.agents.make.verified(agent.name));
    reload();
  };
  return (
    <Notice look={state === "locked" ? "bad" : state === "invited" || state === "expired" ? "info" : "warn"}>
      <p>{t.agents.stateHelp[state]}</p>
      {state === "answered" && (
        <div>
          <Button look="primary" icon="shield" busy={task.busy.value} onClick={() => void task.run(finish)}>
            {t.agents.verify}
          </Button>
        </div>
      )}
      {task.error.value !== null && <p class="error-text">{task.error.value}</p>}
    </Notice>
  );
}

function ChangeTerms({ agent, onClose }: { agent: Agent; onClose: () => void }): JSX.Element {
  const terms = useSignal<AgentTerms>({ scopes: [...agent.scopes], perMinute: agent.perMinute, perHour: agent.perHour, notAfterS: agent.notAfterS });
  const wrong = useSignal<string | null>(null);
  const task = useTask();
  const save = async (): Promise<void> => {
    await vault().agents.change(agent.id, terms.value);
    toast(t.agents.changed(agent.name));
    onClose();
  };
  return (
    <Dialog title={t.agents.change} onClose={onClose}>
      <form
        class="stack"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          wrong.value = termsProblem(terms.value);
          if (wrong.value === null) void task.run(save);
        }}
      >
        <TermsForm terms={terms} kind={agent.kind} />
        <p class="hint">{t.agents.changeHint}</p>
        {(wrong.value ?? task.error.value) !== null && <Notice look="bad">{wrong.value ?? task.error.value}</Notice>}
        <div class="buttons end">
          <Button onClick={onClose}>{t.common.cancel}</Button>
          <Button type="submit" look="primary" icon="passkey" busy={task.busy.value}>
            {t.common.save}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function Revoke({ agent, onClose }: { agent: Agent; onClose: () => void }): JSX.Element {
  const progress = useSignal<Progress | null>(null);
  const effect = vault().agents.revokeEffect(agent.id);
  const revoke = async (): Promise<void> => {
    await vault().agents.revoke(agent.id, { onProgress: (now) => (progress.value = now) });
    toast(t.agents.revoked(agent.name));
    go({ page: "agents", id: null }, true);
  };
  return (
    <Confirm title={t.agents.revokeTitle(agent.name)} action={t.agents.revoke} danger onConfirm={revoke} onClose={onClose}>
      <p>{t.agents.revokeBody(effect.entries)}</p>
      {effect.ends.length > 0 && (
        <Notice look="warn">
          <p>{t.agents.revokeEnds}</p>
          <ul>
            {effect.ends.map((other) => (
              <li key={other.id}>{other.name}</li>
            ))}
          </ul>
        </Notice>
      )}
      <p class="hint">{t.agents.revokeKnows}</p>
      {progress.value !== null && <ProgressBar label={t.agents.sealing} done={progress.value.done} total={progress.value.total} />}
    </Confirm>
  );
}

/** Everything that ever left the vault towards this agent. */
function Learnt({ agent }: { agent: Agent }): JSX.Element {
  const learnt = useSignal<readonly LearntField[] | null>(null);
  const error = useSignal<string | null>(null);
  useEffect(() => {
    vault()
      .agents.learnt(agent.id)
      .then(
        (list) => (learnt.value = list),
        (failure: unknown) => (error.value = explain(failure)),
      );
  }, [agent]);
  return (
    <section class="card" aria-labelledby="learnt-title">
      <div class="stack tight">
        <h2 id="learnt-title">{t.agents.learnt.title}</h2>
        <p class="soft">{t.agents.learnt.lead}</p>
      </div>
      {error.value !== null && <Notice look="bad">{error.value}</Notice>}
      {learnt.value?.length === 0 && <p>{t.agents.learnt.none}</p>}
      {learnt.value !== null && learnt.value.length > 0 && (
        <ul class="lines">
          {learnt.value.map((item) => (
            <LearntLine key={`${item.entryId}-${item.fieldId}-${item.mode}-${item.firstMs}`} item={item} />
          ))}
        </ul>
      )}
    </section>
  );
}

function LearntLine({ item }: { item: LearntField }): JSX.Element {
  const words = t.agents.learnt;
  const title = item.entryTitle ?? words.gone;
  return (
    <li>
      <div>
        {item.entryTitle === null ? (
          <strong>{title}</strong>
        ) : (
          <a href={href({ page: "entries", id: item.entryId, view: "show" })}>
            <strong>{title}</strong>
          </a>
        )}{" "}
        · {item.fieldLabel ?? words.goneField}
        <p class="hint" title={dateTime(item.lastMs)}>
          {words.modes[item.mode]} · {words.times(item.times, ago(item.lastMs, Date.now()))}
        </p>
      </div>
      <span class={item.current ? "badge warn" : "badge"}>{item.current ? words.current : words.changed}</span>
    </li>
  );
}
