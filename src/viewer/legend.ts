import * as api from "./api.ts";
import type { Legend } from "./api.ts";
import { ColormapChooser } from "./chooser.ts";
import { control } from "./controls.ts";
import { byId, fill, h, refill, set, throttle } from "./dom.ts";
import { icon } from "./icons.ts";
import { cellsOf, curvesOf, moreOf, specialOf } from "./legend_more.ts";
import * as numbers from "./numbers.ts";
import { setArtistic, setOption } from "./options.ts";
import { colorAt, colormaps, positionOf, valueAt } from "./ramp.ts";
import type { Scene, Widget } from "./scene.ts";
import type { Store } from "./store.ts";

type Ramp = NonNullable<Legend["ramp"]>;

/** Characters of a tick for which there is room beside four others. */
const ROOM = 8;

/** What the colours mean, in numbers; its handles set the range, its switch the promise. */
export class LegendPanel implements Widget {
  readonly #root = byId("legend");
  readonly #title = h("h2");
  readonly #track = h("div", { class: "track" });
  readonly #ticks = h("div", { class: "ticks", "aria-hidden": "true" });
  readonly #words = h("p", { class: "about" });
  readonly #reset = h("button", {
    type: "button",
    class: "quiet",
    title: "Back to the mode's own range",
    "aria-label": "Back to the mode's own range",
    hidden: true,
    onclick: () => setOption(this.store, "range", null),
  }, icon("reset"));
  readonly #special = h("div", { class: "special" });
  readonly #channels = h("div", { class: "channels" });
  readonly #curves = h("ul", { class: "curves" });
  readonly #cells = h("ol");
  readonly #opened = h(
    "details",
    { class: "opened" },
    h("summary", {}, "Inside opened cells"),
    this.#cells,
  );
  readonly #more = h("div", { class: "more" });
  readonly #estimate = h("p", { class: "about", hidden: true });
  readonly #bars = h(
    "p",
    { class: "about bars-key", hidden: true },
    h("i"),
    "Norm of a branch, ‖W‖, against the largest",
  );
  readonly #switch = h("div", { class: "promise" });
  readonly #chooser: ColormapChooser;
  readonly #handles = [this.#handle("low"), this.#handle("high")] as const;
  #scene: Scene | null = null;
  #waiting = new AbortController();
  /** Values at the track's ends and between: the mode's own ramp, widened by the range that is set. */
  #stops: Ramp["stops"] = [];
  #range: readonly [number, number] | null = null;
  readonly #setRange = throttle(120, (range: readonly [number, number], done: boolean) => {
    setOption(this.store, "range", range.map((x) => Number(x.toPrecision(4))).join(","), done);
  });

  constructor(private readonly store: Store, private readonly report: (error: unknown) => void) {
    this.#chooser = new ColormapChooser(store);
    fill(
      this.#root,
      h("header", {}, h("div", {}, this.#title, this.#words), this.#switch),
      this.#track,
      this.#ticks,
      this.#bars,
      this.#more,
      this.#estimate,
      this.#channels,
      this.#curves,
      this.#opened,
      h("footer", {}, this.#chooser.element, this.#special, this.#reset),
    );
  }

  update(scene: Scene): void {
    this.#scene = scene;
    this.#waiting.abort();
    this.#waiting = new AbortController();
    const { legend } = scene;
    this.#title.textContent = legend.title;
    this.#words.textContent = legend.normalization;
    this.#words.title = legend.normalization;
    this.#promise(scene);
    this.#chooser.update(scene);
    fill(this.#special, ...specialOf(legend));
    this.showChannels();
    this.#curves.hidden = !legend.curves?.length;
    fill(this.#curves, ...curvesOf(legend));
    fill(this.#more, ...moreOf(legend));
    this.#showCells(legend).catch(this.report);
    for (const part of [this.#track, this.#ticks]) part.hidden = !legend.ramp;
    this.#reset.hidden = scene.subject.options.range === undefined;
    if (!legend.ramp) return;
    this.#load(scene, legend.ramp, this.#waiting.signal).catch((error) =>
      !api.isAbort(error) && this.report(error)
    );
  }

  /** Whether bars of branches stand on the map. */
  showBars(shown: boolean): void {
    this.#bars.hidden = !shown;
  }

  /** How much of the truth is seen; null where all of it is exact. */
  showEstimate(estimate: { share: number; error: number | null } | null): void {
    this.#estimate.hidden = estimate === null;
    if (!estimate) return;
    const error = estimate.error === null
      ? ""
      : `, ± ${numbers.value(estimate.error, 2)} of a scale (standard error)`;
    this.#estimate.textContent =
      `What you see is an estimate${error}; it sharpens as the model is read.`;
  }

  async #load({ subject }: Scene, ramp: Ramp, signal: AbortSignal): Promise<void> {
    const { range, ...own } = subject.options;
    const [base, maps] = await Promise.all([
      range ? api.legend({ ...subject, options: own }, signal) : null,
      colormaps(),
    ]);
    if (signal.aborted) return;
    this.#showRamp(ramp, base?.ramp ?? ramp, range, maps.get(ramp.colormap)?.colors ?? []);
  }

  #showRamp(ramp: Ramp, base: Ramp, range: string | undefined, colors: readonly string[]): void {
    const [low = NaN, high = NaN] = range?.split(",").map(Number) ?? [];
    this.#range = range ? [low, high] : null;
    this.#stops = range ? widened(base.stops, low, high) : base.stops;
    const steps = Array.from({ length: 65 }, (_, i) => i / 64);
    const painted = steps.map((share) => {
      const at = positionOf(ramp.stops, valueAt(this.#stops, share));
      return colorAt(colors, at, ramp.reverse);
    });
    this.#track.style.background = `linear-gradient(to right, ${painted.join(", ")})`;
    const ticks = [0, 0.3, 0.5, 0.7, 1].map((share) => ({
      share,
      text: numbers.value(valueAt(this.#stops, share), share * 2 % 1 === 0 ? 3 : 2),
    }));
    // Long numbers would lie on one another.
    const isTight = ticks.some(({ text }) => text.length > ROOM);
    fill(
      this.#ticks,
      ...ticks.filter(({ share }) => !isTight || share * 2 % 1 === 0)
        .map(({ share, text }) => h("span", { style: `left:${share * 100}%` }, text)),
    );
    const draggable = this.#scene!.mode.parameters.some(({ name }) => name === "range");
    fill(this.#track, ...(draggable ? this.#handles : []));
    this.#placeHandles();
  }

  #placeHandles(): void {
    const [low, high] = this.#ends();
    for (const [i, handle] of this.#handles.entries()) {
      const value = i === 0 ? low : high;
      handle.style.left = `${this.#share(value) * 100}%`;
      set(handle, "aria-valuenow", value);
      set(handle, "aria-valuetext", numbers.value(value));
      set(handle, "data-value", numbers.value(value, 3));
    }
  }

  #ends(): readonly [number, number] {
    return this.#range ?? [this.#stops[0]?.value ?? 0, this.#stops.at(-1)?.value ?? 1];
  }

  /** How far along the track a value lies: the inverse of `valueAt`. */
  #share(value: number): number {
    const even = this.#stops.map((stop, i, all) => ({
      ...stop,
      at: i / Math.max(1, all.length - 1),
    }));
    return positionOf(even, value);
  }

  #handle(end: "low" | "high"): HTMLElement {
    const handle = h("div", {
      class: "handle",
      role: "slider",
      tabindex: 0,
      "aria-label": `${end === "low" ? "Lowest" : "Highest"} value of the colour ramp`,
      onpointerdown: (event: PointerEvent) => {
        handle.setPointerCapture(event.pointerId);
        event.preventDefault();
        handle.focus();
      },
      onpointermove: (event: PointerEvent) => {
        if (!handle.hasPointerCapture(event.pointerId)) return;
        const { left, width } = this.#track.getBoundingClientRect();
        this.#drag(end, valueAt(this.#stops, (event.clientX - left) / width), false);
      },
      onlostpointercapture: () => this.#range && this.#setRange(this.#range, true),
      onkeydown: (event: KeyboardEvent) => {
        const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
        if (!step) return;
        event.preventDefault();
        event.stopPropagation();
        const share = this.#share(this.#ends()[end === "low" ? 0 : 1]);
        this.#drag(end, valueAt(this.#stops, share + step / 50), true);
      },
    });
    return handle;
  }

  #drag(end: "low" | "high", value: number, done: boolean): void {
    const [low, high] = this.#ends();
    const gap = (this.#stops.at(-1)!.value - this.#stops[0]!.value) / 500;
    this.#range = end === "low"
      ? [Math.min(value, high - gap), high]
      : [low, Math.max(value, low + gap)];
    this.#placeHandles();
    this.#setRange(this.#range, done);
  }

  #promise({ mode, subject }: Scene): void {
    const parameter = mode.parameters.find(({ name }) => name === "scientific");
    if (!parameter) {
      return fill(this.#switch, h("span", { class: "badge" }, "Scientific"));
    }
    const text = subject.options.scientific;
    const scientific = (text ?? (parameter.default ? "1" : "0")) !== "0";
    const choices = [["1", "Scientific"], ["0", "Artistic"]] as const;
    const part = control(
      {
        ...parameter,
        type: "choice",
        choices: choices.map(([, label]) => label),
        default: "Scientific",
      },
      scientific ? "Scientific" : "Artistic",
      (label) => setArtistic(this.store, mode, label === "Artistic"),
    );
    refill(this.#switch, part.querySelector(".segments")!);
    set(this.#switch, "title", parameter.about);
  }

  /** What the parts of an opened cell show. */
  async #showCells({ microcells = [] }: Legend): Promise<void> {
    this.#opened.hidden = microcells.length === 0;
    if (microcells.length === 0) return;
    const maps = await colormaps();
    this.#opened.style.setProperty("--side", String(Math.sqrt(microcells.length)));
    fill(this.#cells, ...cellsOf(microcells, maps));
  }

  /** Packed channels: pressing one shows it alone. */
  showChannels(): void {
    const { channels = [] } = this.#scene?.legend ?? {};
    const { channel: chosen } = this.store.state;
    this.#channels.hidden = channels.length === 0;
    fill(
      this.#channels,
      ...channels.map(({ name, channel, about }) =>
        h(
          "button",
          {
            type: "button",
            title: about,
            "aria-pressed": String(chosen === channel),
            onclick: () => this.store.set({ channel: chosen === channel ? null : channel }),
          },
          h("i", { class: `channel-${channel}` }, channel),
          h("span", {}, name),
          h("small", {}, about),
        )
      ),
    );
  }
}

/** Even stops over a ramp's values and the range that is set, whichever reaches further. */
function widened(stops: Ramp["stops"], low: number, high: number): Ramp["stops"] {
  const from = Math.min(stops[0]?.value ?? low, low);
  const to = Math.max(stops.at(-1)?.value ?? high, high);
  return [{ at: 0, value: from }, { at: 1, value: to }];
}
