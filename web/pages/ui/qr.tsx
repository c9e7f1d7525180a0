// A QR code as one path of a picture: nothing is drawn by script, so the content policy has nothing to say.
import type { JSX } from "preact";
import { generate } from "lean-qr";

/** White around the code, in modules; scanners ask for four. */
const QUIET = 4;

/** The dark modules of each row, as runs. */
export function qrPath(text: string): { size: number; path: string } {
  const code = generate(text);
  let path = "";
  for (let y = 0; y < code.size; y++) {
    for (let x = 0; x < code.size; x++) {
      if (!code.get(x, y)) continue;
      let run = 1;
      while (code.get(x + run, y)) run++;
      path += `M${x + QUIET} ${y + QUIET}h${run}v1h-${run}z`;
      x += run;
    }
  }
  return { size: code.size + 2 * QUIET, path };
}

/** A picture that a phone reads. */
export function Qr({ text, label }: { text: string; label: string }): JSX.Element {
  const { size, path } = qrPath(text);
  return (
    <svg class="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shape-rendering="crispEdges">
      <path class="qr-paper" d={`M0 0h${size}v${size}H0z`} />
      <path class="qr-ink" d={path} />
    </svg>
  );
}
