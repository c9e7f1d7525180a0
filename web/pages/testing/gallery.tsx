// Opens any page in any state on the vault in memory: /gallery.html?phase=…&entries=…#/route. Served by `vite` only, never built.
import { render } from "preact";
import { Alarm } from "../../vault/errors.ts";
import "../../style/index.css";
import { App } from "../app.tsx";
import { enter, start } from "../state/open.ts";
import { phase } from "../state/phase.ts";
import { followAddress } from "../state/route.ts";
import { followTheme } from "../state/theme.ts";
import { fixtureClient } from "./fixture.ts";

const query = new URLSearchParams(location.search);
const client = fixtureClient({
  entries: Number(query.get("entries") ?? "10"),
  nowMs: Date.now(),
  recoveryPending: query.has("pending"),
  serverAiling: query.has("ailing"),
});
const node = await client.node();

followTheme();
followAddress();
const root = document.getElementById("app");
if (root !== null) render(<App />, root);
await start(client);
switch (query.get("phase")) {
  case "setup":
    phase.value = { name: "setup", token: "token", others: false };
    break;
  case "locked":
    phase.value = { name: "locked", why: "session over" };
    break;
  case "recover":
    phase.value = { name: "recover" };
    break;
  case "blocked":
    phase.value = {
      name: "blocked",
      sentence: "This browser has no passkeys.",
      node: { ...node, rp_id: "vault.example.org", origin: "https://vault.example.org" },
    };
    break;
  case "unclaimed":
    phase.value = { name: "unclaimed" };
    break;
  case "alarm":
    phase.value = { name: "alarm", alarm: new Alarm("manifest version 12 is older than 14") };
    break;
  default:
    enter(await client.unlock());
}
