// "New": a login with one click, any other kind from the menu.
import type { JSX } from "preact";
import { entryKinds } from "../../vault/index.ts";
import { go } from "../state/route.ts";
import { kindIcons } from "../ui/icons.tsx";
import { Menu } from "../ui/menu.tsx";
import { t } from "../words/index.ts";

export function NewButton(): JSX.Element {
  const items = entryKinds.map((kind) => ({ label: t.kinds.entry[kind], icon: kindIcons[kind], run: () => go({ page: "new", kind }) }));
  return <Menu label={t.entries.create} icon="plus" look="primary" items={items} />;
}
