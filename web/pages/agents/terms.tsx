// What the owner grants an agent: scopes, what it may do in each, its budget, and until when.
import { useSignal, type Signal } from "@preact/signals";
import type { JSX } from "preact";
import type { AgentTerms, Capabilities } from "../../vault/index.ts";
import { vault } from "../state/phase.ts";
import { Check, SelectField, TextField } from "../ui/form.tsx";
import { date } from "../words/format.ts";
import { t } from "../words/index.ts";

const DAY_S = 86_400;
const LIFE_DAYS = [1, 7, 30, 90, 365];
const BUDGET_MAX = 1_000;
const NAMES = ["use", "totp", "reveal", "write"] as const;
/** What a hosted agent can do with what the server can open. */
const HOSTED_NAMES = ["totp", "reveal"] as const;

/** Terms as the form begins: everything small. */
export function newTerms(kind: "enrolled" | "hosted", nowMs: number): AgentTerms {
  return { scopes: [], perMinute: 3, perHour: 10, notAfterS: Math.floor(nowMs / 1000) + (kind === "hosted" ? 30 : 90) * DAY_S };
}

const usual = (kind: "enrolled" | "hosted"): Capabilities => ({ use: kind === "enrolled", totp: true, reveal: kind === "hosted", write: false });

/** What keeps the terms from being granted, or null. */
export function termsProblem(terms: AgentTerms): string | null {
  if (terms.scopes.length === 0) return t.agents.terms.scopeMissing;
  if (terms.scopes.some(({ capabilities }) => !NAMES.some((name) => capabilities[name]))) return t.agents.terms.nothingAllowed;
  const whole = (value: number): boolean => Number.isInteger(value) && value >= 1 && value <= BUDGET_MAX;
  if (!whole(terms.perMinute) || !whole(terms.perHour) || terms.perHour < terms.perMinute) return t.agents.terms.budgetWrong(BUDGET_MAX);
  return null;
}

export function TermsForm({ terms, kind }: { terms: Signal<AgentTerms>; kind: "enrolled" | "hosted" }): JSX.Element {
  const now = terms.value;
  const begun = useSignal(Date.now());
  const set = (patch: Partial<AgentTerms>): void => {
    terms.value = { ...now, ...patch };
  };
  const lives = LIFE_DAYS.map((days) => Math.floor(begun.value / 1000) + days * DAY_S);
  const options = lives.map((at, index) => ({ value: String(at), label: t.agents.terms.days(LIFE_DAYS[index] ?? 0) }));
  if (!lives.includes(now.notAfterS)) options.unshift({ value: String(now.notAfterS), label: t.agents.terms.untilDate(date(now.notAfterS * 1000)) });
  const words = t.agents.terms;
  return (
    <>
      <ScopeChoice terms={now} kind={kind} set={set} />
      <fieldset class="stack tight">
        <legend class="legend">{words.budget}</legend>
        <p class="hint">{words.budgetHint}</p>
        <div class="two">
          <TextField
            label={words.perMinute}
            type="number"
            min={1}
            max={BUDGET_MAX}
            value={String(now.perMinute)}
            onInput={(text) => set({ perMinute: Number(text) })}
          />
          <TextField
            label={words.perHour}
            type="number"
            min={1}
            max={BUDGET_MAX}
            value={String(now.perHour)}
            onInput={(text) => set({ perHour: Number(text) })}
          />
        </div>
      </fieldset>
      <SelectField label={words.until} value={String(now.notAfterS)} options={options} onChange={(value) => set({ notAfterS: Number(value) })} />
    </>
  );
}

function ScopeChoice({
  terms,
  kind,
  set,
}: {
  terms: AgentTerms;
  kind: "enrolled" | "hosted";
  set: (patch: Partial<AgentTerms>) => void;
}): JSX.Element {
  const words = t.agents.terms;
  const toggle = (scopeId: string, on: boolean): void =>
    set({
      scopes: on ? [...terms.scopes, { scopeId, capabilities: usual(kind) }] : terms.scopes.filter((given) => given.scopeId !== scopeId),
    });
  const allow = (scopeId: string, name: keyof Capabilities, on: boolean): void =>
    set({
      scopes: terms.scopes.map((given) => (given.scopeId === scopeId ? { scopeId, capabilities: { ...given.capabilities, [name]: on } } : given)),
    });
  return (
    <fieldset class="stack tight">
      <legend class="legend">{words.scopes}</legend>
      <p class="hint">{words.scopesHint}</p>
      {vault()
        .scopes.list()
        .map((scope) => {
          const given = terms.scopes.find((one) => one.scopeId === scope.id);
          return (
            <div key={scope.id}>
              <Check checked={given !== undefined} onChange={(on) => toggle(scope.id, on)}>
                {scope.name} <span class="soft">({t.entries.count(String(scope.entries), scope.entries)})</span>
              </Check>
              {given !== undefined && (
                <fieldset class="capabilities">
                  <legend class="hidden-text">{words.mayIn(scope.name)}</legend>
                  {(kind === "hosted" ? HOSTED_NAMES : NAMES).map((name) => (
                    <Check key={name} checked={given.capabilities[name]} onChange={(on) => allow(scope.id, name, on)}>
                      {t.agents.capabilities[name].long} <span class="hint">{t.agents.capabilities[name].hint}</span>
                    </Check>
                  ))}
                </fieldset>
              )}
            </div>
          );
        })}
    </fieldset>
  );
}
