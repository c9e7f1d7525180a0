// The frame of an open vault: navigation, the page, and the keys that work everywhere.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { lazy, Suspense } from "./ui/lazy.tsx";
import type { JSX } from "preact";
import { EntriesPage } from "./entries/page.tsx";
import { HelpDialog } from "./help.tsx";
import { phase, recoveryPending, vault } from "./state/phase.ts";
import { go, href, route, type Route } from "./state/route.ts";
import { shortcuts } from "./state/shortcuts.ts";
import { waitingAgents, watchAgents } from "./state/attention.ts";
import { watchServer } from "./state/server.ts";
import { Icon, Mark, type IconName } from "./ui/icons.tsx";
import { t } from "./words/index.ts";

const AgentsPage = lazy(() => import("./agents/page.tsx").then((module) => module.AgentsPage));
const ActivityPage = lazy(() => import("./activity/page.tsx").then((module) => module.ActivityPage));
const SettingsPage = lazy(() => import("./settings/page.tsx").then((module) => module.SettingsPage));
const ImportPage = lazy(() => import("./transfer/import.tsx").then((module) => module.ImportPage));
const ExportPage = lazy(() => import("./transfer/export.tsx").then((module) => module.ExportPage));

export function Shell(): JSX.Element {
  const help = useSignal(false);
  useEffect(() => keys(() => (help.value = true)), []);
  useEffect(() => watchAgents(), []);
  useEffect(() => watchServer(), []);
  const at = route.value;
  return (
    <div class="shell">
      <a
        class="button skip"
        href="#content"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById("content")?.focus();
        }}
      >
        {t.common.skip}
      </a>
      <Navigation page={at.page} onHelp={() => (help.value = true)} />
      <main class="content" id="content" tabIndex={-1}>
        <Suspense
          fallback={
            <p class="page" role="status">
              {t.common.loading}
            </p>
          }
        >
          <Page at={at} />
        </Suspense>
      </main>
      {help.value && <HelpDialog onClose={() => (help.value = false)} />}
    </div>
  );
}

function Page({ at }: { at: Route }): JSX.Element {
  switch (at.page) {
    case "entries":
    case "new":
      return <EntriesPage at={at} />;
    case "agents":
      return <AgentsPage id={at.id} />;
    case "activity":
      return <ActivityPage />;
    case "settings":
      return <SettingsPage />;
    case "import":
      return <ImportPage />;
    case "export":
      return <ExportPage />;
  }
}

interface NavItem {
  to: Route;
  icon: IconName;
  label: string;
  wide?: boolean;
}

const ITEMS: readonly NavItem[] = [
  { to: { page: "entries", id: null, view: "show" }, icon: "list", label: t.common.nav.entries },
  { to: { page: "agents", id: null }, icon: "agent", label: t.common.nav.agents },
  { to: { page: "activity" }, icon: "activity", label: t.common.nav.activity },
  { to: { page: "settings" }, icon: "settings", label: t.common.nav.settings },
  { to: { page: "import" }, icon: "import", label: t.common.nav.import, wide: true },
  { to: { page: "export" }, icon: "export", label: t.common.nav.export, wide: true },
];

function Navigation({ page, onHelp }: { page: Route["page"]; onHelp: () => void }): JSX.Element {
  const now = phase.value;
  const name = now.name === "open" ? now.vault.name : "";
  const current = page === "new" ? "entries" : page;
  const attention = (item: NavItem): boolean =>
    (item.to.page === "agents" && waitingAgents.value > 0) || (item.to.page === "settings" && recoveryPending.value);
  return (
    <nav class="nav" aria-label={t.common.nav.label}>
      <div class="brand">
        <Mark />
        <span>{name || t.common.product}</span>
      </div>
      <ul>
        {ITEMS.map((item) => (
          <li key={item.to.page} class={item.wide ? "wide-only" : undefined}>
            <a href={href(item.to)} aria-current={item.to.page === current ? "page" : undefined} onClick={(event) => follow(event, item.to)}>
              <Icon name={item.icon} />
              {item.label}
              {attention(item) && (
                <span class="dot">
                  <span class="hidden-text">{t.common.nav.attention}</span>
                </span>
              )}
            </a>
          </li>
        ))}
      </ul>
      <div class="nav-foot">
        <button type="button" class="nav-item wide-only" onClick={onHelp}>
          <Icon name="help" />
          {t.common.nav.help}
        </button>
        <button type="button" class="nav-item" onClick={() => void vault().lock()}>
          <Icon name="lock" />
          {t.common.nav.lock}
        </button>
      </div>
    </nav>
  );
}

function follow(event: MouseEvent, to: Route): void {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  go(to);
}

/** Keys that work on every page, except where somebody types. */
function keys(openHelp: () => void): () => void {
  const press = (event: KeyboardEvent): void => {
    if (
      event.defaultPrevented ||
      event.ctrlKey ||
      event.metaKey ||
      event.altKey ||
      !shortcuts.peek() ||
      typing(event.target) ||
      document.querySelector("dialog[open]") !== null
    )
      return;
    const at = route.peek();
    if (event.key === "/") {
      if (at.page !== "entries") go({ page: "entries", id: null, view: "show" });
      setTimeout(() => document.getElementById("search")?.focus());
    } else if (event.key === "n") go({ page: "new", kind: "login" });
    else if (event.key === "e" && at.page === "entries" && at.id !== null && at.view === "show") go({ ...at, view: "edit" });
    else if (event.key === "?") openHelp();
    else if (event.key === "L") void vault().lock();
    else return;
    event.preventDefault();
  };
  document.addEventListener("keydown", press);
  return () => document.removeEventListener("keydown", press);
}

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName));
}
