import type { Parameter } from "./api.ts";
import { fill, h, refill } from "./dom.ts";
import { icon } from "./icons.ts";
import { setOption } from "./options.ts";
import { colormaps, gradient } from "./ramp.ts";
import type { Scene } from "./scene.ts";
import type { Store } from "./store.ts";

/** The choice of colours: a swatch that opens a list of all of them. */
export class ColormapChooser {
  readonly element = h("div", { class: "chooser" });
  readonly #list = h("div", { id: "colormaps", class: "panel", popover: "auto", role: "listbox" });
  #drawn = "";

  constructor(private readonly store: Store) {
    document.body.append(this.#list);
    this.#list.setAttribute("aria-label", "Colour maps");
    this.#list.addEventListener("keydown", (event) => this.#key(event));
  }

  async update({ mode, subject, legend: { ramp } }: Scene): Promise<void> {
    const parameter = mode.parameters.find(({ name }) => name === "colormap");
    this.element.hidden = !parameter;
    if (!parameter) return;
    // Some pictures have others than the default where none are chosen.
    const chosen = ramp?.colormap ?? subject.options.colormap ?? String(parameter.default);
    const reverse = (subject.options.colormap_reverse ?? "0") !== "0";
    const key = `${mode.name} ${chosen} ${reverse}`;
    if (key === this.#drawn) return;
    this.#drawn = key;
    // Without swatches the names alone still choose.
    const maps = await colormaps().catch(() => new Map());
    if (key !== this.#drawn) return;
    const colors = maps.get(chosen)?.colors ?? [];
    const canReverse = mode.parameters.some(({ name }) => name === "colormap_reverse");
    refill(
      this.element,
      h(
        "button",
        {
          type: "button",
          class: "swatch-button",
          popovertarget: "colormaps",
          title: "Choose colours",
        },
        h("i", { class: "swatch", style: `background:${gradient(colors, reverse)}` }),
        h("span", {}, short(maps.get(chosen)?.title ?? chosen)),
      ),
      canReverse
        ? h("button", {
          id: "reverse",
          type: "button",
          class: "quiet",
          title: "Turn the colours round",
          "aria-label": "Turn the colours round",
          "aria-pressed": String(reverse),
          onclick: () => setOption(this.store, "colormap_reverse", reverse ? null : "1"),
        }, icon("reverse"))
        : null,
    );
    this.#fillList(parameter, chosen, maps);
  }

  #fillList(
    { choices = [], default: normal }: Parameter,
    chosen: string,
    maps: Map<string, { title: string; kind: string; colors: readonly string[] }>,
  ): void {
    const kinds = [...new Set(choices.map((name) => maps.get(name)?.kind ?? ""))];
    fill(
      this.#list,
      ...kinds.flatMap((kind) => [
        kind ? h("h3", {}, kind) : null,
        ...choices.filter((name) => (maps.get(name)?.kind ?? "") === kind).map((name) =>
          h(
            "button",
            {
              type: "button",
              role: "option",
              title: maps.get(name)?.title ?? null,
              "aria-selected": String(name === chosen),
              onclick: () => setOption(this.store, "colormap", name === normal ? null : name),
            },
            h("i", {
              class: "swatch",
              style: `background:${gradient(maps.get(name)?.colors ?? [])}`,
            }),
            h("span", {}, short(maps.get(name)?.title ?? name)),
          )
        ),
      ]),
    );
  }

  #key(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const buttons = [...this.#list.querySelectorAll("button")];
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
    buttons[(at + step + buttons.length) % buttons.length]?.focus();
    event.preventDefault();
    event.stopPropagation();
  }
}

/** A title without what follows its colon. */
const short = (title: string) => title.split(":")[0]!;
