// The clipboard: values that leave a field are cleared from it again.
import { signal } from "@preact/signals";
import { t } from "../words/index.ts";
import { toast } from "./toast.tsx";

export const CLIPBOARD_CLEAR_MS = 30_000;

let pending: { timer: ReturnType<typeof setTimeout>; value: string } | null = null;

/** True while a value that will be cleared is in the clipboard. */
export const holdsSecret = signal(false);

/** Copies a secret and clears the clipboard half a minute later. */
export async function copySecret(label: string, value: string): Promise<void> {
  if (!(await write(value))) return;
  if (pending !== null) clearTimeout(pending.timer);
  pending = { value, timer: setTimeout(() => void clear(), CLIPBOARD_CLEAR_MS) };
  holdsSecret.value = true;
  toast(t.common.copiedForNow(label, CLIPBOARD_CLEAR_MS / 1000));
}

/** Copies something that may stay. */
export async function copyPlain(label: string, value: string): Promise<void> {
  if (await write(value)) toast(t.common.copied(label));
}

async function write(value: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(value);
    return true;
  } catch {
    toast(t.common.notCopied);
    return false;
  }
}

/** Overwrites what was copied; also when the vault locks. A page without focus may not write: it tries again when it has it. */
export async function clear(): Promise<void> {
  if (pending === null) return;
  clearTimeout(pending.timer);
  try {
    await navigator.clipboard.writeText("");
    pending = null;
    holdsSecret.value = false;
  } catch {
    window.addEventListener("focus", () => void clear(), { once: true });
  }
}
