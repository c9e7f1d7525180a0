// Drafts: what is sent and, above all, what is left alone.
import { expect, test } from "vitest";
import { entryKinds, fieldKinds } from "../../crypto/kinds.ts";
import { emptyField, fieldDrafts, parseDestinations, parseTags, templateFields, tiersOf, type FormField } from "./draft.ts";

const stored = (change: Partial<FormField>): FormField => ({ ...emptyField("password"), id: "f".repeat(32), ...change });

test("an untouched value is not sent, so that it is not sealed again", () => {
  expect(fieldDrafts([stored({ value: "same", stored: "same" })])[0]).not.toHaveProperty("value");
  expect(fieldDrafts([stored({ value: "", stored: null })])[0]).not.toHaveProperty("value");
});

test("a changed and an emptied value are sent", () => {
  expect(fieldDrafts([stored({ value: "new", stored: "old" })])[0]?.value).toBe("new");
  expect(fieldDrafts([stored({ value: "", stored: "old" })])[0]?.value).toBe("");
});

test("new fields without a value are left out", () => {
  expect(fieldDrafts(templateFields("login"))).toEqual([]);
});

test("no kind of field offers a tier below its lowest", () => {
  for (const kind of fieldKinds) {
    expect(Math.min(...tiersOf(kind.name))).toBe(kind.lowestTier);
    expect(tiersOf(kind.name)).toContain(kind.defaultTier);
  }
  expect(tiersOf("card_number")).toEqual([3]);
});

test("changing the kind keeps what was typed", () => {
  const login = templateFields("login");
  const typed = login.map((field) => ({ ...field, value: field.kind === "password" || field.kind === "totp" ? "typed" : "" }));
  const server = templateFields("server", typed);
  expect(
    server
      .filter((field) => field.value === "typed")
      .map((field) => field.kind)
      .sort(),
  ).toEqual(["password", "totp"]);
  for (const kind of entryKinds) expect(templateFields(kind).length).toBeGreaterThan(0);
});

test("tags and destinations", () => {
  expect(parseTags(" work, ,home,work ")).toEqual(["work", "home"]);
  expect(parseDestinations("https://b.example/path\nhttps://a.example")).toEqual({
    origins: ["https://a.example", "https://b.example"],
    wrong: null,
  });
  expect(parseDestinations("a.example").wrong).toBe("a.example");
});
