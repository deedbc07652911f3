import type { MergeRule } from "../compute/ops.ts";
import { TooLarge } from "../errors.ts";
import { joinOctree, type Octree } from "../field/octree.ts";
import { gridOf } from "../field/octree/grid.ts";
import type { BrickLists } from "../field/octree/lists.ts";
import type { Volume, VolumeAxes } from "../field/volume.ts";
import { SingleFlight } from "../storage/flight.ts";
import { LruCache } from "../storage/lru.ts";
import { inLanes } from "./lanes.ts";
import type { Stack } from "./stack.ts";

/** Bytes of octrees that are kept: more than a single one may take, or each tile would build it anew. */
const KEPT = 256 << 20;
const LARGEST = 240 << 20;
/** Bricks that one job merges: some milliseconds of work. */
const BRICKS = 8;

/** What an octree is merged from, and how. */
export interface Merging {
  readonly stack: Stack;
  readonly axes: VolumeAxes | undefined;
  /** That of its tensors, folded by the axes. */
  readonly volume: Volume;
  readonly rule: MergeRule;
}

/** The octrees that were drawn lately, and those being built, each once. */
export class Octrees {
  readonly #kept = new LruCache<Octree>(KEPT);
  readonly #flight = new SingleFlight<Octree>();

  /** `workers` is how many jobs are worked on at once. */
  constructor(private readonly workers: number) {}

  /** Throws `TooLarge`, and what reading throws. */
  async of(merging: Merging, signal?: AbortSignal): Promise<Octree> {
    const { stack, axes, rule } = merging;
    const key = JSON.stringify([stack.id, axes ?? null, rule]);
    const known = this.#kept.get(key);
    if (known) return known;
    return await this.#flight.run(key, async (signal) => {
      const octree = await this.#build(merging, signal);
      this.#kept.set(key, octree, octree.statistics.linearBytes);
      return octree;
    }, signal);
  }

  /** All workers merge bricks, some at a time. */
  async #build({ stack, axes, volume, rule }: Merging, signal: AbortSignal): Promise<Octree> {
    const grid = gridOf(volume.width, volume.height, volume.depth);
    const count = Math.ceil(grid.count / BRICKS);
    const parts: BrickLists[] = [];
    let bytes = 0;
    await inLanes(this.workers + 1, count, async (i) => {
      const from = i * BRICKS, to = Math.min(grid.count, from + BRICKS);
      const work = { kind: "merge", axes, rule, from, to } as const;
      const part = await stack.run<BrickLists>(work, signal, "background");
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
