// For the day on which the server itself is not trusted: one step that ends what it could have kept.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { Progress, SuspicionEffect } from "../../vault/index.ts";
import { revision, vault } from "../state/phase.ts";
import { Button } from "../ui/button.tsx";
import { Confirm } from "../ui/dialog.tsx";
import { Notice, ProgressBar } from "../ui/notice.tsx";
import { toast } from "../ui/toast.tsx";
import { t } from "../words/index.ts";

const words = t.agents.suspicion;

export function Suspicion(): JSX.Element {
  revision.value;
  // As it stood when it was asked: while the work runs there is less and less of it.
  const asked = useSignal<SuspicionEffect | null>(null);
  const effect = vault().agents.suspicionEffect();
  return (
    <section class="card" aria-labelledby="suspicion-title">
      <div class="stack tight">
        <h2 id="suspicion-title">{words.title}</h2>
        <p class="soft">{words.lead}</p>
      </div>
      {effect.ends.length === 0 ? (
        <p>{words.nothing}</p>
      ) : (
        <div>
          <Button look="danger" icon="shield" onClick={() => (asked.value = effect)}>
            {words.action}
          </Button>
        </div>
      )}
      {asked.value !== null && <Ask effect={asked.value} onClose={() => (asked.value = null)} />}
    </section>
  );
}

function Ask({ effect, onClose }: { effect: SuspicionEffect; onClose: () => void }): JSX.Element {
  const progress = useSignal<Progress | null>(null);
  const names = new Map(
    vault()
      .scopes.list()
      .map((scope) => [scope.id, scope.name]),
  );
  const end = async (): Promise<void> => {
    const onProgress = (now: Progress): void => void (progress.value = now);
    await vault().agents.suspectNode({ onProgress });
    toast(words.done(effect.ends.length));
    await vault().agents.reseal({ onProgress });
  };
  return (
    <Confirm title={words.ask} action={words.action} danger onConfirm={end} onClose={onClose}>
      <p>{words.ends}</p>
      <ul>
        {effect.ends.map((agent) => (
          <li key={agent.id}>{agent.name}</li>
        ))}
      </ul>
      <p>{words.scopes(effect.scopes.map((id) => names.get(id) ?? t.agents.unknownScope).join(", "))}</p>
      <p>{words.entries(effect.entries)}</p>
      <Notice look="warn">
        <p>{words.after}</p>
      </Notice>
      <p class="hint">{words.locked}</p>
      {progress.value !== null && <ProgressBar label={t.agents.sealing} done={progress.value.done} total={progress.value.total} />}
    </Confirm>
  );
}
