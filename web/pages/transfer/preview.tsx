// What an import would do: counts, who may open which kind of field, and every row with the choice to leave it out.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { count, type ComparedRow, type Comparison, type Detection, type Format } from "../../import/index.ts";
import type { Tier } from "../../vault/index.ts";
import { tiersOf } from "../entries/draft.ts";
import { Button } from "../ui/button.tsx";
import { Check, Segments, SelectField } from "../ui/form.tsx";
import { Notice } from "../ui/notice.tsx";
import { VirtualList } from "../ui/virtual.tsx";
import { t } from "../words/index.ts";
import { Counts } from "./counts.tsx";
import { proposals, setTier, type Proposal } from "./tiers.ts";

interface Props {
  comparison: Comparison;
  detection: Detection;
  fileName: string;
  onFormat: (format: Format) => void;
  onBack: () => void;
  onApply: () => void;
}

type Shown = "all" | "create" | "merge" | "skip" | "remarks";

export function Preview({ comparison, detection, fileName, onFormat, onBack, onApply }: Props): JSX.Element {
  const words = t.transfer.import;
  // The plan is changed in place: it may hold a hundred thousand rows. This signal says that it was.
  const changed = useSignal(0);
  const touch = (): void => {
    changed.value += 1;
  };
  changed.value;
  const counts = count(comparison.rows);
  const nothing = counts.create + counts.merge === 0;
  return (
    <>
      <Notice look="info">
        <p>{words.detected(fileName, words.formats[detection.format])}</p>
        {detection.candidates.length > 1 && (
          <SelectField
            label={words.readAs}
            value={detection.format}
            options={detection.candidates.map((format) => ({ value: format, label: words.formats[format] }))}
            onChange={(value) => onFormat(value as Format)}
          />
        )}
      </Notice>
      <Counts
        items={[
          [counts.create, words.counts.create],
          [counts.merge, words.counts.merge],
          [counts.skip, words.counts.skip],
          [counts.altered, words.counts.altered],
          [counts.lost, words.counts.lost],
        ]}
      />
      {comparison.plan.notices.map((notice) => (
        <Notice key={notice.message} look={notice.severity === "lost" ? "warn" : "info"}>
          <p>{notice.message}</p>
        </Notice>
      ))}
      {nothing ? (
        <Notice look="good">
          <p>{words.nothingNew}</p>
        </Notice>
      ) : (
        <Tiers comparison={comparison} onChange={touch} />
      )}
      <Rows rows={comparison.rows} onChange={touch} />
      <div class="buttons">
        <Button look="primary" icon="import" disabled={nothing} onClick={onApply}>
          {words.apply(counts.create + counts.merge)}
        </Button>
        <Button onClick={onBack}>{t.common.cancel}</Button>
      </div>
    </>
  );
}

/** Who may open what, for each kind of field in the file at once. */
function Tiers({ comparison, onChange }: { comparison: Comparison; onChange: () => void }): JSX.Element {
  const words = t.transfer.import;
  return (
    <section class="card" aria-labelledby="import-tiers">
      <div class="stack tight">
        <h2 id="import-tiers">{words.tiers}</h2>
        <p class="soft">{words.tiersLead}</p>
      </div>
      <ul class="lines">
        {proposals(comparison).map((proposal) => (
          <li key={proposal.kind}>
            <div>
              <strong>{t.kinds.field[proposal.kind]}</strong>
              <p class="hint">{words.fieldsOf(proposal.fields)}</p>
            </div>
            <TierSelect
              proposal={proposal}
              onChange={(tier) => {
                setTier(comparison, proposal.kind, tier);
                onChange();
              }}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}

function TierSelect({ proposal, onChange }: { proposal: Proposal; onChange: (tier: Tier) => void }): JSX.Element {
  const allowed = tiersOf(proposal.kind);
  const options = ([3, 2, 1] as const).map((tier) => ({ value: String(tier), label: t.kinds.tier[tier], disabled: !allowed.includes(tier) }));
  const mixed = proposal.tier === null;
  return (
    <SelectField
      label={t.entries.whoCan(t.kinds.field[proposal.kind])}
      hideLabel
      value={mixed ? "mixed" : String(proposal.tier)}
      options={mixed ? [{ value: "mixed", label: t.transfer.import.mixed, disabled: true }, ...options] : options}
      onChange={(value) => onChange(Number(value) as Tier)}
    />
  );
}

function Rows({ rows, onChange }: { rows: readonly ComparedRow[]; onChange: () => void }): JSX.Element {
  const words = t.transfer.import;
  const shown = useSignal<Shown>("all");
  const visible = rows.filter((row) => isShown(row, shown.value));
  return (
    <section class="stack" aria-labelledby="import-rows">
      <h2 id="import-rows">{words.rows}</h2>
      <Segments
        label={words.showRows}
        hideLabel
        value={shown.value}
        options={(["all", "create", "merge", "skip", "remarks"] as const).map((value) => ({ value, label: words.shown[value] }))}
        onChange={(value) => (shown.value = value)}
      />
      <VirtualList
        label={words.rows}
        items={visible}
        keyOf={({ row }) => row.index}
        row={(compared) => <RowLine compared={compared} onChange={onChange} />}
      />
    </section>
  );
}

function isShown(compared: ComparedRow, shown: Shown): boolean {
  if (shown === "all") return true;
  return shown === "remarks" ? compared.row.notices.length > 0 : compared.action === shown;
}

function RowLine({ compared, onChange }: { compared: ComparedRow; onChange: () => void }): JSX.Element {
  const { row, action, reason, entryId } = compared;
  const fixed = action === "merge" || entryId !== undefined;
  const remarks = [reason, ...row.notices.map((notice) => notice.message)].filter((text) => text !== undefined).join(" ");
  const worst = row.notices.some((notice) => notice.severity === "lost")
    ? "bad"
    : row.notices.some((notice) => notice.severity === "altered")
      ? "warn"
      : "";
  return (
    <>
      <Check
        checked={action !== "skip"}
        disabled={fixed}
        onChange={(on) => {
          compared.action = on ? "create" : "skip";
          onChange();
        }}
      >
        <strong class="cut">{row.entry.title || t.entries.untitled}</strong>
        <span class="cut hint" title={remarks}>
          {[t.kinds.entry[row.entry.kind], row.place, remarks].filter((text) => text !== "").join(" · ")}
        </span>
      </Check>
      <span class={`badge ${worst}`}>{t.transfer.import.actions[action]}</span>
    </>
  );
}
