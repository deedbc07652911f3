import { set } from "./dom.ts";
import type { State } from "./state.ts";
import type { Store } from "./store.ts";

/** Dark unless the address says light: the pictures glow. */
export const themeOf = ({ theme }: State) => theme ?? "dark";

export function mountTheme(store: Store): void {
  const apply = () => {
    const theme = themeOf(store.state);
    set(document.documentElement, "data-theme", theme);
    const ground = getComputedStyle(document.documentElement).getPropertyValue("--ground").trim();
    document.querySelector('meta[name="theme-color"]')?.setAttribute("content", ground);
  };
  store.listen((state, before) => state.theme !== before.theme && apply());
  apply();
}

export function toggleTheme(store: Store): void {
  store.set({ theme: themeOf(store.state) === "dark" ? "light" : null }, "replace");
}
