// Making an agent: an enrolment string with its live answer, or a token that is shown once.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { JSX } from "preact";
import type { Agent, AgentTerms, HostedToken, Invitation } from "../../vault/index.ts";
import { explain } from "../state/failure.ts";
import { vault } from "../state/phase.ts";
import { Button } from "../ui/button.tsx";
import { copySecret } from "../ui/clipboard.ts";
import { Dialog } from "../ui/dialog.tsx";
import { TextField } from "../ui/form.tsx";
import { Notice } from "../ui/notice.tsx";
import { useTask } from "../ui/task.ts";
import { span } from "../words/format.ts";
import { t } from "../words/index.ts";
import { newTerms, TermsForm, termsProblem } from "./terms.tsx";

export function InviteDialog({ onClose }: { onClose: () => void }): JSX.Element {
  const invitation = useSignal<Invitation | null>(null);
  return (
    <Dialog title={t.agents.enrol} onClose={onClose}>
      {invitation.value === null ? (
        <MakeForm
          kind="enrolled"
          action={t.agents.make.string}
          onClose={onClose}
          make={async (name, terms) => void (invitation.value = await vault().agents.invite(name, terms))}
        />
      ) : (
        <Waiting invitation={invitation.value} onClose={onClose} />
      )}
    </Dialog>
  );
}

export function HostedDialog({ onClose }: { onClose: () => void }): JSX.Element {
  const token = useSignal<HostedToken | null>(null);
  return (
    <Dialog title={t.agents.makeHosted} onClose={onClose}>
      {token.value === null ? (
        <>
          <p class="soft">{t.agents.make.hostedLead}</p>
          <MakeForm
            kind="hosted"
            action={t.agents.make.token}
            onClose={onClose}
            make={async (name, terms) => void (token.value = await vault().agents.makeHosted(name, terms))}
          />
        </>
      ) : (
        <ShowToken token={token.value} onClose={onClose} />
      )}
    </Dialog>
  );
}

interface MakeFormProps {
  kind: "enrolled" | "hosted";
  action: string;
  make: (name: string, terms: AgentTerms) => Promise<void>;
  onClose: () => void;
}

function MakeForm({ kind, action, make, onClose }: MakeFormProps): JSX.Element {
  const name = useSignal("");
  const terms = useSignal(newTerms(kind, Date.now()));
  const wrong = useSignal<string | null>(null);
  const task = useTask();
  const submit = (): void => {
    wrong.value = name.value.trim() === "" ? t.agents.make.nameMissing : termsProblem(terms.value);
    if (wrong.value === null) void task.run(() => make(name.value.trim(), terms.value));
  };
  const problem = wrong.value ?? task.error.value;
  return (
    <form
      class="stack"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <TextField
        label={t.agents.make.name}
        hint={t.agents.make.nameHint}
        value={name.value}
        onInput={(text) => (name.value = text)}
        required
        autofocus
      />
      <TermsForm terms={terms} kind={kind} />
      {problem !== null && <Notice look="bad">{problem}</Notice>}
      <p class="hint">{t.common.passkeyNeeded}</p>
      <div class="buttons end">
        <Button onClick={onClose}>{t.common.cancel}</Button>
        <Button type="submit" look="primary" icon="passkey" busy={task.busy.value}>
          {action}
        </Button>
      </div>
    </form>
  );
}

/** The string, and what comes of it: waiting, then verified. */
function Waiting({ invitation, onClose }: { invitation: Invitation; onClose: () => void }): JSX.Element {
  const words = t.agents.make;
  const agent = useSignal<Agent | null>(null);
  const error = useSignal<string | null>(null);
  const left = useSignal(invitation.expiresMs - Date.now());
  useEffect(() => {
    const stop = new AbortController();
    const timer = setInterval(() => (left.value = invitation.expiresMs - Date.now()), 1000);
    invitation.finished(stop.signal).then(
      (enrolled) => (agent.value = enrolled),
      (failure: unknown) => {
        if (!stop.signal.aborted) error.value = explain(failure);
      },
    );
    return () => {
      stop.abort();
      clearInterval(timer);
    };
  }, [invitation]);
  const command = `clavitor agent enroll ${invitation.enrolment}`;
  if (agent.value !== null) {
    return (
      <>
        <Notice look="good" title={words.verified(agent.value.name)}>
          <p>{words.verifiedBody}</p>
        </Notice>
        <div class="buttons end">
          <Button look="primary" onClick={onClose}>
            {t.common.done}
          </Button>
        </div>
      </>
    );
  }
  return (
    <>
      <p>{words.runThis}</p>
      <div class="secret-box" data-testid="enrolment-string">
        {invitation.enrolment}
      </div>
      <div class="buttons">
        <Button look="primary" icon="copy" onClick={() => void copySecret(words.stringLabel, invitation.enrolment)}>
          {words.copyString}
        </Button>
        <Button icon="terminal" onClick={() => void copySecret(words.commandLabel, command)}>
          {words.copyCommand}
        </Button>
      </div>
      <p class="hint">{words.onceOnly}</p>
      {error.value !== null ? (
        <Notice look="bad">{error.value}</Notice>
      ) : (
        <p class="row" role="status">
          {left.value > 0 ? (
            <>
              <span class="spinner" aria-hidden="true" />
              {words.waiting}
            </>
          ) : (
            words.expired
          )}
        </p>
      )}
      {left.value > 0 && (
        <p class="hint" aria-hidden="true">
          {words.validFor(span(left.value))}
        </p>
      )}
      <p class="hint">{words.mayClose}</p>
      <div class="buttons end">
        <Button onClick={onClose}>{t.common.close}</Button>
      </div>
    </>
  );
}

function ShowToken({ token, onClose }: { token: HostedToken; onClose: () => void }): JSX.Element {
  const words = t.agents.make;
  return (
    <>
      <Notice look="warn">
        <p>{words.tokenOnce}</p>
      </Notice>
      <div class="secret-box" data-testid="hosted-token">
        {token.token}
      </div>
      <div class="buttons">
        <Button look="primary" icon="copy" onClick={() => void copySecret(words.tokenLabel, token.token)}>
          {words.copyToken}
        </Button>
      </div>
      <h3>{words.example}</h3>
      <pre
        class="secret-box"
        tabIndex={0}
        aria-label={words.example}
      >{`read -rs CLAVITOR_TOKEN    # ${words.paste}\ncurl -H "Authorization: Bearer $CLAVITOR_TOKEN" \\\n  ${location.origin}/v1/hosted/entries`}</pre>
      <p class="hint">{words.hostedLimits}</p>
      <div class="buttons end">
        <Button onClick={onClose}>{t.common.done}</Button>
      </div>
    </>
  );
}
