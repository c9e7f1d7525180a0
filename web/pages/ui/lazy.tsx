// Pages that load when somebody goes there.
import { useEffect, useState } from "preact/hooks";
import type { ComponentChildren, ComponentType, JSX } from "preact";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { explain } from "../state/failure.ts";
import { Notice } from "./notice.tsx";

const Fallback = createContext<ComponentChildren>(null);

/** What stands in for a lazy page below it until that has come. */
export function Suspense({ fallback, children }: { fallback: ComponentChildren; children: ComponentChildren }): JSX.Element {
  return <Fallback.Provider value={fallback}>{children}</Fallback.Provider>;
}

/** A component whose code is fetched the first time it is shown. */
export function lazy<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  let ready: ComponentType<P> | null = null;
  return function Lazy(props: P): JSX.Element {
    const fallback = useContext(Fallback);
    const [, redraw] = useState(0);
    const [error, setError] = useState<string | null>(null);
    useEffect(() => {
      if (ready !== null) return;
      load().then(
        (component) => {
          ready = component;
          redraw((count) => count + 1);
        },
        (failure: unknown) => setError(explain(failure)),
      );
    }, []);
    if (error !== null)
      return (
        <div class="page">
          <Notice look="bad">{error}</Notice>
        </div>
      );
    if (ready === null) return <>{fallback}</>;
    const Ready = ready;
    return <Ready {...props} />;
  };
}
