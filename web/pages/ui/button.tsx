// Buttons and links that look like buttons.
import type { ComponentChildren, JSX } from "preact";
import { Icon, type IconName } from "./icons.tsx";

interface ButtonProps extends Omit<JSX.IntrinsicElements["button"], "icon" | "size" | "class"> {
  look?: "primary" | "danger" | "quiet" | "plain";
  icon?: IconName;
  small?: boolean;
  busy?: boolean;
  children?: ComponentChildren;
}

/** A button. While `busy` it stays focusable, says so, and does nothing. */
export function Button({ look = "plain", icon, small, busy, children, onClick, ...rest }: ButtonProps): JSX.Element {
  const click: NonNullable<typeof onClick> = (event) => {
    if (busy !== true && onClick) (onClick as (event: unknown) => void)(event);
    else if (busy === true) event.preventDefault();
  };
  return (
    <button type="button" {...rest} class={classes(look, small)} aria-busy={busy} aria-disabled={busy === true ? "true" : undefined} onClick={click}>
      {busy === true ? <span class="spinner" aria-hidden="true" /> : icon !== undefined && <Icon name={icon} size={small ? 16 : 20} />}
      {children}
    </button>
  );
}

/** A button that shows only an icon; `label` is its name and tooltip. */
export function IconButton({
  look = "quiet",
  label,
  icon,
  small,
  filled,
  ...rest
}: Omit<ButtonProps, "icon" | "children"> & { label: string; icon: IconName; filled?: boolean }): JSX.Element {
  return (
    <button type="button" {...rest} class={`${classes(look, small)} icon`} aria-label={label} title={label}>
      <Icon name={icon} size={small ? 18 : 20} filled={filled ?? false} />
    </button>
  );
}

/** A link in the look of a button. */
export function LinkButton({
  look = "plain",
  icon,
  small,
  href,
  children,
}: {
  look?: ButtonProps["look"];
  icon?: IconName;
  small?: boolean;
  href: string;
  children: ComponentChildren;
}): JSX.Element {
  return (
    <a class={classes(look, small)} href={href}>
      {icon !== undefined && <Icon name={icon} size={small ? 16 : 20} />}
      {children}
    </a>
  );
}

function classes(look: ButtonProps["look"], small: boolean | undefined): string {
  return `button ${look ?? "plain"}${small === true ? " small" : ""}`;
}
