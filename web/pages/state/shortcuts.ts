// Whether single letters are shortcuts. Who speaks to the computer may need them off (WCAG 2.1.4).
import { effect, signal } from "@preact/signals";

const KEY = "clavitor.shortcuts";

function stored(): boolean {
  try {
    return localStorage.getItem(KEY) !== "off";
  } catch {
    return true;
  }
}

export const shortcuts = signal(stored());

effect(() => {
  const value = shortcuts.value ? "on" : "off";
  try {
    localStorage.setItem(KEY, value);
  } catch {
    // A browser without storage forgets the choice; the page still follows it.
  }
});
