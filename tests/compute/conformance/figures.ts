import { assert } from "@std/assert";
import type { BlockStats, Bordered } from "../../../src/compute/ops.ts";

/** What a block's statistics are, in float64, straight from their definitions. */
export interface Figures {
  count: number;
  mean: number;
  m2: number;
  min: number;
  max: number;
  gradient: number;
  positive: number;
  zero: number;
  nan: number;
  infinite: number;
}

/** The block whose top left cell is (x0, y0), by brute force. */
export function measure(cells: Bordered, x0: number, y0: number, block: number): Figures {
  const pitch = cells.width + 2;
  const all: { value: number; slope: number }[] = [];
  for (let y = y0; y < Math.min(y0 + block, cells.height); y++) {
    for (let x = x0; x < Math.min(x0 + block, cells.width); x++) {
      const at = (dx: number, dy: number) => cells.values[(y + 1 + dy) * pitch + x + 1 + dx]!;
      const slope = Math.hypot((at(1, 0) - at(-1, 0)) / 2, (at(0, 1) - at(0, -1)) / 2);
      all.push({ value: at(0, 0), slope: Number.isFinite(slope) ? slope : 0 });
    }
  }
  const finite = all.filter(({ value }) => Number.isFinite(value));
  const values = finite.map(({ value }) => value);
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  return {
    count,
    mean,
    m2: values.reduce((sum, value) => sum + (value - mean) ** 2, 0),
    min: count > 0 ? values.reduce((a, b) => Math.min(a, b)) : NaN,
    max: count > 0 ? values.reduce((a, b) => Math.max(a, b)) : NaN,
    gradient: finite.reduce((sum, { slope }) => sum + slope, 0),
    positive: values.filter((value) => value > 0).length,
    zero: values.filter((value) => value === 0).length,
    nan: all.filter(({ value }) => Number.isNaN(value)).length,
    infinite: all.length - count - all.filter(({ value }) => Number.isNaN(value)).length,
  };
}

/**
 * Holds block `at` to what it should be: counts, minimum and maximum exactly, the others within a
 * relative 1e-5, that of the mean counted from the larger of the mean and the deviation.
 */
export function assertFigures(stats: BlockStats, at: number, want: Figures, where: string): void {
  const exact = ["count", "positive", "zero", "nan", "infinite", "min", "max"] as const;
  for (const name of exact) {
    const got = stats[name][at]!;
    const same = got === want[name] || (Number.isNaN(got) && Number.isNaN(want[name]));
    assert(same, `${where}: ${name} is ${got} instead of ${want[name]}`);
  }
  const deviation = Math.sqrt(want.m2 / want.count);
  close(stats.mean[at]!, want.mean, Math.max(Math.abs(want.mean), deviation), `${where}: mean`);
  close(stats.m2[at]!, want.m2, want.m2, `${where}: m2`);
  // Slopes whose squares underflow may be lost where all cells are zero: 1e-22 a cell.
  const slope = want.gradient + (want.zero === want.count ? 1e-17 * want.count : 0);
  close(stats.gradient[at]!, want.gradient, slope, `${where}: gradient`);
}

function close(got: number, want: number, size: number, what: string): void {
  if (Number.isNaN(want)) return assert(Number.isNaN(got), `${what} is ${got} instead of NaN`);
  if (got === Math.fround(want)) return;
  // Beside the relative error, a few units of the smallest subnormal.
  const off = Math.abs(got - want);
  assert(off <= 1e-5 * size + 1e-42, `${what} is ${got} instead of ${want}, off by ${off / size}`);
}
