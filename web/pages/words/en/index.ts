// English, all areas together.
import { agents } from "./agents.ts";
import { common } from "./common.ts";
import { entries } from "./entries.ts";
import { kinds } from "./kinds.ts";
import { screens } from "./screens.ts";
import { settings } from "./settings.ts";
import { transfer } from "./transfer.ts";

export const en = { common, screens, entries, kinds, agents, settings, transfer };
