// A secret in the open: digits and symbols stand out, so that it can be read out and typed.
import type { JSX } from "preact";

export function Secret({ text, plain }: { text: string; plain: boolean }): JSX.Element {
  if (plain) return <>{text}</>;
  return (
    <>
      {runs(text).map((run, index) =>
        run.look === "" ? (
          run.text
        ) : (
          <span key={index} class={run.look}>
            {run.text}
          </span>
        ),
      )}
    </>
  );
}

/** The text in runs of letters, digits and symbols. */
export function runs(text: string): { text: string; look: "" | "digit-hl" | "symbol-hl" }[] {
  const parts = text.match(/\p{Nd}+|[\p{L}\p{M}\s]+|[^\p{Nd}\p{L}\p{M}\s]+/gu) ?? [];
  return parts.map((part) => ({ text: part, look: /^\p{Nd}/u.test(part) ? "digit-hl" : /^[\p{L}\p{M}\s]/u.test(part) ? "" : "symbol-hl" }));
}
