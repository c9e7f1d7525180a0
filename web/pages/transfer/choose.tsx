// Where a file is chosen or dropped.
import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import type { JSX } from "preact";
import { Icon } from "../ui/icons.tsx";
import { t } from "../words/index.ts";

export function ChooseFile({ onFile }: { onFile: (file: File) => void }): JSX.Element {
  const words = t.transfer.import;
  const over = useSignal(false);
  const id = useId();
  return (
    <>
      <div
        class={over.value ? "drop over" : "drop"}
        onDragOver={(event) => {
          event.preventDefault();
          over.value = true;
        }}
        onDragLeave={() => (over.value = false)}
        onDrop={(event) => {
          event.preventDefault();
          over.value = false;
          const file = event.dataTransfer?.files[0];
          if (file !== undefined) onFile(file);
        }}
      >
        <Icon name="import" />
        <label class="legend" for={id}>
          {words.choose}
        </label>
        <input
          id={id}
          class="input file"
          type="file"
          aria-describedby={`${id}-hint`}
          onChange={(event) => {
            const file = event.currentTarget.files?.[0];
            if (file !== undefined) onFile(file);
          }}
        />
        <p class="hint" id={`${id}-hint`}>
          {words.stays}
        </p>
      </div>
      <section class="card" aria-labelledby="import-kinds">
        <h2 id="import-kinds">{words.whichFiles}</h2>
        <ul class="points">
          {words.programs.map(([program, how]) => (
            <li key={program}>
              <Icon name="check" />
              <div>
                <strong>{program}</strong>
                <p class="soft">{how}</p>
              </div>
            </li>
          ))}
        </ul>
        <p class="hint">{words.afterwards}</p>
      </section>
    </>
  );
}
