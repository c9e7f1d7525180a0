// What the filters of the list ask the vault for.
import { expect, test } from "vitest";
import { filterOf } from "./view.ts";

test("each place is a filter of its own", () => {
  expect(filterOf("live", null, "")).toEqual({ place: "live" });
  expect(filterOf("favorite", null, "")).toEqual({ place: "live", favorite: true });
  expect(filterOf("trash", "card", "")).toEqual({ place: "trash", kind: "card" });
});

test("a folder, a tag and a scope of one name are not mistaken for each other", () => {
  expect(filterOf("live", null, "folder:tag:x")).toEqual({ place: "live", folder: "tag:x" });
  expect(filterOf("live", null, "tag:folder:x")).toEqual({ place: "live", tag: "folder:x" });
  expect(filterOf("live", null, "scope:00")).toEqual({ place: "live", scope: "00" });
});
