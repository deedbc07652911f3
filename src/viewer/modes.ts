import { type ModeEntry, tileUrl, WHOLE } from "./api.ts";
import { byId, fill, h } from "./dom.ts";
import { icon } from "./icons.ts";
import { hasMap, isWhole, type Scene, type Widget } from "./scene.ts";
import type { Store } from "./store.ts";
import { thumbnail } from "./thumbs.ts";

/** The modes as a segmented switch: a picture of each, and what the others would need. */
export class ModeSwitch implements Widget {
  readonly #root = byId("modes");
  #scene: Scene | null = null;

  constructor(private readonly store: Store) {
    this.#root.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => this.#fit()).observe(byId("top"));
    addEventListener("resize", () => this.#fit());
  }

  update(scene: Scene): void {
    const before = this.#scene;
    this.#scene = scene;
    const toMap = byId("to-map");
    toMap.hidden = isWhole(scene) || !hasMap(scene.model);
    if (before?.layer !== scene.layer) {
      fill(
        this.#root,
        ...scene.layer.modes.map((m) => this.#button(m)),
      );
    }
    for (const button of this.#root.querySelectorAll<HTMLElement>("button")) {
      const chosen = button.dataset.mode === scene.mode.name;
      button.setAttribute("aria-checked", String(chosen));
      button.tabIndex = chosen ? 0 : -1;
    }
    this.#fit();
  }

  /** Leaves out titles where there is no room for them, that of the chosen one last; then what cannot be chosen. */
  #fit(): void {
    for (const titles of ["all", "chosen", "none", "few"]) {
      this.#root.dataset.titles = titles;
      if (this.#root.scrollWidth <= this.#root.clientWidth) break;
    }
    const chosen = this.#root.querySelector("[aria-checked=true]");
    chosen?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  /** Chooses a mode of this layer, keeping those parameters that it shares. */
  choose(mode: ModeEntry | undefined): void {
    if (!mode || mode.missing !== null) return;
    const known = new Set(mode.parameters.map(({ name }) => name));
    const options = Object.entries(this.store.state.options).filter(([name]) => known.has(name));
    // The whole model may be shown because nothing else was asked for, which a mode would be.
    const layer = this.#scene && isWhole(this.#scene) ? WHOLE : this.store.state.layer;
    this.store.set({ layer, mode: mode.name, options: Object.fromEntries(options) });
  }

  /** Chooses the mode at a place in the switch. */
  chooseAt(index: number): void {
    this.choose(this.#scene?.layer.modes[index]);
  }

  #button(mode: ModeEntry): HTMLElement {
    const { subject } = this.#scene!;
    const { name, title, about, missing } = mode;
    const { step } = subject.options;
    const options = step === undefined ? {} : { step };
    const url = tileUrl({ ...subject, mode: name, options }, 0, 0, 0);
    return h(
      "button",
      {
        type: "button",
        role: "radio",
        "data-mode": name,
        "aria-disabled": String(missing !== null),
        "aria-label": title,
        title: missing === null ? `${title}: ${lowered(about)}` : `${title} needs ${missing}`,
        onclick: () => this.choose(mode),
      },
      missing === null
        ? mode.costly ? icon(mode.cells ? "relief" : "curve") : thumbnail(url, 22, mode.cells)
        : h("span", { class: "initial", "aria-hidden": "true" }, title.slice(0, 1)),
      h("span", { class: "title" }, title),
    );
  }

  #key(event: KeyboardEvent): void {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const buttons = [...this.#root.querySelectorAll("button")];
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
    const next = buttons[(at + step + buttons.length) % buttons.length];
    next?.focus();
    next?.click();
    event.preventDefault();
    event.stopPropagation();
  }
}

const lowered = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);
