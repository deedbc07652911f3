import { type ModelEntry, WHOLE } from "./api.ts";
import { byId, fill, h } from "./dom.ts";
import { icon } from "./icons.ts";
import { type Opening, openingForms } from "./opening.ts";
import * as numbers from "./numbers.ts";
import type { Scene, Widget } from "./scene.ts";
import type { Store } from "./store.ts";

/** The model's name and the layer's, and the choice of another model. */
export class Switcher implements Widget {
  readonly #button = byId("model");
  readonly #list = byId("models");

  constructor(private readonly store: Store, private readonly opening: Opening) {}

  update({ models, model, layer, subject }: Scene): void {
    const title = models.find(({ id }) => id === model.id)?.title ?? model.id;
    const whole = subject.layer === WHOLE;
    document.title = whole ? `${title} · Synaptile` : `${subject.layer} · ${title} · Synaptile`;
    fill(
      this.#button,
      h("span", { class: "name" }, title),
      icon("chevron"),
    );
    this.#button.title = `${numbers.whole(model.parameters)} parameters; choose a model`;
    fill(
      byId("current"),
      h("b", {}, whole ? "The whole model" : subject.layer),
      h(
        "span",
        { class: "note" },
        whole
          ? `${model.tensors.length} tensors · ${numbers.count(model.parameters)} parameters`
          : [layer.kind, layer.dtype, numbers.shape(layer.shape)].join(" · "),
      ),
    );
    this.offer(models, model.id);
  }

  /** Lists the models to choose from. */
  offer(models: readonly ModelEntry[], current: string | null): void {
    if (!this.#button.hasChildNodes()) fill(this.#button, "Choose a model", icon("chevron"));
    fill(
      this.#list,
      ...models.map((entry) =>
        h(
          "button",
          {
            type: "button",
            "aria-current": entry.id === current ? "true" : null,
            onclick: () => {
              this.#list.hidePopover();
              this.store.set({
                model: entry.id,
                layer: null,
                mode: null,
                options: {},
                place: null,
                pin: null,
              });
            },
          },
          h("b", {}, entry.title),
          h(
            "span",
            { class: "note" },
            `${entry.format} · ${numbers.count(entry.parameters)} · ${numbers.bytes(entry.bytes)}`,
          ),
        )
      ),
      ...openingForms(this.opening),
    );
  }
}
