import {
  brickFirst,
  brickSize,
  rayBricks,
  rayChanging,
} from "../../../assembly/build/kernels.wasm";
import { BLOCK, type Occupancy, type RayVolume } from "../ray/ops.ts";
import type { Rays, Viewport } from "../ray/camera.ts";
import { seenFrom } from "../ray/seen.ts";
import { hueTable } from "../ray/transfer.ts";
import { frame, keep, place, release, scratch } from "./memory.ts";
import { layers } from "./occupancy.ts";

/** What kernels may read behind the last brick: a step of 8 voxels leads four samples out of it. */
const SLACK = 8192;

/** The bricks of a volume, each written when rays may first come to its block. */
export class Bricks {
  /** Of each block the address of its brick, 0 where it needs none. */
  readonly places: Uint32Array;
  readonly #bytes: Uint8Array;
  /** Addresses of the bricks that are not written. */
  readonly #missing: Uint32Array;
  #left: number;

  /** Throws `RangeError` where there is no room for all bricks. */
  constructor(private readonly volume: RayVolume, private readonly occupancy: Occupancy) {
    const size = brickSize(volume.channels);
    const needed = changing(occupancy);
    if (volume.channels === 4) occupancy.present.forEach((some, i) => needed[i]! |= some);
    this.#left = needed.reduce((sum, one) => sum + one, 0);
    this.#bytes = keep(this.#left * size + SLACK);
    let next = this.#bytes.byteOffset + brickFirst();
    this.places = Uint32Array.from(needed).map((one) => one ? (next += size) - size : 0);
    this.#missing = this.places.slice();
  }

  /** Writes those that rays of a rectangle may come to. */
  see(rays: Rays, viewport: Viewport): void {
    if (this.#left === 0) return;
    const { volume: { size: [x, y], channels }, occupancy: { blocks: [across, down] } } = this;
    const now = this.#seen(rays, viewport), area = across * down;
    const hues = Int16Array.from(hueTable(), (share) => Math.round(32767 * share));
    // Differences reach one voxel further than interpolation.
    layers(this.volume, 1, 2, (slices, depth, layer, before) => {
      const here = place(now.subarray(layer * area, (layer + 1) * area));
      rayBricks(slices, x, y, before, depth, channels, place(hues), here);
    }, (layer) => now.subarray(layer * area, (layer + 1) * area).some((place) => place > 0));
  }

  /** Addresses of what is to be written, which is missing no more. */
  #seen(rays: Rays, viewport: Viewport): Uint32Array {
    const seen = seenFrom(rays, viewport), now = new Uint32Array(this.#missing.length);
    const [across, down, deep] = this.occupancy.blocks, { spacing } = rays;
    // Of a block, and of the two voxels about it that interpolation and differences reach.
    const radius = Math.hypot(...spacing) * (BLOCK / 2 + 2);
    const middle = (block: number) => (block + 0.5) * BLOCK;
    for (let k = 0, row = 0; k < deep; k++) {
      for (let j = 0; j < down; j++, row += across) {
        const [least, most] = seen(middle(j), middle(k), radius);
        const from = Math.max(0, Math.ceil(least / BLOCK - 0.5));
        const to = Math.min(across, Math.floor(most / BLOCK + 0.5));
        if (from >= to) continue;
        now.set(this.#missing.subarray(row + from, row + to), row + from);
        this.#missing.fill(0, row + from, row + to);
      }
    }
    this.#left -= now.reduce((sum, address) => address > 0 ? sum + 1 : sum, 0);
    return now;
  }

  free(): void {
    release(this.#bytes);
  }
}

/** Which blocks have more than one value, or border on another value: gradients are 0 in the others. */
function changing({ min, max, blocks }: Occupancy): Uint8Array {
  return frame(() => {
    const needed = scratch(min.length);
    rayChanging(place(min), place(max), ...blocks, needed.byteOffset);
    return needed.slice();
  });
}
