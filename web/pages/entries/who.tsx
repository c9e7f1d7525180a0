// Who can open a field, and by which path.
import type { JSX } from "preact";
import type { OpenPath } from "../../vault/index.ts";
import { Icon, type IconName } from "../ui/icons.tsx";

const icons: Record<OpenPath["who"], IconName> = { you: "passkey", agent: "agent", "hosted agent": "cloud", node: "server" };

export function Paths({ paths }: { paths: readonly OpenPath[] }): JSX.Element {
  return (
    <ul class="paths">
      {paths.map((path) => (
        <li key={`${path.who}-${path.agentId ?? ""}-${path.path}`}>
          <Icon name={icons[path.who]} size={16} />
          <span>
            <strong>{path.name}</strong>: {path.path}
          </span>
        </li>
      ))}
    </ul>
  );
}
