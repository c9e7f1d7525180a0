// Work that a person waits for: busy while it runs, a sentence when it fails.
import { useSignal, type Signal } from "@preact/signals";
import { explain } from "../state/failure.ts";

/** The state of one piece of work. */
export interface Task {
  busy: Signal<boolean>;
  error: Signal<string | null>;
  /** Runs it, once at a time. True when it came to its end; a failure is shown and not thrown. */
  run(work: () => Promise<void>): Promise<boolean>;
}

/** The state of work that a component starts. */
export function useTask(): Task {
  const busy = useSignal(false);
  const error = useSignal<string | null>(null);
  return {
    busy,
    error,
    async run(work) {
      if (busy.peek()) return false;
      busy.value = true;
      error.value = null;
      try {
        await work();
        return true;
      } catch (failure) {
        error.value = explain(failure);
        return false;
      } finally {
        busy.value = false;
      }
    },
  };
}
