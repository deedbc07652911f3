import type { Ops } from "../../compute/ops.ts";
import { BadRequest } from "../../errors.ts";
import { addSquares } from "../channels.ts";
import type { Deriver } from "./recipe.ts";

/** Elements read at once: as float32 they stay in a core's second-level cache. */
const PART = 1 << 17;

/**
 * Euclidean norms of all cells that share their places along some axes, in the order of these: of what
 * is finite there, summed in float64; NaN where nothing is. Relative ones are divided by the root of the
 * mean of their squares, unless that is 0: their `unit`, which notes tell.
 */
export const norms: Deriver<"norms"> = {
  shape({ along }, from) {
    if (along.length > 0 && along.every((axis) => axis < from.length)) {
      return along.map((axis) => from[axis]!);
    }
    throw new BadRequest(`norms along axes ${along} need a tensor that has them, found [${from}]`, {
      ...{ found: from, expected: along },
    });
  },

  fill({ along, relative }, { shape, read }, into, { ops, cancelled }) {
    const sums = new Sums(shape, along, ops);
    const count = shape.reduce((product, side) => product * side, 1);
    for (let from = 0; from < count; from += PART) {
      cancelled();
      ops.frame(() => {
        const part = Math.min(PART, count - from);
        const { buffer, byteOffset } = ops.scratch(4 * part);
        sums.add(read(from, part, new Float32Array(buffer, byteOffset, part)));
      });
    }
    const { squares, seen } = sums;
    const unit = relative ? rootMean(squares, seen) || 1 : 1;
    for (let i = 0; i < into.length; i++) {
      into[i] = seen[i] ? Math.sqrt(squares[i]!) / unit : NaN;
    }
    return relative ? { unit: [unit] } : {};
  },
};

/** Sums of squares of a stream of elements in row-major order. */
class Sums {
  readonly squares: Float64Array;
  /** 1 where anything finite was. */
  readonly seen: Uint8Array;
  readonly #shape: readonly number[];
  /** Steps through the sums for one step along each axis. */
  readonly #steps: readonly number[];
  /** Axes outside a run, which is what follows each other in one sum, or else along one axis. */
  readonly #outer: number;
  readonly #length: number;
  readonly #isOne: boolean;
  readonly #digits: number[];
  readonly #sum = new Float64Array(1);
  /** The sum that the run in hand begins with, and how much of it is done. */
  #to = 0;
  #done = 0;

  constructor(shape: readonly number[], along: readonly number[], private readonly ops: Ops) {
    const steps = new Array<number>(shape.length).fill(0);
    let size = 1;
    for (const axis of along.toReversed()) {
      steps[axis] = size;
      size *= shape[axis]!;
    }
    const inner = steps.findLastIndex((step) => step > 0);
    this.#isOne = inner < shape.length - 1;
    this.#outer = this.#isOne ? inner + 1 : inner;
    this.#length = shape.slice(this.#outer).reduce((product, side) => product * side, 1);
    this.#digits = new Array<number>(this.#outer).fill(0);
    [this.#shape, this.#steps] = [shape, steps];
    this.squares = new Float64Array(size);
    this.seen = new Uint8Array(size);
  }

  add(values: Float32Array): void {
    for (let i = 0; i < values.length;) {
      const run = values.subarray(i, i + this.#length - this.#done);
      if (this.#isOne) this.#addTogether(run);
      else this.#addApart(run);
      i += run.length;
      this.#done += run.length;
      if (this.#done === this.#length) this.#next();
    }
  }

  #addTogether(run: Float32Array): void {
    this.#sum[0] = 0;
    addSquares(run, 0, { count: 1, inner: run.length }, this.#sum, this.ops.sumSquares);
    const [sum = 0] = this.#sum;
    this.squares[this.#to]! += sum;
    if (sum > 0 || run.some(Number.isFinite)) this.seen[this.#to] = 1;
  }

  #addApart(run: Float32Array): void {
    const step = this.#steps[this.#outer]!;
    for (let i = 0, at = this.#to + this.#done * step; i < run.length; i++, at += step) {
      const square = run[i]! * run[i]!;
      if (square - square !== 0) continue;
      this.squares[at]! += square;
      this.seen[at] = 1;
    }
  }

  #next(): void {
    this.#done = 0;
    for (let axis = this.#outer - 1; axis >= 0; axis--) {
      this.#to += this.#steps[axis]!;
      if (++this.#digits[axis]! < this.#shape[axis]!) break;
      this.#to -= this.#steps[axis]! * this.#shape[axis]!;
      this.#digits[axis] = 0;
    }
  }
}

/** The root of the mean of those that were seen. */
function rootMean(squares: Float64Array, seen: Uint8Array): number {
  const count = seen.reduce((sum, one) => sum + one, 0);
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / Math.max(1, count));
}
