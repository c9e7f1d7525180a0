// One row of the list.
import type { JSX } from "preact";
import type { Entry } from "../../vault/index.ts";
import { query } from "../state/view.ts";
import { Icon, kindIcons } from "../ui/icons.tsx";
import { t } from "../words/index.ts";
import { pieces } from "./match.ts";

/** The height of a row; the style sheet says the same. */
export const ROW_PX = 60;

export function Row({
  entry,
  index,
  of,
  selected,
  picking,
  active,
  onOpen,
  onPick,
}: {
  entry: Entry;
  index: number;
  of: number;
  selected: boolean;
  /** Some entries are picked; `selected` says whether this is one. */
  picking: boolean;
  active: boolean;
  onOpen: (event: MouseEvent) => void;
  onPick: () => void;
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
      {/* A larger target than the row for fingers and mice; the keyboard has the space bar. */}
      <span
        class={picking && selected ? "kind-mark picked" : "kind-mark"}
        title={t.entries.pick.one}
        onClick={(event) => {
          event.stopPropagation();
          onPick();
        }}
      >
        <Icon name={picking && selected ? "check" : kindIcons[entry.kind]} />
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
