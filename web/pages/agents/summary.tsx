// An agent at a glance: what it may do where, its limits, when it was here.
import type { JSX } from "preact";
import type { Agent, Capabilities } from "../../vault/index.ts";
import { vault } from "../state/phase.ts";
import { ago, date } from "../words/format.ts";
import { t } from "../words/index.ts";

const CAPABILITIES = ["use", "totp", "reveal", "write"] as const;

/** "use, codes". */
export function capabilityWords(capabilities: Capabilities): string {
  const words = CAPABILITIES.filter((name) => capabilities[name]).map((name) => t.agents.capabilities[name].short);
  return words.length === 0 ? t.agents.nothing : words.join(", ");
}

export function Summary({ agent }: { agent: Agent }): JSX.Element {
  const scopes = vault().scopes.list();
  const seen = agent.seen;
  const budget = (used: number | undefined, limit: number): string => t.agents.used(used ?? 0, limit);
  return (
    <dl class="facts">
      <div>
        <dt>{t.agents.kind}</dt>
        <dd>{t.agents.kinds[agent.kind]}</dd>
      </div>
      <div>
        <dt>{t.agents.mayUse}</dt>
        <dd>
          <ul>
            {agent.scopes.map((given) => (
              <li key={given.scopeId}>
                {scopes.find((scope) => scope.id === given.scopeId)?.name ?? t.agents.unknownScope}: {capabilityWords(given.capabilities)}
              </li>
            ))}
          </ul>
        </dd>
      </div>
      <div>
        <dt>{t.agents.budget}</dt>
        <dd>
          {t.agents.perMinute(budget(seen?.minute.used, agent.perMinute))}
          <br />
          {t.agents.perHour(budget(seen?.hour.used, agent.perHour))}
        </dd>
      </div>
      <div>
        <dt>{t.agents.lastSeen}</dt>
        <dd>{seen?.lastSeenMs ? ago(seen.lastSeenMs, Date.now()) : t.common.never}</dd>
      </div>
      <div>
        <dt>{t.agents.until}</dt>
        <dd>{date(agent.notAfterS * 1000)}</dd>
      </div>
    </dl>
  );
}
