import type { Deriver } from "./recipe.ts";

/** Elements read at once. */
const PART = 1 << 18;

/**
 * Means or population variances along some axes, of what is finite there, in float64; NaN where
 * nothing is. Variances in two passes (T. F. Chan et al., "Algorithms for Computing the Sample
 * Variance", 1983, equation 1.7).
 */
export const reduce: Deriver<"reduce"> = {
  shape: ({ axes }, from) => from.filter((_, axis) => !axes.includes(axis)),

  fill({ how, axes }, { shape, read }, into, { cancelled }) {
    const kept = shape.map((_, axis) => !axes.includes(axis));
    // Steps through the result for one step along each axis.
    const steps = new Array<number>(shape.length).fill(0);
    let size = 1;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (!kept[axis]) continue;
      steps[axis] = size;
      size *= shape[axis]!;
    }
    const count = new Float64Array(size), mean = new Float64Array(size);
    const each = (visit: (to: number, value: number) => void) => {
      const digits = new Array<number>(shape.length).fill(0);
      const count = shape.reduce((product, side) => product * side, 1);
      let to = 0;
      for (let from = 0; from < count; from += PART) {
        cancelled();
        for (const value of read(from, Math.min(PART, count - from))) {
          if (Number.isFinite(value)) visit(to, value);
          for (let axis = shape.length - 1; axis >= 0; axis--) {
            to += steps[axis]!;
            if (++digits[axis]! < shape[axis]!) break;
            to -= steps[axis]! * shape[axis]!;
            digits[axis] = 0;
          }
        }
      }
    };
    each((to, value) => {
      mean[to]! += value;
      count[to]!++;
    });
    for (let i = 0; i < size; i++) mean[i]! /= count[i]!; // 0 / 0 is NaN
    if (how === "mean") {
      into.set(mean);
      return {};
    }
    const squares = new Float64Array(size), rests = new Float64Array(size);
    each((to, value) => {
      const rest = value - mean[to]!;
      squares[to]! += rest * rest;
      rests[to]! += rest;
    });
    for (let i = 0; i < size; i++) {
      into[i] = (squares[i]! - rests[i]! * rests[i]! / count[i]!) / count[i]!;
    }
    return {};
  },
};
