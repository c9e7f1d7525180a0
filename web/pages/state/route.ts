// Where a person is: the fragment of the address, which no server ever sees.
import { signal } from "@preact/signals";
import type { EntryKind } from "../../vault/index.ts";

export type Route =
  | { page: "entries"; id: string | null; view: "show" | "edit" | "history" }
  | { page: "new"; kind: EntryKind }
  | { page: "agents"; id: string | null }
  | { page: "activity" }
  | { page: "settings" }
  | { page: "import" }
  | { page: "export" };

/** The address of a route. */
export function href(route: Route): string {
  switch (route.page) {
    case "entries":
      return `#/entries${route.id === null ? "" : `/${route.id}`}${route.view === "show" ? "" : `/${route.view}`}`;
    case "new":
      return `#/new/${route.kind}`;
    case "agents":
      return route.id === null ? "#/agents" : `#/agents/${route.id}`;
    default:
      return `#/${route.page}`;
  }
}

/** The route of an address; the list for anything unknown. */
export function parseRoute(fragment: string): Route {
  const [page, id, view] = fragment.replace(/^#\/?/, "").split("/");
  switch (page) {
    case "new":
      return { page, kind: (id ?? "login") as EntryKind };
    case "agents":
      return { page, id: id ?? null };
    case "activity":
    case "settings":
    case "import":
    case "export":
      return { page };
    default:
      return { page: "entries", id: id || null, view: view === "edit" || view === "history" ? view : "show" };
  }
}

export const route = signal<Route>(parseRoute(globalThis.location?.hash ?? ""));

let guard: (() => boolean) | null = null;

/** Asks before leaving: a form with changes that are not saved. Returns how to stop asking. */
export function guardLeaving(mayLeave: () => boolean): () => void {
  guard = mayLeave;
  return () => {
    if (guard === mayLeave) guard = null;
  };
}

/** Goes there. `replace` leaves no trace for the back button. */
export function go(to: Route, replace = false): void {
  if (guard !== null && !guard()) return;
  guard = null;
  if (replace) history.replaceState(null, "", href(to));
  else history.pushState(null, "", href(to));
  route.value = to;
}

/** Follows the address bar and the back button. */
export function followAddress(): void {
  const read = (): void => {
    if (guard !== null && !guard()) {
      history.pushState(null, "", href(route.value));
      return;
    }
    guard = null;
    route.value = parseRoute(location.hash);
  };
  window.addEventListener("hashchange", read);
  window.addEventListener("popstate", read);
}
