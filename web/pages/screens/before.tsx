// Screens for when there is nothing to unlock: starting, no server, no owner yet, and an address where passkeys cannot work.
import { useEffect } from "preact/hooks";
import type { JSX } from "preact";
import type { NodeInfo } from "../../vault/index.ts";
import { client, start } from "../state/open.ts";
import { Button, LinkButton } from "../ui/button.tsx";
import { Notice } from "../ui/notice.tsx";
import { ScreenCard } from "../ui/screen.tsx";
import { t } from "../words/index.ts";
import { addressTrouble, localAddress } from "./address.ts";

export function Starting(): JSX.Element {
  return (
    <main class="screen">
      <p role="status">{t.screens.starting}</p>
    </main>
  );
}

export function Unreachable({ sentence }: { sentence: string }): JSX.Element {
  return (
    <ScreenCard title={t.screens.unreachable.title} lead={sentence}>
      <Button look="primary" icon="refresh" onClick={() => void start(client())}>
        {t.screens.unreachable.retry}
      </Button>
    </ScreenCard>
  );
}

export function Unclaimed(): JSX.Element {
  const words = t.screens.unclaimed;
  // A set-up link opened in this tab only changes the fragment; it counts all the same.
  useEffect(() => {
    const again = (): void => void start(client());
    window.addEventListener("hashchange", again);
    return () => window.removeEventListener("hashchange", again);
  }, []);
  return (
    <ScreenCard title={words.title} lead={words.body}>
      <div class="stack">
        <p>{words.where}</p>
        <code class="secret-box">{`${location.origin}/setup#…`}</code>
        <p>{words.lost}</p>
        <code class="secret-box">clavitor setup-link</code>
      </div>
    </ScreenCard>
  );
}

export function Blocked({ sentence, node }: { sentence: string; node: NodeInfo | null }): JSX.Element {
  const words = t.screens.blocked;
  const trouble = addressTrouble(location, node?.rp_id ?? null);
  const local = localAddress(location);
  const right = node !== null && node.origin !== location.origin ? node.origin : null;
  return (
    <ScreenCard title={words.title} lead={words.why}>
      <Notice look="warn">
        <p>{trouble === null ? sentence : words[trouble.what](trouble.seen, trouble.wanted)}</p>
      </Notice>
      <div class="stack">
        <h2>{words.whatToDo}</h2>
        {trouble === null ? (
          <p>{words.browser}</p>
        ) : (
          <>
            <p>
              {words.onThisMachine} <a href={local}>{local}</a>
            </p>
            <p>{words.tunnel}</p>
            <code class="secret-box">{`ssh -L ${new URL(local).port || "80"}:localhost:${new URL(local).port || "80"} ${location.hostname}\n${local}`}</code>
            <p>{words.domain}</p>
            <code class="secret-box">clavitor serve --origin https://vault.example.com</code>
          </>
        )}
      </div>
      {right !== null && (
        <LinkButton look="primary" href={right}>
          {words.openHere}: {right}
        </LinkButton>
      )}
    </ScreenCard>
  );
}
