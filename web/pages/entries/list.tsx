// The searchable list. Only the rows in sight exist; the search box and the list share one active row.
import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { JSX } from "preact";
import type { Entry } from "../../vault/index.ts";
import { go } from "../state/route.ts";
import { picked, pickedIds, pickAll, pickNone, pickTo, toggle } from "../state/pick.ts";
import { active, found, query } from "../state/view.ts";
import { Icon } from "../ui/icons.tsx";
import { useWindow } from "../ui/window.ts";
import { t } from "../words/index.ts";
import { NoRows } from "./list-empty.tsx";
import { Filters, Status, Warnings } from "./list-tools.tsx";
import { NewButton } from "./new-button.tsx";
import { PickedTools } from "./picked.tsx";
import { Row, ROW_PX } from "./row.tsx";

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
    if (event.target === scroll.current && pickByKey(event, entries, active.value, (index) => (active.value = window_.show(index)))) {
      event.preventDefault();
      return;
    }
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
    else if (event.key === "Escape" && picked.value.length > 0) pickNone();
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
      {picked.value.length > 0 ? <PickedTools /> : <Status shown={entries.length} />}
      <div
        ref={scroll}
        class="list-scroll"
        hidden={entries.length === 0}
        id="entry-list"
        role="listbox"
        aria-label={t.entries.list}
        aria-multiselectable="true"
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
              selected={picked.value.length > 0 ? pickedIds.value.has(entry.id) : entry.id === selected}
              picking={picked.value.length > 0}
              active={window_.from + offset === active.value}
              onOpen={(event) => {
                active.value = window_.from + offset;
                if (event.shiftKey) pickTo(entry.id, selected);
                else if (event.ctrlKey || event.metaKey) toggle(entry.id);
                else open(entry);
              }}
              onPick={() => {
                active.value = window_.from + offset;
                toggle(entry.id);
              }}
            />
          ))}
        </div>
      </div>
      {entries.length === 0 && <NoRows />}
    </section>
  );
}

/** Space picks, Shift with an arrow picks on, Ctrl+A picks all. True when the key was one of these. */
function pickByKey(event: KeyboardEvent, entries: readonly Entry[], at: number, show: (index: number) => void): boolean {
  const entry = entries[at];
  if (entry === undefined) return false;
  const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };
  const step = steps[event.key];
  if (event.shiftKey && step !== undefined) {
    const next = Math.max(0, Math.min(entries.length - 1, at + step));
    pickTo(entries[next]?.id ?? entry.id, entry.id);
    show(next);
  } else if (event.key === " ") toggle(entry.id);
  else if (event.key === "a" && (event.ctrlKey || event.metaKey)) pickAll();
  else return false;
  return true;
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
