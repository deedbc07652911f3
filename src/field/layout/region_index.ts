import type { Layout, Region } from "./regions.ts";

/** Rectangles on a canvas. */
interface Placed extends Pick<Layout, "width" | "height"> {
  readonly regions: readonly Pick<Region, "x" | "y" | "width" | "height">[];
}

/** Buckets a side, at most. */
const MOST = 512;

/** Finds the regions of a layout by place, without looking at all of them. */
export class RegionIndex {
  readonly #layout: Placed;
  /** Buckets a side; cells across and down one. */
  readonly #side: number;
  readonly #across: number;
  readonly #down: number;
  /** Regions by bucket, row by row: those of bucket b from `first[b]` to `first[b + 1]`. */
  readonly #first: Uint32Array;
  readonly #regions: Uint32Array;

  constructor(layout: Placed) {
    this.#layout = layout;
    const { width, height, regions } = layout;
    this.#side = Math.max(1, Math.min(MOST, Math.ceil(Math.sqrt(regions.length))));
    this.#across = Math.max(1, Math.ceil(width / this.#side));
    this.#down = Math.max(1, Math.ceil(height / this.#side));
    this.#first = new Uint32Array(this.#side * this.#side + 1);
    this.#everyBucket((bucket) => this.#first[bucket + 1]!++);
    for (let n = 1; n < this.#first.length; n++) this.#first[n]! += this.#first[n - 1]!;
    this.#regions = new Uint32Array(this.#first.at(-1)!);
    const next = this.#first.slice();
    this.#everyBucket((bucket, region) => this.#regions[next[bucket]!++] = region);
  }

  /** Indices of the regions that share a cell with the rectangle, each once, in no particular order. */
  meeting(x: number, y: number, width: number, height: number): number[] {
    const found: number[] = [];
    if (!(width > 0 && height > 0)) return found;
    const from = this.#bucketOf(x, y), to = this.#bucketOf(x + width - 1, y + height - 1);
    for (let row = from.row; row <= to.row; row++) {
      for (let column = from.column; column <= to.column; column++) {
        const bucket = row * this.#side + column;
        for (let n = this.#first[bucket]!; n < this.#first[bucket + 1]!; n++) {
          const index = this.#regions[n]!;
          const region = this.#layout.regions[index]!;
          const meets = region.x < x + width && x < region.x + region.width &&
            region.y < y + height && y < region.y + region.height;
          if (!meets) continue;
          // One that lies in several buckets is told by the first of them that was asked for.
          const first = this.#bucketOf(Math.max(x, region.x), Math.max(y, region.y));
          if (first.column === column && first.row === row) found.push(index);
        }
      }
    }
    return found;
  }

  /** Index of the region that a cell of the map lies in; −1 between regions and beyond the map. */
  at(x: number, y: number): number {
    return this.meeting(Math.floor(x), Math.floor(y), 1, 1)[0] ?? -1;
  }

  #bucketOf(x: number, y: number): { column: number; row: number } {
    const last = this.#side - 1;
    const clamp = (at: number) => Math.max(0, Math.min(last, Math.floor(at)));
    return { column: clamp(x / this.#across), row: clamp(y / this.#down) };
  }

  #everyBucket(visit: (bucket: number, region: number) => void): void {
    for (const [index, { x, y, width, height }] of this.#layout.regions.entries()) {
      const from = this.#bucketOf(x, y), to = this.#bucketOf(x + width - 1, y + height - 1);
      for (let row = from.row; row <= to.row; row++) {
        for (let column = from.column; column <= to.column; column++) {
          visit(row * this.#side + column, index);
        }
      }
    }
  }
}
