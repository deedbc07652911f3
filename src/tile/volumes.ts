import type { MergeRule } from "../compute/ops.ts";
import { NotFound, TooLarge } from "../errors.ts";
import { windowOf } from "../field/canvas.ts";
import { joinOctree, type Octree } from "../field/octree.ts";
import { gridOf } from "../field/octree/grid.ts";
import type { BrickLists } from "../field/octree/lists.ts";
import type { OctreeStatistics } from "../field/octree/statistics.ts";
import { nativeZoom, TILE } from "../field/plane.ts";
import { foldVolume, type Volume } from "../field/volume.ts";
import type { Layer, Model } from "../model/model.ts";
import type { Legend, VolumeMode } from "../modes/mode.ts";
import { canonicalQuery, parseOptions } from "../modes/options.ts";
import { SingleFlight } from "../storage/flight.ts";
import { LruCache } from "../storage/lru.ts";
import type { Job } from "./job.ts";
import { inLanes } from "./lanes.ts";
import type { LayerEntry } from "./layer_entry.ts";
import type { Layers } from "./layers.ts";
import type { Plan } from "./plans.ts";
import type { Rendered } from "./render.ts";
import type { Address, Inspection, View } from "./tile.ts";
import { findLayer } from "./view.ts";

/** A layer's 3-D grid opened for a mode. */
export interface VolumeView extends View {
  readonly layer: Layer;
  readonly mode: VolumeMode;
  /** The tensor, folded as it is unless another way is asked for: of it the scale is known. */
  readonly entry: LayerEntry;
  readonly volume: Volume;
}

/** How a layer's volume is merged; null where there is no such number. */
export interface LayerOctree extends Omit<OctreeStatistics, "mean" | "min" | "max"> {
  readonly tensor: string;
  /** Cells across, down and through. */
  readonly sides: readonly number[];
  /** Which tensor axes run along them, in words. */
  readonly axes: string;
  readonly mean: number | null;
  readonly min: number | null;
  readonly max: number | null;
}

export const isVolume = <V extends View>(view: V | VolumeView): view is VolumeView =>
  "volume" in view;

/** Bytes of octrees that are kept, and that a single one may take. */
const KEPT = 192 << 20;
const LARGEST = 256 << 20;
/** Bricks that one job merges: some milliseconds of work. */
const BRICKS = 8;

const facts = { facts: true, channels: false, pyramid: false };

/** The 3-D grids of layers, merged into octrees: those that were looked at lately are kept. */
export class Volumes {
  readonly #octrees = new LruCache<Octree>(KEPT);
  readonly #flight = new SingleFlight<Octree>();

  constructor(private readonly layers: Layers) {}

  /** The view of a layer or tensor. Throws `NotFound`, and `BadRequest` for the query. */
  view(model: Model, name: string, mode: VolumeMode, query: URLSearchParams): VolumeView {
    const { layer, tensor } = findLayer(model, name);
    const missing = mode.missing({ ...layer, main: tensor });
    if (missing) {
      const message = `mode "${mode.name}" cannot show "${tensor.name}": it needs ${missing}`;
      throw new NotFound(message, { mode: mode.name, layer: tensor.name, missing });
    }
    const options = parseOptions(mode, query, ["v"]);
    const volume = foldVolume(tensor, mode.axes(options));
    const { width, height } = mode.extent(options, volume);
    const native = nativeZoom(width, height);
    return {
      ...{ model, layer, mode, options, volume, tensor: tensor.name, against: null },
      query: canonicalQuery(mode, options),
      version: model.version,
      entry: this.layers.entry(model, tensor),
      plane: {
        ...{ width, height, tileSize: TILE, nativeZoom: native, minZoom: 0 },
        maxZoom: native + mode.overzoom,
        axes: { rows: [], columns: [], about: volume.described },
      },
    };
  }

  /** What a tile will be made of. */
  plan(view: VolumeView, { z, x, y, density, crop = false, format }: Address): Plan {
    const { entry, mode, options, query } = view;
    const axes = mode.axes(options);
    const window = windowOf(view.plane, { z, x, y, density, crop });
    return {
      content: entry.id,
      share: 1,
      draw: async (signal) => {
        const octree = await this.octree(view, signal);
        const { id: context } = entry;
        const job: Job = {
          ...{ kind: "slice", context, mode: mode.name, query, axes, octree, window, format },
        };
        return await this.layers.run<Rendered>(entry, job, signal);
      },
    };
  }

  async legend(view: VolumeView, signal?: AbortSignal): Promise<Legend> {
    await this.layers.ready(view.entry, facts, signal);
    return view.mode.legend(view.options, view.entry.facts!, view.volume);
  }

  /** What lies under a pixel at native zoom. */
  async inspect(view: VolumeView, x: number, y: number, signal?: AbortSignal): Promise<Inspection> {
    const { entry, mode, options, volume, plane: { width, height } } = view;
    const cell = mode.cellAt(options, volume, x, y);
    const job: Job = { kind: "voxel", context: entry.id, axes: mode.axes(options), cell };
    const isInside = x >= 0 && y >= 0 && x < width && y < height;
    const found = isInside && await this.layers.run<Inspection | null>(entry, job, signal);
    if (found) return found;
    throw new NotFound(`no element lies at (${x}, ${y}) of ${width} × ${height} cells`, {
      ...{ x, y, width, height },
    });
  }

  /** How the cells were merged, in numbers. */
  async statistics(view: VolumeView, signal?: AbortSignal): Promise<LayerOctree> {
    const { statistics, grid: { sides } } = await this.octree(view, signal);
    const { mean, min, max, ...others } = statistics;
    const known = (value: number) => Number.isFinite(value) ? value : null;
    return {
      ...{ tensor: view.tensor, sides, axes: view.volume.described, ...others },
      ...{ mean: known(mean), min: known(min), max: known(max) },
    };
  }

  /** The octree that a view is drawn from. Throws `TooLarge`, and what reading throws. */
  async octree(view: VolumeView, signal?: AbortSignal): Promise<Octree> {
    const { entry, mode, options, volume } = view;
    await this.layers.ready(entry, facts, signal);
    const rule = mode.rule(options, entry.facts!.scale);
    const key = JSON.stringify([entry.id, mode.axes(options) ?? null, rule]);
    const known = this.#octrees.get(key);
    if (known) return known;
    return await this.#flight.run(key, async (signal) => {
      const octree = await this.#build(view, volume, rule, signal);
      this.#octrees.set(key, octree, octree.statistics.linearBytes);
      return octree;
    }, signal);
  }

  /** All workers merge bricks, some at a time. */
  async #build(
    { entry, mode, options }: VolumeView,
    { width, height, depth }: Volume,
    rule: MergeRule,
    signal: AbortSignal,
  ): Promise<Octree> {
    const grid = gridOf(width, height, depth), axes = mode.axes(options);
    const count = Math.ceil(grid.count / BRICKS);
    const parts: BrickLists[] = [];
    let bytes = 0;
    await inLanes(this.layers.workers + 1, count, async (i) => {
      const from = i * BRICKS, to = Math.min(grid.count, from + BRICKS);
      const job: Job = { kind: "merge", context: entry.id, axes, rule, from, to };
      const part = await this.layers.run<BrickLists>(entry, job, signal, "background");
      parts[i] = part;
      bytes += part.bytes;
      if (bytes > LARGEST) {
        throw new TooLarge(
          `${to} of ${grid.count} bricks take ${bytes} bytes as an octree, the limit is ` +
            `${LARGEST}: a larger epsilon merges more`,
          { parameter: "epsilon", found: bytes, limit: LARGEST },
        );
      }
    });
    return joinOctree(grid, rule, parts);
  }
}
