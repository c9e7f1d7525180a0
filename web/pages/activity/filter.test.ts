// The filters of the activity.
import { expect, test } from "vitest";
import type { ActivityEvent } from "../../vault/types.ts";
import { matches, reasonOf, refusal, sentence } from "./filter.ts";

const event = (change: Partial<ActivityEvent>): ActivityEvent => ({
  seq: 1,
  atMs: 0,
  actorKind: "agent",
  actorId: null,
  actor: "deploy-bot",
  action: "something.new",
  outcome: "ok",
  entryId: null,
  entryTitle: "GitHub",
  fieldId: null,
  fieldLabel: "Password",
  tier: 2,
  detail: "release 1.4",
  ...change,
});

test("who: hosted agents are agents, and whoever is unknown is among the others", () => {
  expect(matches(event({ actorKind: "hosted" }), { who: "agents", outcome: "all", text: "" })).toBe(true);
  expect(matches(event({ actorKind: "person" }), { who: "agents", outcome: "all", text: "" })).toBe(false);
  expect(matches(event({ actorKind: "something else" }), { who: "others", outcome: "all", text: "" })).toBe(true);
});

test("outcome and text", () => {
  expect(matches(event({}), { who: "everyone", outcome: "refused", text: "" })).toBe(false);
  expect(matches(event({ outcome: "budget_exceeded" }), { who: "everyone", outcome: "refused", text: "OVER ITS" })).toBe(true);
  expect(matches(event({}), { who: "everyone", outcome: "all", text: " release " })).toBe(true);
  expect(matches(event({ detail: null }), { who: "everyone", outcome: "all", text: "release" })).toBe(false);
});

test("an action without words is shown as it is, never hidden", () => {
  expect(sentence(event({}))).toBe("something.new");
});

test("what was refused does not read as if it had been done", () => {
  expect(sentence(event({ action: "field.release" }))).toBe("was given a field");
  expect(sentence(event({ action: "field.release", outcome: "tier_too_high" }))).toBe("asked for a field");
  expect([refusal(event({})), refusal(event({ outcome: "tier_too_high" })), refusal(event({ outcome: "some_new_reason" }))]).toEqual([
    null, "not open to it", "some new reason",
  ]);
});

test("the reason of a release is told apart from its mode, whatever it says", () => {
  expect(reasonOf(event({ action: "field.release", detail: "use: deploy: now\nplease" }))).toEqual({ mode: "use", text: "deploy: now\nplease" });
  expect(reasonOf(event({ action: "field.open", detail: "reveal" }))).toEqual({ mode: "reveal", text: "" });
  expect(reasonOf(event({ action: "session.start", detail: "use: x" }))).toEqual({ mode: null, text: "use: x" });
  expect(reasonOf(event({ action: "field.release", detail: null }))).toEqual({ mode: null, text: "" });
});
