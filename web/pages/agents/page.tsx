// The agents and the scopes: who may open what without you.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { JSX } from "preact";
import type { Agent } from "../../vault/index.ts";
import { explain } from "../state/failure.ts";
import { revision, vault } from "../state/phase.ts";
import { isPresent } from "../state/presence.ts";
import { go, href } from "../state/route.ts";
import { Button, LinkButton } from "../ui/button.tsx";
import { Icon } from "../ui/icons.tsx";
import { Empty, Notice } from "../ui/notice.tsx";
import { Heading } from "../ui/screen.tsx";
import { t } from "../words/index.ts";
import { AgentPage } from "./agent.tsx";
import { HostedDialog, InviteDialog } from "./make.tsx";
import { Reseal } from "./reseal.tsx";
import { Scopes } from "./scopes.tsx";
import { StateBadge } from "./state-badge.tsx";
import { Summary } from "./summary.tsx";
import { Suspicion } from "./suspicion.tsx";

const LOOK_MS = 10_000;

export function AgentsPage({ id }: { id: string | null }): JSX.Element {
  const agents = useSignal<readonly Agent[] | null>(null);
  const error = useSignal<string | null>(null);
  const load = (): void => {
    vault()
      .agents.list()
      .then(
        (list) => {
          agents.value = list;
          error.value = null;
        },
        (failure: unknown) => (error.value = explain(failure)),
      );
  };
  useEffect(load, [revision.value]);
  useEffect(() => {
    const timer = setInterval(() => isPresent() && load(), LOOK_MS);
    return () => clearInterval(timer);
  }, []);
  if (error.value !== null && agents.value === null)
    return (
      <div class="page">
        <Notice look="bad">{error.value}</Notice>
      </div>
    );
  if (agents.value === null)
    return (
      <p class="page" role="status">
        {t.common.loading}
      </p>
    );
  if (id === null) return <AgentList agents={agents.value} />;
  const agent = agents.value.find((one) => one.id === id);
  if (agent === undefined) {
    return (
      <Empty icon="agent" title={t.agents.gone}>
        <LinkButton href={href({ page: "agents", id: null })}>{t.agents.title}</LinkButton>
      </Empty>
    );
  }
  return <AgentPage key={agent.id} agent={agent} reload={load} />;
}

function AgentList({ agents }: { agents: readonly Agent[] }): JSX.Element {
  const dialog = useSignal<"invite" | "hosted" | null>(null);
  const close = (): void => {
    dialog.value = null;
  };
  return (
    <div class="page">
      <header class="page-head">
        <Heading text={t.agents.title} />
        <div class="buttons">
          <Button look="primary" icon="plus" onClick={() => (dialog.value = "invite")}>
            {t.agents.enrol}
          </Button>
          <Button icon="cloud" onClick={() => (dialog.value = "hosted")}>
            {t.agents.makeHosted}
          </Button>
        </div>
        <p>{t.agents.lead}</p>
      </header>
      <Reseal />
      {agents.length === 0 && (
        <div class="card">
          <Empty icon="agent" title={t.agents.none.title}>
            <p>{t.agents.none.body}</p>
          </Empty>
        </div>
      )}
      {agents.length > 0 && (
        <ul class="stack">
          {agents.map((agent) => (
            <li key={agent.id}>
              <AgentCard agent={agent} />
            </li>
          ))}
        </ul>
      )}
      <Scopes agents={agents} />
      <Suspicion />
      {dialog.value === "invite" && <InviteDialog onClose={close} />}
      {dialog.value === "hosted" && <HostedDialog onClose={close} />}
    </div>
  );
}

function AgentCard({ agent }: { agent: Agent }): JSX.Element {
  return (
    <article class="card" aria-label={agent.name}>
      <div class="card-head">
        <h2 class="row">
          <Icon name={agent.kind === "hosted" ? "cloud" : "agent"} />
          {agent.name}
        </h2>
        <StateBadge agent={agent} />
      </div>
      <Summary agent={agent} />
      <div class="buttons">
        <Button onClick={() => go({ page: "agents", id: agent.id })}>{t.agents.open(agent.name)}</Button>
      </div>
    </article>
  );
}
