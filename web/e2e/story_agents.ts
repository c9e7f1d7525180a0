// The story's middle: an agent enrols and works, a hosted one gets what its token may open, and a server that is suspected loses every token.
import { describe, expect, it } from "vitest";
import { actions } from "../pages/words/en/actions.ts";
import { t } from "../pages/words/index.ts";
import type { AgentMachine } from "./harness/agent.ts";
import type { Device } from "./harness/browser.ts";
import { look } from "./harness/look.ts";
import type { Node } from "./harness/node.ts";
import type { Person } from "./harness/person.ts";

/** Who takes part, and what the story has put into the vault so far. */
export interface Cast {
  readonly agent: AgentMachine;
  readonly node: Node;
  readonly device: Device;
  readonly person: Person;
  readonly databasePassword: string;
  readonly cardNumber: string;
  nothingToComplainOf(): void;
}

/** Tells it, in the middle of a story. */
export function agents(cast: Cast): void {
  describe("an agent", () => {
    it("is invited, enrols on its own machine, and is verified by the person's browser", async () => {
      await cast.person.makeScope("Reports");
      await cast.person.openEntry("Reporting database");
      await cast.person.press(t.entries.edit);
      await cast.person.page.getByLabel("Reports", { exact: true }).check();
      await cast.person.press(t.common.save);
      await cast.person.sees("Reporting database");
      await cast.person.openEntry("Travel card");
      await cast.person.press(t.entries.edit);
      await cast.person.page.getByLabel("Reports", { exact: true }).check();
      await cast.person.press(t.common.save);
      await cast.person.sees("Travel card");

      const enrolment = await cast.person.inviteAgent({ name: "Migration runner", scope: "Reports" });
      await look(cast.device.page, "12-invitation");
      const enrolled = await cast.agent.run("agent", "enroll", enrolment);
      expect(enrolled).toMatchObject({ code: 0 });
      await cast.person.confirmsAgent("Migration runner");
      await look(cast.device.page, "13-agents");
      cast.nothingToComplainOf();
    });

    it("sees names, never values", async () => {
      const { code, out } = await cast.agent.run("agent", "list", "--json");
      expect(code).toBe(0);
      expect(out).toContain("Reporting database");
      expect(out).not.toContain("Guest network");
      expect(out).not.toContain(cast.databasePassword);
      expect(out).not.toContain(cast.cardNumber);
    });

    it("runs a command with a credential that only the command gets", async () => {
      const reference = "clv://-/Reporting%20database/Password";
      const { code, out, err } = await cast.agent.run("agent", "run", "--no-mask", "--env", `PGPASSWORD=${reference}`, "--", "sh", "-c", 'printf %s "$PGPASSWORD"; exit 7');
      expect({ code, out, err }).toMatchObject({ code: 7, out: cast.databasePassword });
    });

    it("is told why a value is not shown, and what it may do instead", async () => {
      const { code, out, err } = await cast.agent.run("agent", "get", "--reveal", "--json", "clv://-/Reporting%20database/Password");
      expect(code).toBe(6);
      expect(out + err).toContain("allowed_modes");
      expect(out + err).not.toContain(cast.databasePassword);
    });

    it("is refused a card number", async () => {
      const { code, out, err } = await cast.agent.run("agent", "run", "--env", "CARD=clv://-/Travel%20card/Card%20number", "--", "env");
      expect(code).toBe(11);
      expect(out + err).not.toContain(cast.cardNumber);
    });

    it("is seen in the activity and in what it learnt", async () => {
      await cast.person.goTo("activity");
      await cast.person.sees(t.agents.activity.title);
      await cast.person.page.getByText("Migration runner").first().waitFor();
      await look(cast.device.page, "14-activity");
      await cast.person.goTo("agents");
      await cast.person.press(t.agents.open("Migration runner"));
      await cast.person.page.getByText(t.agents.learnt.modes.use).first().waitFor();
      await look(cast.device.page, "15-agent");
      cast.nothingToComplainOf();
    });

    it("is locked at once, and unlocked with the passkey", async () => {
      await cast.person.press(t.agents.lock);
      await cast.person.button(t.agents.unlock).waitFor();
      expect((await cast.agent.run("agent", "list")).code).toBe(9);
      await cast.person.press(t.agents.unlock);
      await cast.person.button(t.agents.lock).waitFor();
      expect((await cast.agent.run("agent", "list")).code).toBe(0);
      cast.nothingToComplainOf();
    });
  });

  describe("a hosted agent", () => {
    it("gets tier 1 with its token, and the reason for everything above", async () => {
      await cast.person.createEntry("login", "Status page", {
        [t.kinds.field.username]: { value: "status" },
        [t.kinds.field.password]: { value: "hosted-Willow-6634", tier: 1 },
      }, ["Reports"]);
      const token = await cast.person.makeHostedToken({ name: "Status watcher", scope: "Reports", perMinute: 10 });
      const headers = { authorization: `Bearer ${token}` };
      const list = await fetch(`${cast.node.origin}/v1/hosted/entries`, { headers });
      expect(list.status).toBe(200);
      const { entries } = (await list.json()) as { entries: { entry_id: string; title: string }[] };
      const named = (title: string): string => entries.find((entry) => entry.title === title)?.entry_id ?? "";
      const value = await fetch(`${cast.node.origin}/v1/hosted/entries/${named("Status page")}/fields/Password`, { headers });
      expect(await value.json()).toMatchObject({ value: "hosted-Willow-6634" });
      const above = await fetch(`${cast.node.origin}/v1/hosted/entries/${named("Reporting database")}/fields/Password`, { headers });
      expect(above.status).toBe(403);
      expect(await above.json()).toMatchObject({ code: "tier_too_high", exists: true });
    });
  });

  describe("a server that is suspected", () => {
    const words = t.agents.suspicion;

    it("loses every hosted token in one step, and what a token opened has new keys", async () => {
      const token = await cast.person.makeHostedToken({ name: "Backup watcher", scope: "Reports", perMinute: 10 });
      const headers = { authorization: `Bearer ${token}` };
      expect((await fetch(`${cast.node.origin}/v1/hosted/entries`, { headers })).status).toBe(200);
      await cast.person.goTo("agents");
      await cast.person.press(words.action);
      const dialog = cast.person.page.getByRole("dialog");
      for (const name of ["Status watcher", "Backup watcher"]) await dialog.getByText(name).waitFor();
      await look(cast.device.page, "15-suspicion");
      await dialog.getByRole("button", { name: words.action, exact: true }).click();
      await dialog.waitFor({ state: "detached" });
      await cast.person.page.getByText(words.nothing).waitFor();
      expect((await fetch(`${cast.node.origin}/v1/hosted/entries`, { headers })).status).toBe(401);
      cast.nothingToComplainOf();
    });

    it("goes on with enrolled agents and with new tokens, and the log says what was done", async () => {
      const { code, out } = await cast.agent.run("agent", "run", "--no-mask", "--env", "P=clv://-/Reporting%20database/Password", "--", "printenv", "P");
      expect({ code, out: out.trim() }).toEqual({ code: 0, out: cast.databasePassword });
      const token = await cast.person.makeHostedToken({ name: "Status watcher anew", scope: "Reports", perMinute: 10 });
      const list = await fetch(`${cast.node.origin}/v1/hosted/entries`, { headers: { authorization: `Bearer ${token}` } });
      expect(await list.json()).toMatchObject({ entries: expect.arrayContaining([expect.objectContaining({ title: "Status page" })]) });
      await cast.person.goTo("activity");
      await cast.person.page.getByText(actions["scope.rotate"] ?? "").first().waitFor();
      await cast.person.page.getByText(actions["agent.remove"] ?? "").first().waitFor();
      cast.nothingToComplainOf();
    });
  });
}
