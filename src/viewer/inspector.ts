import * as api from "./api.ts";
import type { Summary } from "./api.ts";
import { bars, histogram, spectrum } from "./charts.ts";
import { cellParts } from "./cell_parts.ts";
import { byId, fill, h } from "./dom.ts";
import { figures, headFigures, table } from "./figures.ts";
import { blockAt, inspectBlock, place } from "./hover.ts";
import type { Journey } from "./journey.ts";
import type { PlaneMap } from "./map.ts";
import * as numbers from "./numbers.ts";
import { colorAt, colormaps, positionOf } from "./ramp.ts";
import { isWhole, onLayer, type Scene, type Widget } from "./scene.ts";
import { links } from "./share.ts";
import { around, type Square, squareOf } from "./square.ts";
import type { Store } from "./store.ts";

/** The cell that was clicked, and the layer it belongs to, in numbers. */
export class Inspector implements Widget {
  readonly #cell = byId("cell");
  readonly #layer = byId("layer-summary");
  readonly #frame = byId("pinned");
  #scene: Scene | null = null;
  /** What the summary is of: on the map of a whole model the tensor under the pin. */
  #subject: Scene | null = null;
  #summary: Summary | null = null;
  #asked = "";
  #value: number | null = null;
  /** What was read at the pin. */
  #square: Square | null = null;
  #log = false;
  #waiting = new AbortController();

  constructor(
    private readonly store: Store,
    private readonly map: PlaneMap,
    private readonly journey: Journey,
  ) {}

  update(scene: Scene): void {
    this.#scene = scene;
    this.refresh();
  }

  /** What is pinned, or whether the panel is open, has changed. */
  refresh(): void {
    const scene = this.#scene;
    if (!scene) return;
    this.follow();
    if (!this.store.state.panels?.includes("inspector")) return;
    this.#waiting.abort();
    this.#waiting = new AbortController();
    const { signal } = this.#waiting;
    const failIn = (place: HTMLElement) => (error: unknown) => {
      if (!api.isAbort(error)) fill(place, failure(error, () => this.refresh()));
    };
    this.#loadCell(scene, signal).catch(failIn(this.#cell));
    this.#loadSummary(scene).catch(failIn(this.#layer));
  }

  /** The map has moved. */
  follow(): void {
    const { pin } = this.store.state;
    const isShown = pin && this.map.plane && this.#scene?.mode.cells;
    this.#frame.hidden = !isShown;
    if (!isShown) return;
    const { x, y, side } = around(this.#square, blockAt(pin, this.map));
    const least = Math.max(1, Math.ceil(7 / (side * this.map.scale))) * side;
    const margin = (least - side) / 2;
    place(this.#frame, this.map, x - margin, y - margin, least);
  }

  async #loadCell(scene: Scene, signal: AbortSignal): Promise<void> {
    const { pin } = this.store.state;
    this.#value = this.#square = null;
    if (!scene.mode.readable) {
      return fill(this.#cell, h("p", { class: "hint" }, "Pixels of this picture are not cells."));
    }
    if (!pin) {
      this.#drawSummary();
      return fill(this.#cell, h("p", { class: "hint" }, "Click a cell to read it."));
    }
    const { guide } = this.journey;
    // Once it is known what lies where, this is asked again.
    if (isWhole(scene) && !guide) return;
    if (guide && !guide.at(pin)) {
      return fill(this.#cell, h("p", { class: "hint" }, "No tensor lies here."));
    }
    const block = blockAt(pin, this.map);
    const found = await inspectBlock(scene, block, signal);
    // Only the tensor's own values have a place in its histogram.
    const isOther = found.reading || scene.made;
    this.#value = isOther ? null : block.log2 === 0 ? found.value : found.cell.mean;
    this.#square = squareOf(block, found);
    this.follow();
    fill(this.#cell, ...cellParts(found, block));
    this.#drawSummary();
  }

  async #loadSummary(scene: Scene): Promise<void> {
    const { pin } = this.store.state;
    const name = isWhole(scene) ? pin && this.journey.guide?.at(pin)?.tensor : drawnOf(scene);
    if (!name) {
      this.#asked = "";
      this.#summary = null;
      return this.#drawWhole(scene);
    }
    const { model, version, mode, options } = scene.subject;
    const own = isWhole(scene) ? JSON.stringify(options) : "";
    const key = `${model} ${version} ${mode} ${name} ${own} ${options["step"]}`;
    if (key === this.#asked) return;
    this.#asked = key;
    this.#summary = null;
    fill(this.#layer, h("p", { class: "hint" }, "Measuring the layer…"));
    const asked = isWhole(scene) ? onLayer(scene, name) : Promise.resolve(scene);
    const [subject, summary] = await Promise.all([
      asked,
      api.summary({ ...scene.subject, layer: name }),
    ]).catch((error) => {
      if (key === this.#asked) this.#asked = "";
      throw error;
    });
    if (key !== this.#asked) return;
    this.#subject = isWhole(scene) ? subject : null;
    this.#summary = summary;
    this.#drawSummary();
  }

  #drawWhole({ model }: Scene): void {
    fill(
      this.#layer,
      h("h2", {}, "The whole model"),
      table([
        ["parameters", numbers.whole(model.parameters)],
        ["tensors", numbers.whole(model.tensors.length)],
        ["layers", numbers.whole(model.layers.length)],
        ["bytes", numbers.bytes(model.tensors.reduce((sum, { bytes }) => sum + bytes, 0))],
      ]),
    );
  }

  async #drawSummary(): Promise<void> {
    const [summary, scene] = [this.#summary, this.#subject ?? this.#scene];
    const { pin } = this.store.state;
    if (!summary || !scene || !this.#scene) return;
    const color = await this.#colors(scene);
    const { histogram: bins, singular_values, channel_norms, attention } = summary;
    const largest = singular_values?.map((value, i) => [i + 1, value] as const);
    const shown = summary.spectrum ?? largest;
    fill(
      this.#layer,
      h("h2", {}, drawnOf(scene)),
      h(
        "p",
        { class: "about" },
        [...kindOf(scene), summary.dtype, numbers.shape(summary.shape)].join(" · "),
      ),
      pin && isWhole(this.#scene)
        ? h(
          "button",
          { type: "button", class: "wide", onclick: () => this.journey.enter(pin) },
          "Open in its own plane",
          h("kbd", {}, "Enter"),
        )
        : null,
      bins ? this.#histogram(bins, color) : null,
      figures(summary),
      shown && shown.length > 1
        ? h(
          "figure",
          {},
          h("figcaption", {}, "Singular values, log–log"),
          spectrum(shown, summary.bulk_max === null ? null : Math.sqrt(summary.bulk_max)),
        )
        : null,
      ...attention ? headFigures(attention) : [],
      channel_norms && channel_norms.length > 1
        ? h(
          "figure",
          {},
          h("figcaption", {}, "Norm of each output channel"),
          bars(channel_norms, `Norms of ${channel_norms.length} output channels`),
        )
        : null,
      links(this.#scene, this.map),
    );
  }

  #histogram(
    bins: NonNullable<Summary["histogram"]>,
    color: (value: number) => string,
  ): HTMLElement {
    const picture = histogram(bins, { log: this.#log, mark: this.#value, color });
    const scale = h("button", {
      type: "button",
      class: "quiet text",
      "aria-pressed": String(this.#log),
      onclick: () => {
        this.#log = !this.#log;
        this.#drawSummary();
      },
    }, "log");
    return h("figure", {}, h("figcaption", {}, "Histogram", scale), picture);
  }

  /** The colour that the map gives a value, where those of the tensor are what it shows. */
  async #colors({ made, legend: { ramp } }: Scene): Promise<(value: number) => string> {
    const colors = ramp && !made && (await colormaps()).get(ramp.colormap)?.colors;
    if (!ramp || !colors) return () => "var(--ink-soft)";
    return (value) => colorAt(colors, positionOf(ramp.stops, value), ramp.reverse);
  }
}

function failure(error: unknown, again: () => void): HTMLElement {
  const text = error instanceof Error ? error.message : String(error);
  const button = h("button", { type: "button", class: "quiet text", onclick: again }, "Try again");
  return h("p", { class: "failure" }, text, button);
}

/** What is told of in numbers: the layer, or what a mode draws of it that is not its weight. */
const drawnOf = ({ layer, tensor, subject }: Scene): string =>
  tensor === layer.tensor ? subject.layer : tensor;

/** A layer's kind, where it is its weight that is told of. */
const kindOf = ({ layer, tensor }: Scene): string[] => tensor === layer.tensor ? [layer.kind] : [];
