import { DIRECTED } from "../field/volume/directions.ts";
import { coarseSides, type Sides } from "../field/volume/coarse.ts";
import type { Volume, VolumeAxes } from "../field/volume.ts";
import type { Tint } from "../modes/mode.ts";
import { SingleFlight } from "../storage/flight.ts";
import { LruCache } from "../storage/lru.ts";
import { inLanes } from "./lanes.ts";
import type { Stack } from "./stack.ts";

/** A volume of bytes, in shared memory: places on a ramp, x fastest, then y. */
export interface VoxelGrid {
  /** Names all that it follows from. */
  readonly key: string;
  readonly size: Sides;
  readonly channels: 1 | 4;
  readonly data: Uint8Array;
}

/** What a grid is filled from. */
export interface Filling {
  readonly stack: Stack;
  readonly axes: VolumeAxes | undefined;
  /** That of its tensors, folded by the axes. */
  readonly volume: Volume;
  /** log2 of the cells along each axis that a voxel is the mean of. */
  readonly log2: Sides;
  readonly tint: Tint;
  /** Of slices, where voxels have directions: see `directed`. */
  readonly weights: Uint8Array | null;
}

/** Bytes of grids that are kept. */
const KEPT = 96 << 20;
/** Cells that one job reads: some milliseconds of work. */
const PART = 1 << 22;

/** The volumes that rays marched through lately, and those being filled, each once. */
export class VoxelGrids {
  readonly #kept = new LruCache<VoxelGrid>(KEPT);
  readonly #flight = new SingleFlight<VoxelGrid>();

  /** `workers` is how many jobs are worked on at once. */
  constructor(private readonly workers: number) {}

  /** Throws what reading throws. */
  async of(filling: Filling, signal?: AbortSignal): Promise<VoxelGrid> {
    const { stack, axes, log2, tint, weights } = filling;
    const key = JSON.stringify([stack.id, axes ?? null, log2, tint, weights !== null]);
    const known = this.#kept.get(key);
    if (known) return known;
    return await this.#flight.run(key, async (signal) => {
      const grid = await this.#fill(filling, key, signal);
      this.#kept.set(key, grid, grid.data.length);
      return grid;
    }, signal);
  }

  async #fill(
    { stack, axes, volume, log2, tint, weights }: Filling,
    key: string,
    signal: AbortSignal,
  ): Promise<VoxelGrid> {
    const size = coarseSides(volume, log2);
    const [width, height, depth] = size;
    const channels = weights ? DIRECTED : 1;
    const bytes = new SharedArrayBuffer(width * height * depth * channels);
    const cells = volume.width * volume.height * 2 ** log2[2];
    const slices = Math.max(1, Math.floor(PART / cells));
    await inLanes(this.workers + 1, Math.ceil(depth / slices), async (i) => {
      const from = i * slices, to = Math.min(depth, from + slices);
      const work = { kind: "fill", axes, log2, tint, weights, from, to, bytes } as const;
      await stack.run(work, signal, "background");
    });
    return { key, size, channels, data: new Uint8Array(bytes) };
  }
}
