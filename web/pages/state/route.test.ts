// Addresses inside the app.
import { expect, test } from "vitest";
import { href, parseRoute, type Route } from "./route.ts";

const ID = "0123456789abcdef0123456789abcdef";

test("every route survives its own address", () => {
  const routes: Route[] = [
    { page: "entries", id: null, view: "show" },
    { page: "entries", id: ID, view: "show" },
    { page: "entries", id: ID, view: "edit" },
    { page: "entries", id: ID, view: "history" },
    { page: "new", kind: "card" },
    { page: "agents", id: null },
    { page: "agents", id: ID },
    { page: "activity" },
    { page: "settings" },
    { page: "import" },
    { page: "export" },
  ];
  for (const route of routes) expect(parseRoute(href(route))).toEqual(route);
});

test("anything unknown is the list", () => {
  for (const fragment of ["", "#", "#/", "#/nowhere", "#setup-token"]) {
    expect(parseRoute(fragment)).toEqual({ page: "entries", id: null, view: "show" });
  }
});
