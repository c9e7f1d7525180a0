// The list, and beside it the entry, the form or the history.
import { useEffect } from "preact/hooks";
import type { JSX } from "preact";
import { revision, vault } from "../state/phase.ts";
import { loading } from "../state/open.ts";
import type { Route } from "../state/route.ts";
import { lazy } from "../ui/lazy.tsx";
import { Empty } from "../ui/notice.tsx";
import { t } from "../words/index.ts";
import { EntryView } from "./entry.tsx";
import { EntryList } from "./list.tsx";

const EditEntry = lazy(() => import("./form.tsx").then((module) => module.EditEntry));
const NewEntry = lazy(() => import("./form.tsx").then((module) => module.NewEntry));
const History = lazy(() => import("./history.tsx").then((module) => module.History));

export function EntriesPage({ at }: { at: Extract<Route, { page: "entries" | "new" }> }): JSX.Element {
  const open = at.page === "new" || at.id !== null;
  return (
    <div class={open ? "panes open" : "panes"}>
      {!open && <ListTitle />}
      <EntryList selected={at.page === "entries" ? at.id : null} />
      <section class="detail-pane" aria-label={t.entries.detail}>
        <Detail at={at} />
      </section>
    </div>
  );
}

/** The list has no visible heading; screen readers and the browser's tab get one. */
function ListTitle(): JSX.Element {
  useEffect(() => {
    document.title = `${t.entries.list} · ${t.common.product}`;
  }, []);
  return <h1 class="hidden-text">{t.entries.list}</h1>;
}

/** Beside a list that has something to choose from. */
function NoneChosen(): JSX.Element | null {
  if (vault().entries.loaded && vault().entries.search("", { place: "any" }, 1).length === 0) return null;
  return (
    <Empty icon="shield" title={t.entries.none.title}>
      <p>{t.entries.none.body}</p>
    </Empty>
  );
}

function Detail({ at }: { at: Extract<Route, { page: "entries" | "new" }> }): JSX.Element {
  revision.value;
  if (at.page === "new") return <NewEntry key={at.kind} kind={at.kind} />;
  if (at.id === null) return <NoneChosen />;
  const entry = vault().entries.get(at.id);
  if (entry === undefined) {
    return loading.value === null && vault().entries.loaded ? (
      <Empty icon="search" title={t.entries.gone.title}>
        <p>{t.entries.gone.body}</p>
      </Empty>
    ) : (
      <p class="page" role="status">
        {t.common.loading}
      </p>
    );
  }
  if (at.view === "edit") return <EditEntry key={entry.id} entry={entry} />;
  if (at.view === "history") return <History key={entry.id} entry={entry} />;
  return <EntryView key={entry.id} entry={entry} />;
}
