import { byId, isPhone, set } from "./dom.ts";
import type { PlaneMap } from "./map.ts";
import { type Panel, panels } from "./state.ts";
import type { Store } from "./store.ts";

/** Which panels are open, and what they leave of the map. */
export class Panels {
  readonly #below = byId("below");
  readonly #film = byId("film");

  constructor(private readonly store: Store, private readonly map: PlaneMap) {
    const sizes = new ResizeObserver(() => {
      document.body.style.setProperty("--below", `${this.#below.offsetHeight}px`);
      document.body.style.setProperty("--film", `${this.#film.offsetHeight}px`);
    });
    for (const part of [this.#below, this.#film]) sizes.observe(part);
  }

  get shown(): readonly Panel[] {
    return this.store.state.panels ?? (isPhone() ? [] : ["layers"]);
  }

  with(panel: Panel, open: boolean): Panel[] {
    const others = this.shown.filter((name) => name !== panel && !(open && isPhone()));
    return open ? [...others, panel] : others;
  }

  readonly toggle = (panel: Panel): void => {
    const open = !this.shown.includes(panel);
    this.store.set({
      panels: this.with(panel, open),
      ...(open ? {} : panel === "inspector" ? { pin: null } : {}),
    }, "replace");
  };

  arrange(): void {
    const { shown } = this;
    const { bare, labels } = this.store.state;
    byId("toggle-labels").setAttribute("aria-pressed", String(labels));
    set(document.body, "class", bare ? "bare" : null);
    for (const panel of panels) {
      set(document.body, `data-${panel}`, shown.includes(panel));
      byId(`toggle-${panel}`).setAttribute("aria-expanded", String(shown.includes(panel)));
    }
  }

  /** CSS pixels that panels cover at each edge of the map. */
  margins() {
    if (this.store.state.bare) return { top: 16, right: 16, bottom: 16, left: 16 };
    const isInspecting = this.shown.includes("inspector");
    const plays = "plays" in document.body.dataset;
    if (isPhone()) {
      const bar = plays ? 44 : 0;
      const sheet = this.map.size.height * 0.56 + 12;
      const bottom = isInspecting ? sheet : this.#below.offsetHeight + 60 + bar;
      return { top: 146, right: 12, bottom, left: 12 };
    }
    const bottom = plays ? 68 : 40;
    return { top: 76, right: isInspecting ? 360 : 32, bottom, left: 332 };
  }
}
