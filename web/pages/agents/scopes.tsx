// Scopes: named sets of entries that agents can be given.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { Agent, Scope } from "../../vault/index.ts";
import { revision, vault } from "../state/phase.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { Confirm } from "../ui/dialog.tsx";
import { TextField } from "../ui/form.tsx";
import { Icon } from "../ui/icons.tsx";
import { Notice } from "../ui/notice.tsx";
import { RenameDialog } from "../ui/rename.tsx";
import { useTask } from "../ui/task.ts";
import { toast } from "../ui/toast.tsx";
import { t } from "../words/index.ts";

export function Scopes({ agents }: { agents: readonly Agent[] }): JSX.Element {
  revision.value;
  const name = useSignal("");
  const task = useTask();
  const create = async (): Promise<void> => {
    await vault().scopes.create(name.value.trim());
    name.value = "";
  };
  return (
    <section class="card" aria-labelledby="scopes-title">
      <div class="stack tight">
        <h2 id="scopes-title">{t.agents.scopes.title}</h2>
        <p class="soft">{t.agents.scopes.lead}</p>
      </div>
      <ul class="lines">
        {vault()
          .scopes.list()
          .map((scope) => (
            <ScopeLine key={scope.id} scope={scope} agents={agents} />
          ))}
      </ul>
      <form
        class="row"
        onSubmit={(event) => {
          event.preventDefault();
          if (name.value.trim() !== "") void task.run(create);
        }}
      >
        <TextField label={t.agents.scopes.name} value={name.value} onInput={(text) => (name.value = text)} required />
        <div class="align-end">
          <Button type="submit" icon="plus" busy={task.busy.value}>
            {t.agents.scopes.create}
          </Button>
        </div>
      </form>
      {task.error.value !== null && <Notice look="bad">{task.error.value}</Notice>}
    </section>
  );
}

function ScopeLine({ scope, agents }: { scope: Scope; agents: readonly Agent[] }): JSX.Element {
  const asking = useSignal<"rename" | "remove" | null>(null);
  const close = (): void => {
    asking.value = null;
  };
  const users = agents.filter((agent) => agent.scopes.some((given) => given.scopeId === scope.id)).map((agent) => agent.name);
  const remove = async (): Promise<void> => {
    await vault().scopes.remove(scope.id);
    toast(t.agents.scopes.removed(scope.name));
  };
  return (
    <li>
      <div class="row whole">
        <Icon name="scope" />
        <div>
          <strong>{scope.name}</strong>
          <p class="hint">
            {t.entries.count(String(scope.entries), scope.entries)} · {users.length === 0 ? t.agents.scopes.noAgents : users.join(", ")}
          </p>
        </div>
      </div>
      {!scope.whole && (
        <div class="buttons">
          <IconButton label={t.agents.scopes.rename(scope.name)} icon="edit" onClick={() => (asking.value = "rename")} />
          <IconButton label={t.agents.scopes.remove(scope.name)} icon="trash" onClick={() => (asking.value = "remove")} />
        </div>
      )}
      {asking.value === "rename" && <RenameDialog what="scope" id={scope.id} name={scope.name} onClose={close} />}
      {asking.value === "remove" && (
        <Confirm title={t.agents.scopes.remove(scope.name)} action={t.common.remove} danger onConfirm={remove} onClose={close}>
          <p>{t.agents.scopes.removeBody}</p>
        </Confirm>
      )}
    </li>
  );
}
