// The searchable list. Only the rows in sight exist; the search box and the list share one active row.
import { useComputed, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { JSX } from "preact";
import { entryKinds, type Entry, type EntryKind } from "../../vault/index.ts";
import { loading } from "../state/open.ts";
import { onlyWay, recoveryPending, revision, vault } from "../state/phase.ts";
import { go, href } from "../state/route.ts";
import { active, clearFilters, filtered, found, group, kind, place, query, type Place } from "../state/view.ts";
import { Button, LinkButton } from "../ui/button.tsx";
import { Icon, kindIcons } from "../ui/icons.tsx";
import { Empty, Notice } from "../ui/notice.tsx";
import { useWindow } from "../ui/window.ts";
import { count } from "../words/format.ts";
import { t } from "../words/index.ts";
import { NewButton } from "./new-button.tsx";
import { pieces } from "./match.ts";
import { TrashTools } from "./trash.tsx";

const ROW_PX = 60;

export function EntryList({ selected }: { selected: string | null }): JSX.Element {
  const entries = found.value;
  const scroll = useRef<HTMLDivElement>(null);
  const window_ = useWindow(scroll, entries.length, ROW_PX);
  useSignalEffect(() => {
    if (active.value >= found.value.length) active.value = Math.max(0, found.value.length - 1);
  });
  const open = (entry: Entry | undefined): void => {
    if (entry !== undefined) go({ page: "entries", id: entry.id, view: "show" });
  };
  const move = (event: KeyboardEvent): void => {
    const page = Math.max(1, Math.floor((scroll.current?.clientHeight ?? ROW_PX) / ROW_PX) - 1);
    const last = entries.length - 1;
    const steps: Record<string, number> = {
      ArrowDown: active.value + 1,
      ArrowUp: active.value - 1,
      PageDown: active.value + page,
      PageUp: active.value - page,
    };
    if (event.target === scroll.current) Object.assign(steps, { Home: 0, End: last });
    const target = steps[event.key];
    if (target !== undefined) active.value = window_.show(Math.max(0, Math.min(last, target)));
    else if (event.key === "Enter") open(entries[active.value]);
    else if (event.key === "Escape" && query.value !== "") query.value = "";
    else if (event.key === "Escape") scroll.current?.focus();
    else return;
    event.preventDefault();
  };
  return (
    <section class="list-pane" aria-label={t.entries.list}>
      <div class="list-tools">
        <div class="search-row">
          <Search onKeyDown={move} rows={entries.length} onChange={() => window_.show(0)} />
          <NewButton />
        </div>
        <Filters />
      </div>
      <Warnings />
      <Status shown={entries.length} />
      <div
        ref={scroll}
        class="list-scroll"
        hidden={entries.length === 0}
        id="entry-list"
        role="listbox"
        aria-label={t.entries.list}
        tabIndex={entries.length === 0 ? -1 : 0}
        aria-activedescendant={rowId(entries, active.value)}
        onKeyDown={move}
        onScroll={window_.onScroll}
      >
        <div class="list-space" role="presentation" style={{ height: `${entries.length * ROW_PX}px` }}>
          {entries.slice(window_.from, window_.to).map((entry, offset) => (
            <Row
              key={entry.id}
              entry={entry}
              index={window_.from + offset}
              of={entries.length}
              selected={entry.id === selected}
              active={window_.from + offset === active.value}
              onOpen={() => {
                active.value = window_.from + offset;
                open(entry);
              }}
            />
          ))}
        </div>
      </div>
      {entries.length === 0 && <NoRows />}
    </section>
  );
}

const rowId = (entries: readonly Entry[], index: number): string | undefined => {
  const entry = entries[index];
  return entry === undefined ? undefined : `row-${entry.id}`;
};

function Search({ onKeyDown, rows, onChange }: { onKeyDown: (event: KeyboardEvent) => void; rows: number; onChange: () => void }): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (matchMedia("(pointer: fine)").matches) input.current?.focus({ preventScroll: true });
  }, []);
  return (
    <div class="search">
      <Icon name="search" size={18} />
      <input
        ref={input}
        id="search"
        class="input"
        type="text"
        inputMode="search"
        role="combobox"
        aria-label={t.entries.search}
        aria-expanded={rows > 0}
        aria-controls="entry-list"
        aria-autocomplete="list"
        aria-activedescendant={rowId(found.value, active.value)}
        placeholder={t.entries.search}
        autocomplete="off"
        spellcheck={false}
        value={query.value}
        onInput={(event) => {
          query.value = event.currentTarget.value;
          active.value = 0;
          onChange();
        }}
        onKeyDown={onKeyDown}
      />
    </div>
  );
}

const PLACES: readonly Place[] = ["live", "favorite", "archive", "trash"];

function Filters(): JSX.Element {
  const groups = useComputed(() => {
    revision.value;
    const entries = vault().entries;
    return {
      folders: entries.folders(),
      tags: entries.tags(),
      scopes: vault()
        .scopes.list()
        .filter((scope) => !scope.whole),
    };
  });
  const { folders, tags, scopes } = groups.value;
  return (
    <div class="filters">
      <select
        class="input"
        aria-label={t.entries.filter.place}
        value={place.value}
        onChange={(event) => {
          place.value = event.currentTarget.value as Place;
          active.value = 0;
        }}
      >
        {PLACES.map((name) => (
          <option key={name} value={name} selected={name === place.value}>
            {t.entries.places[name]}
          </option>
        ))}
      </select>
      <select
        class="input"
        aria-label={t.entries.filter.kind}
        value={kind.value ?? ""}
        onChange={(event) => {
          kind.value = (event.currentTarget.value || null) as EntryKind | null;
          active.value = 0;
        }}
      >
        <option value="" selected={kind.value === null}>
          {t.entries.filter.allKinds}
        </option>
        {entryKinds.map((name) => (
          <option key={name} value={name} selected={name === kind.value}>
            {t.kinds.entry[name]}
          </option>
        ))}
      </select>
      {folders.length + tags.length + scopes.length > 0 && (
        <select
          class="input"
          aria-label={t.entries.filter.group}
          value={group.value}
          onChange={(event) => {
            group.value = event.currentTarget.value;
            active.value = 0;
          }}
        >
          <option value="" selected={group.value === ""}>
            {t.entries.filter.allGroups}
          </option>
          {folders.length > 0 && (
            <optgroup label={t.entries.folders}>
              {folders.map((name) => (
                <option key={name} value={`folder:${name}`}>
                  {name}
                </option>
              ))}
            </optgroup>
          )}
          {tags.length > 0 && (
            <optgroup label={t.entries.tags}>
              {tags.map((name) => (
                <option key={name} value={`tag:${name}`}>
                  {name}
                </option>
              ))}
            </optgroup>
          )}
          {scopes.length > 0 && (
            <optgroup label={t.entries.scopes}>
              {scopes.map((scope) => (
                <option key={scope.id} value={`scope:${scope.id}`}>
                  {scope.name}
                </option>
              ))}
            </optgroup>
          )}
        </select>
      )}
    </div>
  );
}

/** What cannot wait until somebody looks into the settings. */
function Warnings(): JSX.Element | null {
  const text = recoveryPending.value ? t.entries.warnings.recovery : onlyWay.value ? t.entries.warnings.onlyWay : null;
  if (text === null) return <div />;
  return (
    <div class="list-warning">
      <Notice look={recoveryPending.value ? "bad" : "warn"}>
        <p>{text}</p>
        <a href={href({ page: "settings" })}>{t.entries.warnings.look}</a>
      </Notice>
    </div>
  );
}

function Status({ shown }: { shown: number }): JSX.Element {
  const progress = loading.value;
  return (
    <div class="list-status">
      <span role="status">
        {progress !== null && progress.total > 0 ? t.entries.opening(progress.done, progress.total) : t.entries.count(count(shown), shown)}
      </span>
      {place.value === "trash" && shown > 0 ? (
        <TrashTools />
      ) : (
        filtered.value && (
          <Button look="quiet" small onClick={clearFilters}>
            {t.entries.filter.clear}
          </Button>
        )
      )}
    </div>
  );
}

function Row({
  entry,
  index,
  of,
  selected,
  active,
  onOpen,
}: {
  entry: Entry;
  index: number;
  of: number;
  selected: boolean;
  active: boolean;
  onOpen: () => void;
}): JSX.Element {
  const under = underTitle(entry);
  return (
    <div
      id={`row-${entry.id}`}
      class={active ? "list-row active" : "list-row"}
      role="option"
      aria-selected={selected}
      aria-posinset={index + 1}
      aria-setsize={of}
      style={{ transform: `translateY(${index * ROW_PX}px)` }}
      onClick={onOpen}
    >
      <span class="kind-mark">
        <Icon name={kindIcons[entry.kind]} />
      </span>
      <span>
        <span class="title">
          <Marked text={entry.title || t.entries.untitled} />
        </span>
        <span class="under">
          <span class="hidden-text">{t.kinds.entry[entry.kind]}, </span>
          <Marked text={under} />
        </span>
      </span>
      {entry.favorite && (
        <span class="star">
          <Icon name="star" size={16} filled />
          <span class="hidden-text">{t.entries.favorite}</span>
        </span>
      )}
    </div>
  );
}

/** The line below the title: whatever tells two entries of one name apart. */
function underTitle(entry: Entry): string {
  const first =
    entry.fields.find((field) => field.value !== undefined && field.value !== "" && field.kind !== "url") ??
    entry.fields.find((field) => field.value);
  return first?.value ?? (entry.folder || t.kinds.entry[entry.kind]);
}

function Marked({ text }: { text: string }): JSX.Element {
  return <>{pieces(text, query.value).map((piece, index) => (piece.hit ? <mark key={index}>{piece.text}</mark> : piece.text))}</>;
}

function NoRows(): JSX.Element {
  if (loading.value !== null) return <Empty icon="lock" title={t.common.loading} />;
  if (filtered.value) {
    return (
      <Empty icon="search" title={t.entries.noMatch.title}>
        <p>{t.entries.noMatch.body}</p>
        <Button onClick={clearFilters}>{t.entries.filter.clear}</Button>
      </Empty>
    );
  }
  const where = place.value;
  if (where !== "live")
    return <Empty icon={where === "trash" ? "trash" : where === "archive" ? "archive" : "star"} title={t.entries.emptyPlace[where]} />;
  return (
    <Empty icon="key" title={t.entries.first.title}>
      <p>{t.entries.first.body}</p>
      <div class="buttons">
        <LinkButton look="primary" icon="plus" href="#/new/login">
          {t.entries.first.create}
        </LinkButton>
        <LinkButton icon="import" href="#/import">
          {t.entries.first.import}
        </LinkButton>
      </div>
    </Empty>
  );
}
