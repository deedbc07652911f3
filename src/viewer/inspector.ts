import * as api from "./api.ts";
import type { Inspection, Summary } from "./api.ts";
import { bars, histogram, spectrum } from "./charts.ts";
import { byId, fill, h } from "./dom.ts";
import { blockAt, inspectBlock, place, reading, where } from "./hover.ts";
import type { Journey } from "./journey.ts";
import type { PlaneMap } from "./map.ts";
import * as numbers from "./numbers.ts";
import { colorAt, colormaps, positionOf } from "./ramp.ts";
import { isWhole, onLayer, type Scene, type Widget } from "./scene.ts";
import { links } from "./share.ts";
import { around, type Block, type Square, squareOf } from "./square.ts";
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
    this.#value = found.reading ? null : block.log2 === 0 ? found.value : found.cell.mean;
    this.#square = squareOf(block, found);
    this.follow();
    fill(this.#cell, ...this.#cellParts(found, block));
    this.#drawSummary();
  }

  #cellParts(found: Inspection, { log2 }: Block): HTMLElement[] {
    const { cell, cube } = found;
    if (cube && cube.side > 1) return this.#cubeParts(found, cube, log2);
    const [name, text] = reading(found, log2);
    if (found.reading) return this.#readingParts(found);
    const slope = found.slopes === "captured" ? "|dL/dW|" : "gradient";
    const many = cell.count > 1 || log2 > 0;
    return [
      where(found, log2),
      h("p", { class: "value" }, text, name ? h("small", {}, name) : null),
      many
        ? table([
          ["lowest", number(cell.min)],
          ["highest", number(cell.max)],
          ["deviation", number(cell.variance === null ? null : Math.sqrt(cell.variance))],
          [slope, number(cell.gradient)],
          ["positive", share(cell.positive)],
          ["values", numbers.whole(cell.count)],
        ])
        : table([[slope, number(cell.gradient)]]),
    ];
  }

  /** Of a chart: what is drawn there, and the numbers that it is of. */
  #readingParts(found: Inspection): HTMLElement[] {
    const { cell } = found, [name, text] = reading(found, 0);
    return [
      where(found, 0),
      h("p", { class: "value" }, text, h("small", {}, name)),
      ...(cell.count > 1
        ? [table([["lowest", number(cell.min)], ["highest", number(cell.max)]])]
        : []),
    ];
  }

  /** Of what is drawn as one, though it is many cells: those figures, then the cell under the pin. */
  #cubeParts(found: Inspection, cube: NonNullable<Inspection["cube"]>, log2: number) {
    const { value, special, cell } = found;
    const [name, text] = reading(found, log2);
    const about = !cube.leaf
      ? "Several cubes: they are seen from nearer."
      : cube.count > 0
      ? `One cube: its cells differ by less than ${numbers.value(cube.epsilon)}.`
      : "One cube: none of its cells is finite.";
    return [
      where(found, log2),
      h("p", { class: "value" }, text, h("small", {}, name)),
      h("p", { class: "about" }, about),
      table([
        ["first cell", cube.corner.join(", ")],
        ["lowest", number(cube.min)],
        ["highest", number(cube.max)],
        ["deviation", number(cube.variance === null ? null : Math.sqrt(cube.variance))],
        ["values", numbers.whole(cube.count)],
        ["this cell", log2 > 0 ? null : special ?? number(value)],
        ["gradient", number(cell.gradient)],
      ]),
    ];
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
        `${scene.layer.kind} · ${summary.dtype} · ${numbers.shape(summary.shape)}`,
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
      table([
        ["values", numbers.whole(summary.count)],
        ["mean", number(summary.mean)],
        ["deviation", number(summary.variance === null ? null : Math.sqrt(summary.variance))],
        ["lowest", number(summary.min)],
        ["highest", number(summary.max)],
        ["L1 norm", number(summary.l1)],
        ["Frobenius norm", number(summary.frobenius)],
        ["spectral norm", number(summary.spectral_norm)],
        ["stable rank", number(summary.stable_rank)],
        ["effective rank", number(summary.effective_rank)],
        ["alpha", number(summary.alpha, summary.D, "D")],
        ["alpha, weighted", number(summary.alpha_weighted)],
        ["MP soft rank", number(summary.mp_softrank)],
        ["spikes", whole(summary.num_spikes, summary.num_rand_spikes, "shuffled")],
        ["distance from shuffled", number(summary.rand_distance)],
        ["zeros", share(summary.sparsity)],
        ["gradient norm", number(summary.gradient_norm)],
        ["gradient above zero", share(summary.gradient_sign_ratio)],
        ["NaN", summary.nan ? numbers.whole(summary.nan) : null],
        ["infinite", summary.inf ? numbers.whole(summary.inf) : null],
      ]),
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

  /** The colour that the map gives a value. */
  async #colors({ legend: { ramp } }: Scene): Promise<(value: number) => string> {
    const colors = ramp && (await colormaps()).get(ramp.colormap)?.colors;
    if (!ramp || !colors) return () => "var(--ink-soft)";
    return (value) => colorAt(colors, positionOf(ramp.stops, value), ramp.reverse);
  }
}

/** A number, and in brackets another that belongs to it. */
const number = (x: number | null, beside: number | null = null, name = "") =>
  x === null
    ? null
    : numbers.value(x) + (beside === null ? "" : ` (${name} ${numbers.value(beside, 2)})`);
const whole = (x: number | null, beside: number | null, name: string) =>
  x === null
    ? null
    : numbers.whole(x) + (beside === null ? "" : ` (${name} ${numbers.whole(beside)})`);
const share = (x: number | null) => x === null ? null : `${numbers.value(100 * x, 3)} %`;

function failure(error: unknown, again: () => void): HTMLElement {
  const text = error instanceof Error ? error.message : String(error);
  const button = h("button", { type: "button", class: "quiet text", onclick: again }, "Try again");
  return h("p", { class: "failure" }, text, button);
}

function table(rows: readonly (readonly [string, string | null])[]): HTMLElement {
  const known = rows.filter((row): row is [string, string] => row[1] !== null);
  return h(
    "dl",
    { class: "figures" },
    ...known.flatMap(([name, text]) => [h("dt", {}, name), h("dd", {}, text)]),
  );
}

/** What is told of in numbers: the layer, or what a mode draws of it that is not its weight. */
const drawnOf = ({ layer, tensor, subject }: Scene): string =>
  tensor === layer.tensor ? subject.layer : tensor;

/** Of attention, how widely each head looks, and what is left of what its second eigenvector tells. */
function headFigures(heads: NonNullable<Summary["attention"]>): (HTMLElement | null)[] {
  const chart = (title: string, values: readonly (number | null)[]) => {
    const known = values.filter((value) => value !== null);
    if (known.length < values.length) return null;
    const [lowest, highest] = [Math.min(...known), Math.max(...known)].map((x) => numbers.value(x));
    const range = lowest === highest ? lowest : `${lowest} to ${highest}`;
    return h(
      "figure",
      {},
      h("figcaption", {}, `${title}: ${range}`),
      known.length > 1 ? bars(known, `${title} of ${known.length} heads`) : null,
    );
  };
  return [
    chart("Mean entropy of a head's rows, in nats", heads.map(({ entropy }) => entropy)),
    chart(
      "Magnitude of its second eigenvalue",
      heads.map(({ eigenvalues }) => eigenvalues?.[1] ?? null),
    ),
  ];
}
