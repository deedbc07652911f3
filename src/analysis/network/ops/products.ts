import { BadRequest } from "../../../errors.ts";
import { type Call, input, numberOf, only, type Op } from "../op.ts";
import { type Arithmetic, matrix, type Numbers, placesOf, sizeOf, stepsOf } from "../tensor.ts";
import { joint, spread } from "./broadcast.ts";

/** α·A·B + β·C, A and B transposed first or not. */
const gemm: Op = {
  forward(call, arithmetic) {
    const { m, n, k, a, b, alpha, beta } = sidesOf(call), values = arithmetic.zeros(m * n);
    const [, , added] = call.inputs;
    if (added) {
      const from = spread(added.shape, [m, n]);
      for (let i = 0; i < values.length; i++) values[i] = beta * added.values[from[i]!]!;
    }
    multiply(arithmetic, a, b, { m, n, k, alpha, beta: 1 }, values);
    return [{ shape: [m, n], values }];
  },
  vjp(done, given, which, arithmetic) {
    const { m, n, k, a, b, alpha, beta } = sidesOf(done), from = only(given), { count } = given;
    if (which === 2) {
      const to = spread(input(done, 2).shape, [m, n]), size = input(done, 2).values.length;
      const out = arithmetic.zeros(count * size);
      for (let i = 0; i < from.length; i++) {
        const one = Math.floor(i / (m * n));
        out[one * size + to[i % (m * n)]!]! += beta * from[i]!;
      }
      return out;
    }
    const out = arithmetic.zeros(count * (which === 0 ? m * k : k * n));
    if (which === 0 && !a.transposed) {
      // All cotangents at once: rows of one matrix.
      const back = { ...b, transposed: !b.transposed };
      const rows = { values: from, pitch: n, transposed: false };
      multiply(arithmetic, rows, back, { m: count * m, n: k, k: n, alpha, beta: 0 }, out);
      return out;
    }
    for (let one = 0; one < count; one++) {
      const given = { values: from.subarray(one * m * n, (one + 1) * m * n), pitch: n };
      const size = out.length / count, into = out.subarray(one * size, (one + 1) * size);
      const rows = { ...given, transposed: false }, columns = { ...given, transposed: true };
      const flip = (side: Side) => ({ ...side, transposed: !side.transposed });
      if (which === 0) multiply(arithmetic, b, columns, { m: k, n: m, k: n, alpha, beta: 0 }, into);
      else if (!b.transposed) {
        multiply(arithmetic, flip(a), rows, { m: k, n, k: m, alpha, beta: 0 }, into);
      } else multiply(arithmetic, columns, a, { m: n, n: k, k: m, alpha, beta: 0 }, into);
    }
    return out;
  },
};

/** A matrix as it is stored, and whether it is meant transposed. */
interface Side {
  readonly values: Numbers;
  readonly pitch: number;
  readonly transposed: boolean;
}

interface Sizes {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly alpha: number;
  readonly beta: number;
}

/** The kernels take one transposed matrix at most: of two, the first is written out. */
function multiply(arithmetic: Arithmetic, a: Side, b: Side, sizes: Sizes, into: Numbers): void {
  const { m, n, k } = sizes;
  const left = a.transposed && b.transposed ? written(arithmetic, a, m, k) : a;
  const transposed = left.transposed ? "a" : b.transposed ? "b" : "none";
  const [first, second] = [matrix(left.values, left.pitch), matrix(b.values, b.pitch)];
  arithmetic.multiply(first, second, { ...sizes, transposed }, matrix(into, n));
}

function written({ zeros }: Arithmetic, { values, pitch }: Side, m: number, k: number): Side {
  const out = zeros(m * k);
  for (let i = 0; i < m; i++) for (let j = 0; j < k; j++) out[i * k + j] = values[j * pitch + i]!;
  return { values: out, pitch: k, transposed: false };
}

function sidesOf(call: Call) {
  const a = input(call, 0), b = input(call, 1);
  const [transA, transB] = [numberOf(call, "transA", 0) !== 0, numberOf(call, "transB", 0) !== 0];
  const [rows = 0, columns = 0] = a.shape, [down = 0, across = 0] = b.shape;
  const [m, k] = transA ? [columns, rows] : [rows, columns];
  const [terms, n] = transB ? [across, down] : [down, across];
  if (a.shape.length !== 2 || b.shape.length !== 2 || terms !== k) throw unfit(a.shape, b.shape);
  return {
    ...{ m, n, k, alpha: numberOf(call, "alpha", 1), beta: numberOf(call, "beta", 1) },
    a: { values: a.values, pitch: columns, transposed: transA },
    b: { values: b.values, pitch: across, transposed: transB },
  };
}

const unfit = (a: readonly number[], b: readonly number[]) =>
  new BadRequest(`matrices [${a}] and [${b}] cannot be multiplied`, { found: [a, b] });

/** Products of stacks of matrices, as NumPy's `matmul` has them. */
const matMul: Op = {
  forward(call, arithmetic) {
    const { m, n, k, stack, a, b, shape } = stacksOf(call),
      values = arithmetic.zeros(sizeOf(shape));
    const product = { m, n, k, transposed: "none", alpha: 1, beta: 0 } as const;
    for (let i = 0; i < stack; i++) {
      const left = matrix(a.values, k, a.starts[i]), right = matrix(b.values, n, b.starts[i]);
      arithmetic.multiply(left, right, product, matrix(values, n, i * m * n));
    }
    return [{ shape, values }];
  },
  vjp(done, given, which, arithmetic) {
    const { m, n, k, stack, a, b } = stacksOf(done), from = only(given), { count } = given;
    const own = which === 0 ? a : b, size = own.values.length, out = arithmetic.zeros(count * size);
    if (which === 0 && b.values.length === k * n) {
      const rows = count * stack * m;
      const product = { m: rows, n: k, k: n, transposed: "b", alpha: 1, beta: 0 } as const;
      if (a.values.length === stack * m * k) {
        arithmetic.multiply(matrix(from, n), matrix(b.values, n), product, matrix(out, k));
        return out;
      }
    }
    for (let one = 0; one < count; one++) {
      for (let i = 0; i < stack; i++) {
        const rows = matrix(from, n, (one * stack + i) * m * n);
        const into = matrix(out, which === 0 ? k : n, one * size + own.starts[i]!);
        const factors = { alpha: 1, beta: 1 };
        if (which === 0) {
          const product = { m, n: k, k: n, transposed: "b", ...factors } as const;
          arithmetic.multiply(rows, matrix(b.values, n, b.starts[i]), product, into);
        } else {
          const product = { m: k, n, k: m, transposed: "a", ...factors } as const;
          arithmetic.multiply(matrix(a.values, k, a.starts[i]), rows, product, into);
        }
      }
    }
    return out;
  },
};

function stacksOf(call: Call) {
  const a = input(call, 0), b = input(call, 1);
  const left = a.shape.length === 1 ? [1, ...a.shape] : a.shape;
  const right = b.shape.length === 1 ? [...b.shape, 1] : b.shape;
  const [m = 0, k = 0] = left.slice(-2), [terms, n = 0] = right.slice(-2);
  if (left.length < 2 || right.length < 2 || terms !== k) throw unfit(a.shape, b.shape);
  const outer = joint(left.slice(0, -2), right.slice(0, -2));
  const startsOf = (shape: readonly number[]) => {
    const around = shape.slice(0, -2),
      steps = stepsOf(shape),
      before = outer.length - around.length;
    const own = outer.map((_, axis) =>
      (around[axis - before] ?? 1) === 1 ? 0 : steps[axis - before]!
    );
    return placesOf(outer, own);
  };
  const kept = [...(a.shape.length === 1 ? [] : [m]), ...(b.shape.length === 1 ? [] : [n])];
  return {
    ...{ m, n, k, stack: sizeOf(outer), shape: [...outer, ...kept] },
    a: { values: a.values, starts: startsOf(left) },
    b: { values: b.values, starts: startsOf(right) },
  };
}

export const productOps: Readonly<Record<string, Op>> = { Gemm: gemm, MatMul: matMul };
