// The audit log, checked and readable.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { JSX } from "preact";
import type { ActivityEvent, ActivityPage as Page, LogProof } from "../../vault/index.ts";
import { agentNames, wayNames } from "../state/attention.ts";
import { explain } from "../state/failure.ts";
import { vault } from "../state/phase.ts";
import { href } from "../state/route.ts";
import { Button } from "../ui/button.tsx";
import { Segments, TextField } from "../ui/form.tsx";
import { Notice } from "../ui/notice.tsx";
import { Heading } from "../ui/screen.tsx";
import { useTask } from "../ui/task.ts";
import { TierBadge } from "../ui/tier.tsx";
import { count, dateTime } from "../words/format.ts";
import { t } from "../words/index.ts";
import { matches, reasonOf, refusal, sentence, type ActivityFilter } from "./filter.ts";

export function ActivityPage(): JSX.Element {
  const words = t.agents.activity;
  const events = useSignal<readonly ActivityEvent[]>([]);
  const next = useSignal<number | null>(null);
  const filter = useSignal<ActivityFilter>({ who: "everyone", outcome: "all", text: "" });
  const task = useTask();
  const load = (before?: number): void =>
    void task.run(async () => {
      const page: Page = await vault().activity.page(before);
      events.value = before === undefined ? page.events : [...events.value, ...page.events];
      next.value = page.next;
    });
  useEffect(() => load(), []);
  const shown = events.value.filter((event) => matches(event, filter.value));
  return (
    <div class="page">
      <header class="page-head">
        <Heading text={words.title} />
        <p>{words.lead}</p>
      </header>
      <Proof />
      <Filters value={filter.value} onChange={(value) => (filter.value = value)} />
      {task.error.value !== null && <Notice look="bad">{task.error.value}</Notice>}
      <section class="card" aria-label={words.title}>
        <ol class="lines">
          {shown.map((event) => (
            <Line key={event.seq} event={event} />
          ))}
        </ol>
        {shown.length === 0 && !task.busy.value && <p class="soft">{words.none}</p>}
        {next.value !== null ? (
          <div class="buttons">
            <Button busy={task.busy.value} onClick={() => load(next.value ?? undefined)}>
              {words.older}
            </Button>
          </div>
        ) : (
          events.value.length > 0 && <p class="hint">{words.beginning}</p>
        )}
      </section>
    </div>
  );
}

function Proof(): JSX.Element {
  const words = t.agents.activity;
  const proof = useSignal<LogProof | null>(null);
  const error = useSignal<string | null>(null);
  useEffect(() => {
    vault()
      .activity.verify()
      .then(
        (value) => (proof.value = value),
        (failure: unknown) => (error.value = explain(failure)),
      );
  }, []);
  if (error.value !== null) return <Notice look="bad">{error.value}</Notice>;
  if (proof.value === null) return <p role="status">{words.checking}</p>;
  const { size, sinceSize, root } = proof.value;
  return (
    <Notice look="good" title={words.verified(count(size))}>
      {sinceSize > 0 && <p>{words.since(count(sinceSize))}</p>}
      <details>
        <summary>{words.root}</summary>
        <code class="hint wrap">{root}</code>
      </details>
    </Notice>
  );
}

function Filters({ value, onChange }: { value: ActivityFilter; onChange: (value: ActivityFilter) => void }): JSX.Element {
  const words = t.agents.activity;
  return (
    <div class="row filter-row">
      <Segments
        label={words.who}
        value={value.who}
        options={[
          { value: "everyone", label: words.everyone },
          { value: "people", label: words.people },
          { value: "agents", label: words.agents },
          { value: "others", label: words.others },
        ]}
        onChange={(who) => onChange({ ...value, who })}
      />
      <Segments
        label={words.outcome}
        value={value.outcome}
        options={[
          { value: "all", label: words.all },
          { value: "refused", label: words.refused },
        ]}
        onChange={(outcome) => onChange({ ...value, outcome })}
      />
      <TextField label={words.find} value={value.text} onInput={(text) => onChange({ ...value, text })} />
    </div>
  );
}

/** The log names agents and ways in by their ids; people know them by their names. */
function named(detail: string): string {
  const name = agentNames.value.get(detail) ?? wayNames.value.get(detail);
  if (name !== undefined && name !== "") return name;
  return /^([0-9a-f]{32}){1,2}$/.test(detail) ? `${detail.slice(0, 8)}…` : detail;
}

function Line({ event }: { event: ActivityEvent }): JSX.Element {
  const words = t.agents.activity;
  const reason = reasonOf(event);
  const refused = refusal(event);
  return (
    <li>
      <div>
        <p>
          <strong>{event.actor}</strong> {sentence(event)}
          {event.entryTitle !== null && event.entryId !== null && (
            <>
              {" "}
              · <a href={href({ page: "entries", id: event.entryId, view: "show" })}>{event.entryTitle}</a>
            </>
          )}
          {event.fieldLabel !== null && <> · {event.fieldLabel}</>}
          {reason.mode !== null && <> · {t.agents.learnt.modes[reason.mode]}</>}
        </p>
        {reason.text !== "" && <p class="soft">{reason.mode !== null ? words.reason(reason.text) : named(reason.text)}</p>}
        <p class="hint">
          {dateTime(event.atMs)} · #{event.seq}
        </p>
      </div>
      <div class="row">
        {event.tier !== null && <TierBadge tier={event.tier} />}
        <span class={refused === null ? "badge good" : "badge bad"}>{refused === null ? words.ok : words.refusedAs(refused)}</span>
      </div>
    </li>
  );
}
