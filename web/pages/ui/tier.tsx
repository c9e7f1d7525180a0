// Who may open a field, in a word, an icon and a colour; never in a colour alone.
import type { JSX } from "preact";
import type { Tier } from "../../vault/index.ts";
import { t } from "../words/index.ts";
import { Icon, type IconName } from "./icons.tsx";

export const tierIcons: Record<Tier, IconName> = { 1: "cloud", 2: "agent", 3: "lock" };
const tierClass: Record<Tier, string> = { 1: "hosted", 2: "agents", 3: "me" };

/** The mark alone. */
export function TierBadge({ tier }: { tier: Tier }): JSX.Element {
  return (
    <span class={`badge tier ${tierClass[tier]}`} title={t.kinds.tierLong[tier]}>
      <Icon name={tierIcons[tier]} size={15} />
      {t.kinds.tier[tier]}
    </span>
  );
}

/** The mark as a button that opens the full answer. */
export function TierButton({
  tier,
  label,
  open,
  controls,
  onClick,
}: {
  tier: Tier;
  label: string;
  open: boolean;
  controls: string;
  onClick: () => void;
}): JSX.Element {
  return (
    <button
      type="button"
      class={`badge tier ${tierClass[tier]}`}
      aria-expanded={open}
      aria-controls={controls}
      aria-label={t.entries.whoFor(t.kinds.tier[tier], label)}
      title={t.kinds.tierLong[tier]}
      onClick={onClick}
    >
      <Icon name={tierIcons[tier]} size={15} />
      {t.kinds.tier[tier]}
    </button>
  );
}
