import type { Cube } from "../field/octree/cube.ts";
import type { Inspection } from "./tile.ts";

/**
 * What is known of a cell, or of the first one of a pixel of 2^`log2` cells a side, with the cube that
 * is drawn there.
 */
export function withCube(found: Inspection, cube: Cube, log2: number): Inspection {
  const { corner, level, isLeaf, epsilon, count, mean, variance, min, max } = cube;
  const known = (value: number) => count > 0 ? value : null;
  const told = {
    ...{ mean: known(mean), variance: known(variance), min: known(min), max: known(max), count },
  };
  return {
    ...found,
    ...(log2 > 0 ? { cell: { ...told, gradient: null, positive: null } } : {}),
    cube: { corner, side: 2 ** level, leaf: isLeaf, ...told, epsilon },
  };
}
