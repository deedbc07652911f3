import { joinScales } from "../analysis/join_scales.ts";
import type { Scale } from "../analysis/scale.ts";
import type { Slots } from "./record.ts";
import { type Layout, RegionIndex } from "../field/layout.ts";
import type { MapMode, Options } from "../modes/mode.ts";
import { type Overview, TINT, type Tints } from "./overview.ts";
import { emptyOverview, FINEST, gridOf, mergeAround } from "./overview_grid.ts";
import type { Survey } from "./survey.ts";

/** How well a plane of the map is known. */
type Knowledge = "nothing" | "estimate" | "all" | "unreadable";

/**
 * The map of a model: where its tensors lie, and what is known of them at its coarser zooms. Planes
 * that are `absent` have their places and nothing in them.
 */
export class Atlas {
  readonly index: RegionIndex;
  readonly overview: Overview;
  readonly #known: Knowledge[];
  readonly #scales: (Scale | null)[];
  /** Regions of each plane. */
  readonly #regions: number[][];
  /** Counts what was put in, so that pictures of other states have other tags. */
  #revision = 0;
  #all: { readonly revision: number; readonly scale: Scale } | null = null;
  #tints: { readonly key: string; readonly tints: Tints } | null = null;

  constructor(readonly layout: Layout, readonly absent: ReadonlySet<number> = new Set()) {
    const { planes, regions } = layout;
    this.index = new RegionIndex(layout);
    this.overview = emptyOverview(layout, absent);
    this.#known = planes.map((_, i) => absent.has(i) ? "all" : "nothing");
    this.#scales = planes.map(() => null);
    this.#regions = planes.map(() => []);
    for (const [i, { plane }] of regions.entries()) this.#regions[plane]!.push(i);
  }

  /** log2 of the smallest blocks that pictures are made of as the overview holds them. */
  get overviewFrom(): number {
    // Finer ones that are of one layer each are drawn as its mode does: with infinities, for one.
    return Math.max(this.overview.grid, Math.min(FINEST, this.layout.align + 1));
  }

  get revision(): number {
    return this.#revision;
  }

  known(plane: number): Knowledge {
    return this.#known[plane]!;
  }

  scale(plane: number): Scale | null {
    return this.#scales[plane]!;
  }

  /** Share of the cells of these regions, or of all, that all is known of; absent ones do not count. */
  share(regions: Iterable<number> = this.layout.regions.keys()): number {
    let known = 0, all = 0;
    for (const i of regions) {
      const { plane, width, height } = this.layout.regions[i]!;
      if (this.absent.has(plane)) continue;
      if (this.#known[plane] === "all") known += width * height;
      all += width * height;
    }
    return all === 0 ? 1 : known / all;
  }

  /** The scale of all planes together, as far as theirs are known. */
  scaleOfAll(): Scale {
    if (this.#all?.revision !== this.#revision) {
      const scales = this.#scales.flatMap((scale) => scale ?? []);
      this.#all = { revision: this.#revision, scale: joinScales(scales) };
    }
    return this.#all.scale;
  }

  /** Takes the figures of a plane's blocks on the grid of the overview. */
  put(plane: number, slots: Slots, scale: Scale): void {
    this.#place(plane, slots);
    this.#note(plane, "all", scale);
  }

  /** Takes what a first look at a plane told, unless more is known of it already. */
  estimate(plane: number, survey: Survey): void {
    if (this.#known[plane] !== "nothing") return;
    this.#place(plane, spread(survey, this.layout, plane));
    this.#note(plane, "estimate", survey.scale);
  }

  /** Notes that a plane cannot be read: its blocks are no numbers, unless they are estimated. */
  fail(plane: number): void {
    if (this.#known[plane] === "all") return;
    if (this.#known[plane] === "nothing") this.#place(plane, unknown(this.layout, plane));
    this.#known[plane] = "unreadable";
    this.#revision++;
  }

  /** Whether there are planes that cannot be read. */
  get isLacking(): boolean {
    return this.#known.includes("unreadable");
  }

  /** How each plane's blocks are coloured, where their scales are known. */
  tints(mode: MapMode, options: Options, query: string, shared: Scale | null): Tints {
    const key = `${mode.name}?${query} ${this.#revision}`;
    if (this.#tints?.key === key) return this.#tints.tints;
    const { planes } = this.layout;
    const table = new SharedArrayBuffer(planes.length * TINT * 8);
    const numbers = new Float64Array(table);
    let curve: Tints["curve"] = "linear";
    for (let plane = 0; plane < planes.length; plane++) {
      const scale = shared ?? this.#scales[plane];
      if (!scale) continue;
      const { shade, clamp } = mode.shade(options, scale);
      curve = shade.curve;
      const [low, high] = clamp ?? [-Infinity, Infinity];
      numbers.set([shade.center, shade.scale, shade.gain, low, high], plane * TINT);
    }
    const tints: Tints = {
      curve,
      colormap: String(options.colormap),
      reverse: Boolean(options.colormap_reverse),
      table,
    };
    this.#tints = { key, tints };
    return tints;
  }

  #note(plane: number, known: Knowledge, scale: Scale): void {
    this.#known[plane] = known;
    this.#scales[plane] = scale;
    this.#revision++;
  }

  #place(plane: number, { mean, count, width: pitch }: Slots): void {
    const { regions } = this.layout;
    const slot = 2 ** this.overview.grid;
    const first = this.overview.levels[0]!;
    const means = new Float32Array(first.means), counts = new Uint32Array(first.counts);
    for (const i of this.#regions[plane]!) {
      const { x, y, left, top, width, height } = regions[i]!;
      const across = Math.ceil(width / slot);
      for (let row = 0; row * slot < height; row++) {
        const from = (top / slot + row) * pitch + left / slot;
        const to = (y / slot + row) * first.width + x / slot;
        means.set(mean.subarray(from, from + across), to);
        counts.set(count.subarray(from, from + across), to);
      }
      const down = Math.ceil(height / slot);
      mergeAround(this.overview.levels, { x: x / slot, y: y / slot, width: across, height: down });
    }
  }
}

/** The blocks of a plane of which nothing is known. */
function unknown(layout: Layout, plane: number): Slots {
  const { width, height } = layout.planes[plane]!.plane;
  const slot = 2 ** gridOf(layout);
  const across = Math.ceil(width / slot), blocks = across * Math.ceil(height / slot);
  return {
    width: across,
    mean: new Float32Array(blocks).fill(NaN),
    count: new Uint32Array(blocks),
  };
}

/** Estimated means, each for all blocks of the finer or equal grid within it. */
function spread({ log2, means }: Survey, layout: Layout, plane: number): Slots {
  const { planes } = layout, grid = gridOf(layout);
  const { width: cellsAcross, height: cellsDown } = planes[plane]!.plane;
  const slot = 2 ** grid;
  const width = Math.ceil(cellsAcross / slot), height = Math.ceil(cellsDown / slot);
  const mean = new Float32Array(width * height), count = new Uint32Array(width * height);
  const ratio = 2 ** (log2 - grid), pitch = Math.ceil(cellsAcross / 2 ** log2);
  for (let y = 0, at = 0; y < height; y++) {
    const down = Math.min(slot, cellsDown - y * slot);
    for (let x = 0; x < width; x++, at++) {
      mean[at] = means[Math.floor(y / ratio) * pitch + Math.floor(x / ratio)]!;
      if (!Number.isNaN(mean[at])) count[at] = down * Math.min(slot, cellsAcross - x * slot);
    }
  }
  return { width, mean, count };
}
