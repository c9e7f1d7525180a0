// Starts the web app with the real client.
import { render } from "preact";
import { createVaultClient } from "../vault/index.ts";
import "../style/index.css";
import { App } from "./app.tsx";
import { start } from "./state/open.ts";
import { followAddress } from "./state/route.ts";
import { followTheme } from "./state/theme.ts";
import { locale } from "./words/index.ts";

document.documentElement.lang = locale;
followTheme();
followAddress();
const root = document.getElementById("app");
if (root !== null) render(<App />, root);
void start(createVaultClient());
