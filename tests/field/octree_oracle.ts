import type { MergeRule } from "../../src/compute/ops.ts";

/** A volume's cells, x fastest, then y. */
export interface Cells {
  readonly values: Float32Array;
  readonly sides: readonly [number, number, number];
}

/** A leaf, by its corner and level, and its cells. */
export interface OracleLeaf {
  readonly corner: readonly [number, number, number];
  readonly level: number;
  readonly values: readonly number[];
  readonly mean: number;
}

export const meanOf = (values: readonly number[]): number => {
  const finite = values.filter(Number.isFinite);
  return finite.reduce((sum, value) => sum + value, 0) / finite.length;
};

/** The values of a cube's cells, those that are in the volume. */
export function cubeOf(
  { values, sides }: Cells,
  corner: readonly number[],
  side: number,
): number[] {
  const cells: number[] = [];
  const [x, y, z] = corner as [number, number, number];
  for (let c = z; c < Math.min(z + side, sides[2]); c++) {
    for (let b = y; b < Math.min(y + side, sides[1]); b++) {
      const from = (c * sides[1] + b) * sides[0];
      cells.push(...values.subarray(from + x, from + Math.max(x, Math.min(x + side, sides[0]))));
    }
  }
  return cells;
}

/** All leaves of a volume's octree, straight from the rule: each node looks at all of its cells. */
export function leavesOf(cells: Cells, levels: number, rule: MergeRule): OracleLeaf[] {
  const { epsilon, tau = Infinity, kappa = 0 } = rule;
  const largest = cells.values.reduce(
    (most, value) => Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most,
    0,
  ) || 1;
  const isOne = (values: readonly number[]): boolean => {
    if (values.every(Number.isNaN)) return true;
    if (!values.every(Number.isFinite)) return false;
    const min = values.reduce((a, b) => Math.min(a, b));
    const max = values.reduce((a, b) => Math.max(a, b));
    const density = Math.max(Math.abs(min), Math.abs(max)) / largest;
    const mean = meanOf(values);
    const variance = meanOf(values.map((value) => (value - mean) ** 2));
    return max - min < epsilon / (1 + kappa * density) && variance < tau;
  };
  const visit = (corner: readonly [number, number, number], level: number): OracleLeaf[] => {
    const values = cubeOf(cells, corner, 2 ** level);
    if (values.length === 0) return [];
    const own = [{ corner, level, values, mean: level === 0 ? values[0]! : meanOf(values) }];
    if (level === 0) return own;
    const half = 2 ** (level - 1);
    const below = Array.from({ length: 8 }, (_, n) => {
      const [x, y, z] = corner;
      const at = [x + (n & 1) * half, y + (n >> 1 & 1) * half, z + (n >> 2) * half] as const;
      return visit(at, level - 1);
    });
    return below.every(({ length }) => length <= 1) && isOne(values) ? own : below.flat();
  };
  return visit([0, 0, 0], levels);
}
