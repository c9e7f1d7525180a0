// Inline line icons, 20 by 20. They decorate words and never stand for one: hidden from assistive technology.
import type { JSX } from "preact";
import type { EntryKind } from "../../vault/index.ts";

const paths = {
  agent: "M6 8.5h8a2 2 0 0 1 2 2V14a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2v-3.5a2 2 0 0 1 2-2ZM10 8.5V5M8.7 4h2.6M7.5 12v.6M12.5 12v.6M2.2 11.5v2M17.8 11.5v2",
  activity: "M2.5 10h3.2l2.3-6 4 12 2.3-6h3.2",
  archive: "M3 4.5h14v3H3zM4.5 7.5V16h11V7.5M8.2 10.8h3.6",
  back: "M12 4.5 6.5 10l5.5 5.5",
  book: "M4.5 4.5A1.5 1.5 0 0 1 6 3h9.5v14H6a1.5 1.5 0 0 1-1.5-1.5ZM4.5 15.5A1.5 1.5 0 0 1 6 14h9.5M8 6.5h4.5",
  card: "M2.5 6A1.5 1.5 0 0 1 4 4.5h12A1.5 1.5 0 0 1 17.5 6v8a1.5 1.5 0 0 1-1.5 1.5H4A1.5 1.5 0 0 1 2.5 14ZM2.5 8.2h15M5.5 12h3",
  check: "m4.5 10.5 3.6 3.5 7.4-8",
  clock: "M10 3a7 7 0 1 1 0 14 7 7 0 0 1 0-14ZM10 6.2V10l2.6 1.8",
  close: "m5 5 10 10M15 5 5 15",
  cloud: "M6 15.5a3.5 3.5 0 0 1-.3-7A4.8 4.8 0 0 1 15 9.2a3.2 3.2 0 0 1-.6 6.3Z",
  copy: "M7 7.5A1 1 0 0 1 8 6.5h7.5a1 1 0 0 1 1 1V16a1 1 0 0 1-1 1H8a1 1 0 0 1-1-1ZM4.5 13.5h-.2a.8.8 0 0 1-.8-.8V4.3a.8.8 0 0 1 .8-.8h8.4a.8.8 0 0 1 .8.8v.2",
  custom: "M3 6h8M15 6h2M3 14h2M9 14h8M13 4v4M7 12v4",
  database:
    "M4 5.5c0-1.4 2.7-2.5 6-2.5s6 1.1 6 2.5S13.3 8 10 8 4 6.9 4 5.5ZM4 5.5v9C4 15.9 6.7 17 10 17s6-1.1 6-2.5v-9M4 10c0 1.4 2.7 2.5 6 2.5s6-1.1 6-2.5",
  document: "M5 3h6.5L15.5 7v10H5ZM11.5 3v4h4M7.5 10.5h5M7.5 13.5h5",
  down: "M4.5 7.5 10 13l5.5-5.5",
  edit: "m4 16 .8-3.4L13.4 4a1.3 1.3 0 0 1 1.8 0l.8.8a1.3 1.3 0 0 1 0 1.8l-8.6 8.6ZM12 5.5 14.5 8",
  export: "M10 12.5V3.5M6.5 6.8 10 3.3l3.5 3.5M4 12v3.5A1.5 1.5 0 0 0 5.5 17h9a1.5 1.5 0 0 0 1.5-1.5V12",
  eye: "M2.3 10S5 4.8 10 4.8 17.7 10 17.7 10 15 15.2 10 15.2 2.3 10 2.3 10ZM10 7.8a2.2 2.2 0 1 1 0 4.4 2.2 2.2 0 0 1 0-4.4Z",
  eyeOff:
    "m3.5 3.5 13 13M8 5.1a7 7 0 0 1 2-.3c5 0 7.7 5.2 7.7 5.2a13 13 0 0 1-2.3 2.9M12.8 14.7a7 7 0 0 1-2.8.5C5 15.2 2.3 10 2.3 10A13 13 0 0 1 5.7 6.4M8.4 8.5a2.2 2.2 0 0 0 3 3.1",
  folder: "M2.8 6A1.5 1.5 0 0 1 4.3 4.5h3.2l2 2h6.2A1.5 1.5 0 0 1 17.2 8v6a1.5 1.5 0 0 1-1.5 1.5H4.3A1.5 1.5 0 0 1 2.8 14Z",
  help: "M10 3a7 7 0 1 1 0 14 7 7 0 0 1 0-14ZM8 8.2a2 2 0 1 1 2.9 1.8c-.6.3-.9.7-.9 1.4M10 13.8v.1",
  history: "M3.5 10A6.5 6.5 0 1 0 5.6 5.2L3.5 7M3.5 3.5V7H7M10 6.5V10l2.4 1.6",
  id: "M2.5 6A1.5 1.5 0 0 1 4 4.5h12A1.5 1.5 0 0 1 17.5 6v8a1.5 1.5 0 0 1-1.5 1.5H4A1.5 1.5 0 0 1 2.5 14ZM7.2 7.5a1.5 1.5 0 1 1 0 3 1.5 1.5 0 0 1 0-3ZM4.8 13c.4-1 1.3-1.5 2.4-1.5s2 .5 2.4 1.5M12 8.5h3M12 11.5h3",
  import: "M10 3.3v9M6.5 9 10 12.5 13.5 9M4 12v3.5A1.5 1.5 0 0 0 5.5 17h9a1.5 1.5 0 0 0 1.5-1.5V12",
  info: "M10 3a7 7 0 1 1 0 14 7 7 0 0 1 0-14ZM10 9.3V13.5M10 6.5v.1",
  key: "M7 8.5a4 4 0 1 1 2.8 3.8L8.2 14H6.5v1.8H4.2V13.5L7.2 10.5A4 4 0 0 1 7 8.5ZM12.2 7.3v.1",
  list: "M7 5.5h10M7 10h10M7 14.5h10M3.2 5.5h.1M3.2 10h.1M3.2 14.5h.1",
  lock: "M5.5 9h9a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1v-6a1 1 0 0 1 1-1ZM7 9V6.5a3 3 0 0 1 6 0V9M10 12.2v1.6",
  login: "M10 3.5a3 3 0 1 1 0 6 3 3 0 0 1 0-6ZM4 16.5c.6-3 3-4.5 6-4.5s5.4 1.5 6 4.5",
  moon: "M16.5 11.8A6.8 6.8 0 0 1 8.2 3.5a6.8 6.8 0 1 0 8.3 8.3Z",
  more: "M4.5 9.6a.4.4 0 1 1 0 .8.4.4 0 0 1 0-.8ZM10 9.6a.4.4 0 1 1 0 .8.4.4 0 0 1 0-.8ZM15.5 9.6a.4.4 0 1 1 0 .8.4.4 0 0 1 0-.8Z",
  note: "M4.5 3.5h11v9L11.5 16.5h-7ZM15.5 12.5h-4v4M7.5 7h5M7.5 10h3",
  passkey:
    "M7.5 4a3 3 0 1 1 0 6 3 3 0 0 1 0-6ZM2.5 16.5c.4-2.7 2.2-4.2 5-4.2.9 0 1.7.1 2.4.4M14 8.5a2.3 2.3 0 0 1 1 4.4v1l-.9.9.9.9-1.2 1.3-1.1-1.1v-3A2.3 2.3 0 0 1 14 8.5Z",
  plus: "M10 4v12M4 10h12",
  print: "M6 7V3.5h8V7M6 13.5H4A1.5 1.5 0 0 1 2.5 12V8.5A1.5 1.5 0 0 1 4 7h12a1.5 1.5 0 0 1 1.5 1.5V12a1.5 1.5 0 0 1-1.5 1.5h-2M6 11.5h8v5H6Z",
  refresh: "M16.5 10a6.5 6.5 0 1 1-2-4.7L16.5 7M16.5 3.5V7H13",
  scope: "M10 3 17 6.5 10 10 3 6.5ZM3 10l7 3.5L17 10M3 13.5 10 17l7-3.5",
  search: "M8.8 3.5a5.3 5.3 0 1 1 0 10.6 5.3 5.3 0 0 1 0-10.6ZM12.7 12.7 16.8 16.8",
  server: "M3.5 4h13v5h-13ZM3.5 11h13v5h-13ZM6 6.5h.1M6 13.5h.1",
  settings:
    "M10 7.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5ZM10 2.8v2M10 15.2v2M2.8 10h2M15.2 10h2M4.9 4.9l1.4 1.4M13.7 13.7l1.4 1.4M15.1 4.9l-1.4 1.4M6.3 13.7l-1.4 1.4",
  shield: "M10 2.8 16 5v4.5c0 3.8-2.5 6.5-6 7.7-3.5-1.2-6-3.9-6-7.7V5ZM7.3 9.8l2 2 3.5-3.8",
  star: "m10 3 2.1 4.4 4.9.7-3.5 3.4.8 4.8L10 14l-4.3 2.3.8-4.8L3 8.1l4.9-.7Z",
  sun: "M10 6.8a3.2 3.2 0 1 1 0 6.4 3.2 3.2 0 0 1 0-6.4ZM10 2.5v1.6M10 15.9v1.6M2.5 10h1.6M15.9 10h1.6M4.7 4.7l1.1 1.1M14.2 14.2l1.1 1.1M15.3 4.7l-1.1 1.1M5.8 14.2l-1.1 1.1",
  system: "M3 4.5h14v9H3ZM7.5 16.5h5M10 13.5v3",
  tag: "M3.5 4.5v5L10.8 16.8a1.3 1.3 0 0 0 1.8 0l4.2-4.2a1.3 1.3 0 0 0 0-1.8L9.5 3.5h-5a1 1 0 0 0-1 1ZM7 7v.1",
  terminal: "M3 4.5h14v11H3ZM6 8l2.2 2L6 12M10.5 12.5h3.5",
  trash: "M3.5 5.5h13M8 5.5V3.5h4v2M5.5 5.5 6.2 17h7.6l.7-11.5M8.5 8.5v5.5M11.5 8.5v5.5",
  undo: "M7 4.5 3.5 8 7 11.5M3.5 8h8.2a4.3 4.3 0 0 1 0 8.6H8",
  up: "M4.5 12.5 10 7l5.5 5.5",
  wallet: "M3 6.5A1.5 1.5 0 0 1 4.5 5H15v2.5h1.5a.5.5 0 0 1 .5.5v8H4.5A1.5 1.5 0 0 1 3 14.5ZM13.5 11.5v.1M3 6.5a1 1 0 0 0 1 1h11",
  warning: "M10 3.5 17.5 16.5h-15ZM10 8.5v4M10 14.4v.1",
  wifi: "M2.5 8a11 11 0 0 1 15 0M5 10.7a7.3 7.3 0 0 1 10 0M7.5 13.4a3.6 3.6 0 0 1 5 0M10 16v.1",
} as const;

export type IconName = keyof typeof paths;

/** An icon; `filled` for a state that is on. */
export function Icon({ name, size = 20, filled = false }: { name: IconName; size?: number; filled?: boolean }): JSX.Element {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill={filled ? "currentColor" : "none"}
      stroke="currentColor"
      stroke-width="1.6"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={paths[name]} />
    </svg>
  );
}

/** The sign of the product. */
export function Mark({ size = 28 }: { size?: number }): JSX.Element {
  return (
    <svg class="mark" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" fill="#1d4b57" />
      <path d="M21.6 11.2a7 7 0 1 0 0 9.6" fill="none" stroke="#fff" stroke-width="3.2" stroke-linecap="round" />
      <circle cx="16" cy="16" r="2.2" fill="#8fd3c1" />
      <path d="M18 16h6.4" stroke="#8fd3c1" stroke-width="2.4" stroke-linecap="round" />
    </svg>
  );
}

/** The icon of each kind of entry. */
export const kindIcons: Record<EntryKind, IconName> = {
  login: "login",
  api_key: "key",
  note: "note",
  card: "card",
  identity: "id",
  ssh_key: "terminal",
  database: "database",
  wifi: "wifi",
  server: "server",
  software_license: "book",
  crypto_wallet: "wallet",
  document: "document",
  custom: "custom",
};
