// Above the list: what it is narrowed to, what cannot wait, and how much there is.
import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { entryKinds, type EntryKind } from "../../vault/index.ts";
import { loading } from "../state/open.ts";
import { onlyWay, recoveryPending, revision, vault } from "../state/phase.ts";
import { href } from "../state/route.ts";
import { active, clearFilters, filtered, group, kind, place, type Place } from "../state/view.ts";
import { Button } from "../ui/button.tsx";
import { Notice } from "../ui/notice.tsx";
import { count } from "../words/format.ts";
import { t } from "../words/index.ts";
import { TrashTools } from "./trash.tsx";

const PLACES: readonly Place[] = ["live", "favorite", "archive", "trash"];

export function Filters(): JSX.Element {
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
export function Warnings(): JSX.Element | null {
  revision.value;
  const text = recoveryPending.value ? t.entries.warnings.recovery : onlyWay.value ? t.entries.warnings.onlyWay : null;
  if (text === null) return <OfTheServer />;
  return (
    <div class="list-warning">
      <Notice look={recoveryPending.value ? "bad" : "warn"}>
        <p>{text}</p>
        <a href={href({ page: "settings" })}>{t.entries.warnings.look}</a>
      </Notice>
    </div>
  );
}

/** What whoever runs the server has to mend: for a person who has nothing more urgent to do. */
function OfTheServer(): JSX.Element {
  const words = vault().notices.map(({ kind, days }) => t.entries.warnings.server[kind](days));
  if (words.length === 0) return <div />;
  return (
    <div class="list-warning">
      <Notice look="warn">
        {words.map((sentence) => (
          <p key={sentence}>{sentence}</p>
        ))}
      </Notice>
    </div>
  );
}

export function Status({ shown }: { shown: number }): JSX.Element {
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
