import type { Rect } from "../field/cells.ts";
import type { Layout } from "../field/layout.ts";
import type { Overview, OverviewLevel } from "./overview.ts";

/** Blocks a side of the finest grid that is held of a map: 12 bytes each. */
const SIDE = 2048;
/** log2 of smaller blocks, of which a map would hold a good part of the model itself. */
export const FINEST = 5;

/**
 * log2 of the cells a side of a block of the finest grid that is held of a whole map: at most as
 * coarse as the one that regions are aligned to, and not finer than memory allows.
 */
export function gridOf({ width, height, align }: Layout): number {
  const least = Math.ceil(Math.log2(Math.max(1, width, height) / SIDE));
  return Math.min(align, Math.max(FINEST, least));
}

/** The overview of a map of which nothing is known. */
export function emptyOverview(layout: Layout, absent: ReadonlySet<number>): Overview {
  const { width, height, planes } = layout;
  const grid = gridOf(layout);
  const slot = 2 ** grid;
  const levels: OverviewLevel[] = [];
  let across = Math.ceil(width / slot), down = Math.ceil(height / slot);
  for (;; across = Math.ceil(across / 2), down = Math.ceil(down / 2)) {
    const array = () => new SharedArrayBuffer(across * down * 4);
    levels.push({
      ...{ width: across, height: down },
      ...{ means: array(), counts: array(), owners: array() },
    });
    if (across * down <= 1) break;
  }
  // Down to the grid that regions are aligned to, each block is one region's alone.
  const aligned = levels.slice(0, layout.align - grid + 1);
  for (const [i, level] of aligned.entries()) ownAlone(level, slot * 2 ** i, layout, absent);
  shareOut(levels.slice(aligned.length - 1), planes.length);
  return { grid, levels };
}

/** Gives blocks to the planes whose regions they lie in, but for those that are absent. */
function ownAlone(
  { width, owners }: OverviewLevel,
  side: number,
  { regions }: Layout,
  absent: ReadonlySet<number>,
): void {
  const owner = new Int32Array(owners).fill(-1);
  for (const region of regions) {
    if (absent.has(region.plane)) continue;
    const across = Math.ceil(region.width / side), left = region.x / side;
    for (let y = region.y / side; y < Math.ceil((region.y + region.height) / side); y++) {
      owner.fill(region.plane, y * width + left, y * width + left + across);
    }
  }
}

/** Gives each block of the levels further out to the plane that has most of its blocks of the first. */
function shareOut(levels: readonly OverviewLevel[], planes: number): void {
  const { width, height, owners } = levels[0]!;
  const first = new Int32Array(owners);
  const counts = new Uint32Array(planes);
  for (let i = 1; i < levels.length; i++) {
    const level = levels[i]!, owner = new Int32Array(level.owners), side = 2 ** i;
    for (let y = 0, at = 0; y < level.height; y++) {
      for (let x = 0; x < level.width; x++, at++) {
        const right = Math.min((x + 1) * side, width), bottom = Math.min((y + 1) * side, height);
        owner[at] = most(first, width, x * side, y * side, right, bottom, counts);
      }
    }
  }
}

function most(
  owners: Int32Array,
  pitch: number,
  left: number,
  top: number,
  right: number,
  bottom: number,
  counts: Uint32Array,
): number {
  let best = -1;
  const each = (visit: (plane: number) => void) => {
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) {
        const plane = owners[y * pitch + x]!;
        if (plane >= 0) visit(plane);
      }
    }
  };
  each((plane) => {
    counts[plane]!++;
    if (best < 0 || counts[plane]! > counts[best]!) best = plane;
  });
  each((plane) => counts[plane] = 0);
  return best;
}

/**
 * Merges means and counts of every level from the one before, where blocks of the first level within
 * `changed` have a part: exactly, but for float32's rounding.
 */
export function mergeAround(levels: readonly OverviewLevel[], changed: Rect): void {
  let { x, y } = changed;
  let right = x + changed.width, bottom = y + changed.height;
  for (let i = 1; i < levels.length; i++) {
    x >>= 1;
    y >>= 1;
    right = (right + 1) >> 1;
    bottom = (bottom + 1) >> 1;
    const below = levels[i - 1]!, level = levels[i]!;
    const [from, counts] = [new Float32Array(below.means), new Uint32Array(below.counts)];
    const [into, sums] = [new Float32Array(level.means), new Uint32Array(level.counts)];
    for (let row = y; row < bottom; row++) {
      for (let column = x; column < right; column++) {
        let count = 0, sum = 0;
        const endY = Math.min(2 * row + 2, below.height),
          endX = Math.min(2 * column + 2, below.width);
        for (let v = 2 * row; v < endY; v++) {
          for (let u = 2 * column; u < endX; u++) {
            const n = counts[v * below.width + u]!;
            if (n === 0) continue;
            count += n;
            sum += n * from[v * below.width + u]!;
          }
        }
        into[row * level.width + column] = sum / count;
        sums[row * level.width + column] = count;
      }
    }
  }
}
