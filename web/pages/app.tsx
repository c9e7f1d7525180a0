// Which screen belongs to which state.
import type { JSX } from "preact";
import { AlarmScreen } from "./screens/alarm.tsx";
import { Blocked, Starting, Unclaimed, Unreachable } from "./screens/before.tsx";
import { Recover } from "./screens/recover.tsx";
import { SetUp } from "./screens/setup.tsx";
import { Unlock } from "./screens/unlock.tsx";
import { Shell } from "./shell.tsx";
import { phase } from "./state/phase.ts";
import { Toasts } from "./ui/toast.tsx";

/** The whole app. */
export function App(): JSX.Element {
  return (
    <>
      <Screen />
      <Toasts />
    </>
  );
}

function Screen(): JSX.Element {
  const now = phase.value;
  switch (now.name) {
    case "starting":
      return <Starting />;
    case "unreachable":
      return <Unreachable sentence={now.sentence} />;
    case "blocked":
      return <Blocked sentence={now.sentence} node={now.node} />;
    case "unclaimed":
      return <Unclaimed />;
    case "setup":
      return <SetUp token={now.token} others={now.others} />;
    case "locked":
      return <Unlock why={now.why} />;
    case "recover":
      return <Recover />;
    case "open":
      return <Shell />;
    case "alarm":
      return <AlarmScreen alarm={now.alarm} />;
  }
}
