// Settings: ways in first, then the vault, its data, and this browser.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { JSX } from "preact";
import type { Incident, NodeInfo } from "../../vault/index.ts";
import { client } from "../state/open.ts";
import { revision, vault } from "../state/phase.ts";
import { href } from "../state/route.ts";
import { shortcuts } from "../state/shortcuts.ts";
import { theme, type Theme } from "../state/theme.ts";
import { Button, LinkButton } from "../ui/button.tsx";
import { Check, Segments } from "../ui/form.tsx";
import { RenameDialog } from "../ui/rename.tsx";
import { Heading } from "../ui/screen.tsx";
import { dateTime } from "../words/format.ts";
import { t } from "../words/index.ts";
import { WaysCard } from "./ways.tsx";

export function SettingsPage(): JSX.Element {
  return (
    <div class="page">
      <header class="page-head">
        <Heading text={t.settings.title} />
      </header>
      <WaysCard />
      <VaultCard />
      <DataCard />
      <BrowserCard />
    </div>
  );
}

function VaultCard(): JSX.Element {
  revision.value;
  const renaming = useSignal(false);
  const node = useSignal<NodeInfo | null>(null);
  useEffect(() => {
    client()
      .node()
      .then(
        (info) => (node.value = info),
        () => null,
      );
  }, []);
  const open = vault();
  return (
    <section class="card" aria-labelledby="vault-title">
      <h2 id="vault-title">{t.settings.vault}</h2>
      <dl class="facts">
        <div>
          <dt>{t.common.name}</dt>
          <dd>{open.name}</dd>
        </div>
        <div>
          <dt>{t.screens.setup.kit.vaultId}</dt>
          <dd class="mono wrap">{open.vaultId}</dd>
        </div>
        {node.value !== null && (
          <div>
            <dt>{t.settings.server}</dt>
            <dd>
              {node.value.origin}
              <br />
              <span class="hint">{t.settings.version(node.value.version, node.value.edition)}</span>
            </dd>
          </div>
        )}
      </dl>
      <div class="buttons">
        <Button icon="edit" onClick={() => (renaming.value = true)}>
          {t.settings.renameVault}
        </Button>
      </div>
      {renaming.value && <RenameDialog what="vault" id={open.vaultId} name={open.name} onClose={() => (renaming.value = false)} />}
    </section>
  );
}

function DataCard(): JSX.Element {
  return (
    <section class="card" aria-labelledby="data-title">
      <h2 id="data-title">{t.settings.data}</h2>
      <div class="buttons">
        <LinkButton icon="import" href={href({ page: "import" })}>
          {t.common.nav.import}
        </LinkButton>
        <LinkButton icon="export" href={href({ page: "export" })}>
          {t.common.nav.export}
        </LinkButton>
      </div>
      <div class="stack tight">
        <h3>{t.settings.backup}</h3>
        <p class="soft">{t.settings.backupHint}</p>
        <code class="secret-box">{"clavitor backup code\nclavitor backup create today.clv\nclavitor backup verify today.clv"}</code>
      </div>
    </section>
  );
}

const THEMES: readonly Theme[] = ["system", "light", "dark"];

function BrowserCard(): JSX.Element {
  const incidents = useSignal<readonly Incident[]>([]);
  useEffect(() => {
    client()
      .incidents()
      .then(
        (list) => (incidents.value = list),
        () => null,
      );
  }, []);
  return (
    <section class="card" aria-labelledby="browser-title">
      <h2 id="browser-title">{t.settings.browser}</h2>
      <Segments
        label={t.settings.theme}
        value={theme.value}
        options={THEMES.map((value) => ({ value, label: t.settings.themes[value] }))}
        onChange={(value) => (theme.value = value)}
      />
      <Check checked={shortcuts.value} onChange={(on) => (shortcuts.value = on)}>
        {t.settings.shortcuts}
      </Check>
      <div class="stack tight">
        <h3>{t.settings.incidents}</h3>
        {incidents.value.length === 0 ? (
          <p class="soft">{t.settings.noIncidents}</p>
        ) : (
          <ul class="lines">
            {incidents.value.map((item) => (
              <li key={item.atMs}>
                <div>
                  <p>{item.sentence}</p>
                  <p class="hint">
                    {dateTime(item.atMs)} · {item.reason}
                  </p>
                </div>
              </li>
            ))}
          </ul>
        )}
      </div>
    </section>
  );
}
