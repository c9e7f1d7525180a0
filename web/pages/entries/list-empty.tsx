// What stands in the place of the list when it has no rows.
import type { JSX } from "preact";
import { loading } from "../state/open.ts";
import { clearFilters, filtered, place } from "../state/view.ts";
import { Button, LinkButton } from "../ui/button.tsx";
import { Empty } from "../ui/notice.tsx";
import { t } from "../words/index.ts";

export function NoRows(): JSX.Element {
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
