import { NotFound } from "../errors.ts";
import { windowOf } from "../field/canvas.ts";
import type { Octree } from "../field/octree.ts";
import type { OctreeStatistics } from "../field/octree/statistics.ts";
import { cubeAt } from "../field/octree/cube.ts";
import { nativeZoom, TILE } from "../field/plane.ts";
import type { Sides } from "../field/volume/coarse.ts";
import { capturedAxes, type Volume, type VolumeAxes, volumeOf } from "../field/volume.ts";
import type { Layer, Model } from "../model/model.ts";
import type { Found } from "../model/views.ts";
import type { Legend } from "../modes/mode.ts";
import type { Cell, OctreeMode, VolumeMode, VoxelMode } from "../modes/solid_mode.ts";
import { canonicalQuery, parseOptions } from "../modes/options.ts";
import { type Backend, type Backends, GpuFailed } from "./backends.ts";
import { type Body, bodyOf, brickOf, checkBrick, type Detail } from "./body.ts";
import { withCube } from "./cube.ts";
import type { Layers } from "./layers.ts";
import { Octrees } from "./octrees.ts";
import type { Plan } from "./plans.ts";
import { drawOnGpu, drawOnWasm, type March } from "./ray_tiles.ts";
import type { Rendered } from "./render.ts";
import { Stack } from "./stack.ts";
import { isStackable, stackOf } from "./stack_option.ts";
import type { Address, Inspection, View } from "./tile.ts";
import { findLayer } from "./view.ts";
import { type VoxelGrid, VoxelGrids } from "./voxel_grids.ts";

/** A layer's 3-D grid opened for a mode. */
export interface VolumeView extends View {
  readonly layer: Layer;
  readonly mode: VolumeMode;
  /** Its tensors, each folded as it is unless another way is asked for: of them scales are known. */
  readonly parts: Stack;
  /** How they are folded; undefined where it is as they are unless another way is asked for. */
  readonly axes: VolumeAxes | undefined;
  readonly volume: Volume;
}

/** How a layer's volume is merged; null where there is no such number. */
export interface LayerOctree extends Omit<OctreeStatistics, "mean" | "min" | "max"> {
  readonly tensor: string;
  /** The tensors of a stack, in the order in which they lie through it. */
  readonly stack?: readonly string[];
  /** Cells across, down and through. */
  readonly sides: readonly number[];
  /** Which tensor axes run along them, in words. */
  readonly axes: string;
  readonly mean: number | null;
  readonly min: number | null;
  readonly max: number | null;
}

type VoxelView = VolumeView & { readonly mode: VoxelMode };

export const isVolume = <V extends View>(view: V | VolumeView): view is VolumeView =>
  "volume" in view;

/** A view of a 3-D grid. Throws `NotFound` that says what another one lacks. */
export function solidOf(view: View, lacks: string): VolumeView {
  if (isVolume(view)) return view;
  throw new NotFound(`mode "${view.mode.name}" draws no ${lacks}`, { mode: view.mode.name });
}

function voxelsOf(view: VolumeView): VoxelView {
  const { mode } = view;
  if (mode.solid === "voxels") return { ...view, mode };
  throw new NotFound(`mode "${mode.name}" draws no voxels`, { mode: mode.name });
}

const facts = { facts: true, channels: "none", pyramid: false } as const;

/** The 3-D grids of layers, as octrees or as bytes for rays. */
export class Volumes {
  readonly #octrees: Octrees;
  readonly #voxels: VoxelGrids;

  constructor(private readonly layers: Layers, private readonly backends: Backends) {
    this.#octrees = new Octrees(layers.workers);
    this.#voxels = new VoxelGrids(layers.workers);
  }

  /** The view of a layer or tensor. Throws `NotFound`, and `BadRequest` for the query. */
  view(model: Model, name: string, mode: VolumeMode, query: URLSearchParams): VolumeView {
    const found = findLayer(model, name), { layer, tensor } = found;
    const missing = mode.missing({ ...layer, main: tensor });
    if (missing) {
      const message = `mode "${mode.name}" cannot show "${tensor.name}": it needs ${missing}`;
      throw new NotFound(message, { mode: mode.name, layer: tensor.name, missing });
    }
    const options = parseOptions(mode, query, ["v", "step"]);
    const tensors = stackOf(model, found, options.stack as string | null);
    const axes = mode.axes(options) ?? (tensors.length > 1 ? undefined : usualAxes(found));
    const volume = volumeOf(tensors, axes);
    const { width, height } = mode.extent(options, volume);
    const native = nativeZoom(width, height);
    return {
      ...{ model, layer, mode, options, volume, axes, tensor: tensor.name, against: null },
      query: canonicalQuery(mode, options),
      version: model.version,
      parts: new Stack(this.layers, tensors.map((tensor) => this.layers.entry(model, tensor))),
      ...(tensors.length > 1 ? { stack: tensors.map(({ name }) => name) } : {}),
      idle: isStackable(model, found) ? [] : ["stack"],
      ranges: mode.ranges?.(options, volume) ?? {},
      plane: {
        ...{ width, height, tileSize: TILE, nativeZoom: native, minZoom: 0 },
        maxZoom: native + mode.overzoom,
        axes: { rows: [], columns: [], about: volume.described },
      },
    };
  }

  /** What a tile will be made of. */
  plan(view: VolumeView, address: Address): Plan {
    const { mode } = view;
    if (mode.solid === "voxels") {
      return this.#rays({ ...view, mode }, address, this.backends.current);
    }
    const { parts } = view;
    const { z, x, y, density, crop = false, format } = address;
    const window = windowOf(view.plane, { z, x, y, density, crop });
    return {
      content: parts.id,
      share: 1,
      draw: async (signal) => {
        const octree = await this.octree({ ...view, mode }, signal);
        const { query } = view, { scale } = parts.whole;
        const looks = { mode: mode.name, query, scale, octree, window, format };
        return await parts.run<Rendered>({ kind: "slice", ...looks }, signal);
      },
    };
  }

  /** A tile of rays. Backends agree closely, but not to the bit: it names the one it is drawn with. */
  #rays(view: VoxelView, address: Address, backend: Backend): Plan {
    const { parts } = view;
    return {
      content: `${parts.id} ${backend}`,
      share: 1,
      headers: { "Synaptile-Backend": backend },
      draw: async (signal) => {
        const march = await this.#march(view, address, signal);
        if (backend === "gpu") return await drawOnGpu(this.backends, parts, march, signal);
        const drawn = await drawOnWasm(this.layers.idle, parts, march, signal);
        // Not before: where there are few cores, it would take one from the first picture.
        this.backends.ask().catch(() => {}); // which a choice of "gpu" was told at the start
        return drawn;
      },
      instead: (error) => error instanceof GpuFailed ? this.#rays(view, address, "wasm") : null,
    };
  }

  async #march(
    view: VoxelView,
    { z, x, y, density, crop = false, format }: Address,
    signal: AbortSignal,
  ): Promise<March> {
    const { mode, options, volume, plane } = view;
    const { width, height } = windowOf(plane, { z, x, y, density, crop });
    const size = TILE * 2 ** z * density, tile = Math.min(size, TILE * density);
    const grid = await this.#grid(view, mode.levelAt(options, volume, z + density - 1), signal);
    const spacing = mode.spacing(options, volume, grid.size);
    const look = mode.look(options, { size, x: x * tile, y: y * tile, width, height });
    return {
      ...{ kind: "march", key: `${grid.key} ${spacing}`, format, view: look },
      volume: { size: grid.size, channels: grid.channels, data: grid.data, spacing },
      ...{ columns: width, rows: height },
    };
  }

  /** The voxels of a view, each of 2^`log2` cells along each axis. */
  async #grid(
    { parts, mode, options, axes, volume }: VoxelView,
    log2: Sides,
    signal: AbortSignal | undefined,
  ): Promise<VoxelGrid> {
    const channels = mode.needsChannels(options, volume);
    await parts.ready({ ...facts, channels }, signal);
    const tint = mode.tint(options, parts.whole);
    const weights = mode.weights(options, parts.facts, volume, log2[2]);
    return await this.#voxels.of({ stack: parts, axes, volume, log2, tint, weights }, signal);
  }

  /** What there is of a view's volume to be fetched. Throws `NotFound` where none is drawn. */
  body(view: VolumeView, detail: Detail): Body {
    return bodyOf(voxelsOf(view), detail);
  }

  /** The voxels of a brick. Throws `NotFound` where there is none, and what reading throws. */
  async brick(
    view: VolumeView,
    body: Body,
    brick: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer>> {
    checkBrick(body, brick);
    const { data } = await this.#grid(voxelsOf(view), body.log2, signal);
    return brickOf(body, data, brick);
  }

  async legend(view: VolumeView, signal?: AbortSignal): Promise<Legend> {
    await view.parts.ready(facts, signal);
    return view.mode.legend(view.options, view.parts.whole, view.volume);
  }

  /** What lies under a pixel of 2^`log2` cells a side. Throws `NotFound` where no cell or cube does. */
  async inspect(
    view: VolumeView,
    x: number,
    y: number,
    log2: number,
    signal?: AbortSignal,
  ): Promise<Inspection> {
    const { parts, mode, options, axes, volume, plane: { width, height } } = view;
    if (mode.solid !== "octree") {
      throw new NotFound(`a pixel of mode "${mode.name}" is no single cell`, { mode: mode.name });
    }
    const side = 2 ** log2;
    const [a, b, c] = mode.cellAt(options, volume, x * side, y * side).map((at) => at - at % side);
    const cell: Cell = [a!, b!, c!];
    const work = { kind: "voxel", axes, cell } as const;
    const isInside = x >= 0 && y >= 0 && x * side < width && y * side < height;
    const found = isInside && await parts.run<Inspection | null>(work, signal);
    if (found) {
      const octree = await this.octree({ ...view, mode }, signal);
      return withCube(found, cubeAt(octree, ...cell, log2), log2);
    }
    const cells = log2 > 0 ? `cells, ${side} a pixel` : "cells";
    throw new NotFound(`no element lies at (${x}, ${y}) of ${width} × ${height} ${cells}`, {
      ...{ x, y, width, height },
    });
  }

  /** How the cells were merged, in numbers. Throws `NotFound` where nothing is merged. */
  async statistics(view: VolumeView, signal?: AbortSignal): Promise<LayerOctree> {
    const { mode, tensor, stack, volume } = view;
    if (mode.solid !== "octree") {
      throw new NotFound(`mode "${mode.name}" draws no octree`, { mode: mode.name });
    }
    const { statistics, grid: { sides } } = await this.octree({ ...view, mode }, signal);
    const { mean, min, max, ...others } = statistics;
    const known = (value: number) => Number.isFinite(value) ? value : null;
    return {
      ...{ tensor, ...(stack ? { stack } : {}), sides, axes: volume.described, ...others },
      ...{ mean: known(mean), min: known(min), max: known(max) },
    };
  }

  /** The octree that a view is drawn from. Throws `TooLarge`, and what reading throws. */
  async octree(
    { parts, mode, options, axes, volume }: VolumeView & { readonly mode: OctreeMode },
    signal?: AbortSignal,
  ): Promise<Octree> {
    await parts.ready(facts, signal);
    const rule = mode.rule(options, parts.whole.scale);
    const merging = { stack: parts, axes, volume, rule };
    return await this.#octrees.of(merging, signal);
  }
}

/** How a tensor is folded that was captured, unless another way is asked for. */
function usualAxes({ layer, tensor }: Found): VolumeAxes | undefined {
  const captured = layer.captured.find((one) => one.tensor === tensor);
  return captured && capturedAxes(captured.kind, tensor);
}
