// The keys, listed.
import type { JSX } from "preact";
import { Dialog } from "./ui/dialog.tsx";
import { t } from "./words/index.ts";

export function HelpDialog({ onClose }: { onClose: () => void }): JSX.Element {
  const words = t.common.help;
  const rows: readonly [readonly string[], string][] = [
    [["/"], words.search],
    [["↑", "↓"], words.move],
    [["Enter"], words.open],
    [["n"], words.create],
    [["e"], words.edit],
    [["Shift", "L"], words.lock],
    [["Esc"], words.close],
    [["?"], words.help],
  ];
  return (
    <Dialog title={words.title} onClose={onClose}>
      <dl class="shortcuts">
        {rows.map(([keys, text]) => (
          <>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{text}</dd>
          </>
        ))}
      </dl>
    </Dialog>
  );
}
