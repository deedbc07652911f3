import { BRICK_LEVELS } from "../../compute/ops.ts";

/** How a volume is cut into bricks, and those into nodes. */
export interface BrickGrid {
  /** Cells of the volume, along x, y, z. */
  readonly sides: Sides;
  /** The root is a cube of 2^`levels` cells a side… */
  readonly levels: number;
  /** …a brick one of 2^`brickLevels`. */
  readonly brickLevels: number;
  /** Bricks along x, y, z: those at the far sides hold the cells that exist. */
  readonly bricks: Sides;
  readonly count: number;
}

/** Numbers along x, y, z. */
export type Sides = readonly [number, number, number];

/** A box of cells. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly width: number;
  readonly height: number;
  readonly depth: number;
}

/** Bricks of 64 cells a side, or one that holds all of a volume that is smaller. */
export function gridOf(width: number, height: number, depth: number): BrickGrid {
  const sides = [width, height, depth] as const;
  const [least, most] = BRICK_LEVELS;
  const largest = Math.max(...sides);
  const levels = Math.max(least, largest > 0 ? Math.ceil(Math.log2(largest)) : 0);
  const brickLevels = Math.min(levels, most);
  const across = (side: number) =>
    largest > 0 && !sides.includes(0) ? Math.ceil(side / 2 ** brickLevels) : 0;
  const bricks = [across(width), across(height), across(depth)] as const;
  return { sides, levels, brickLevels, bricks, count: bricks[0] * bricks[1] * bricks[2] };
}

/** The places of a grid's bricks, in Morton order: x in the lowest bit, then y, then z. */
export function mortonOrder({ levels, brickLevels, bricks }: BrickGrid): Sides[] {
  const order: Sides[] = [];
  const visit = (x: number, y: number, z: number, size: number): void => {
    if (x >= bricks[0] || y >= bricks[1] || z >= bricks[2]) return;
    if (size === 1) {
      order.push([x, y, z]);
      return;
    }
    const half = size / 2;
    for (let n = 0; n < 8; n++) {
      visit(x + (n & 1) * half, y + (n >> 1 & 1) * half, z + (n >> 2) * half, half);
    }
  };
  visit(0, 0, 0, 2 ** (levels - brickLevels));
  return order;
}

/** The cells of the brick at this place. */
export function boxOf({ sides, brickLevels }: BrickGrid, place: Sides): Box {
  const side = 2 ** brickLevels;
  const [x, y, z] = place.map((at) => at * side) as [number, number, number];
  const [width, height, depth] = [x, y, z].map((from, axis) => Math.min(side, sides[axis]! - from));
  return { x, y, z, width: width!, height: height!, depth: depth! };
}
