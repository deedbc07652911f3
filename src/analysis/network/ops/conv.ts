import { BadRequest } from "../../../errors.ts";
import { type Call, constantOnly, input, numberOf, only, type Op } from "../op.ts";
import { type Arithmetic, matrix, type Numbers, sizeOf } from "../tensor.ts";
import { type Patches, patchesOf, shapeOf } from "./patches.ts";

/** Convolutions of sequences and pictures, as products with what the kernel sees at each place. */
export const conv: Op = {
  forward(call, arithmetic) {
    const { x, kernel, groups, inner, outer, patches, terms } = partsOf(call);
    const shape = shapeOf(patches, x.shape, groups * outer), { count } = patches;
    const values = arithmetic.zeros(sizeOf(shape)), bias = call.inputs[2]?.values;
    const columns = arithmetic.zeros(terms * count), [pictures = 0] = x.shape;
    const pixels = sizeOf(patches.from), product = { m: outer, n: count, k: terms };
    for (let part = 0; part < pictures * groups; part++) {
      const group = part % groups, at = part * outer * count;
      gather(x.values, part * inner * pixels, inner, patches, columns);
      for (let i = 0; bias && i < outer; i++) {
        values.fill(bias[group * outer + i]!, at + i * count, at + (i + 1) * count);
      }
      const rows = matrix(kernel.values, terms, group * outer * terms);
      const sums = { ...product, transposed: "none", alpha: 1, beta: 1 } as const;
      arithmetic.multiply(rows, matrix(columns, count), sums, matrix(values, count, at));
    }
    return [{ shape, values }];
  },

  vjp(done, given, which, arithmetic) {
    const { x, kernel, groups, inner, outer, patches, terms } = partsOf(done);
    if (which !== 0) throw constantOnly(which, "a convolution's kernel or bias");
    const from = only(given), { count } = patches, pixels = sizeOf(patches.from);
    const out = arithmetic.zeros(given.count * x.values.length);
    const columns = arithmetic.zeros(terms * count), parts = given.count * x.shape[0]! * groups;
    for (let part = 0; part < parts; part++) {
      const rows = matrix(kernel.values, terms, part % groups * outer * terms);
      const product = { m: terms, n: count, k: outer, transposed: "a", alpha: 1, beta: 0 } as const;
      const reached = matrix(from, count, part * outer * count);
      arithmetic.multiply(rows, reached, product, matrix(columns, count));
      scatter(columns, out, part * inner * pixels, inner, patches);
    }
    return out;
  },
};

function partsOf(call: Call) {
  const x = input(call, 0), kernel = input(call, 1), groups = numberOf(call, "group", 1);
  const [channels = 0, inner = 0, ...sides] = kernel.shape, outer = channels / groups;
  if (x.shape[1] !== inner * groups || !Number.isInteger(outer)) {
    throw new BadRequest(`kernels [${kernel.shape}] in ${groups} groups do not fit [${x.shape}]`, {
      ...{ found: x.shape, expected: inner * groups },
    });
  }
  const patches = patchesOf(call, x.shape, sides, "a convolution");
  return { x, kernel, groups, inner, outer, patches, terms: inner * patches.size };
}

/** What kernels see: a row for each of their elements, a column for each place. */
function gather(
  values: Numbers,
  start: number,
  channels: number,
  { pixels, from }: Patches,
  into: ReturnType<Arithmetic["zeros"]>,
): void {
  const size = sizeOf(from);
  for (let c = 0, at = 0; c < channels; c++) {
    const first = start + c * size;
    for (const pixel of pixels) into[at++] = pixel < 0 ? 0 : values[first + pixel]!;
  }
}

/** Adds each number to the pixel that it was seen at. */
function scatter(
  columns: Numbers,
  into: Numbers,
  start: number,
  channels: number,
  { pixels, from }: Patches,
): void {
  const size = sizeOf(from);
  for (let c = 0, at = 0; c < channels; c++) {
    const first = start + c * size;
    for (const pixel of pixels) {
      const value = columns[at++]!;
      if (pixel >= 0) into[first + pixel]! += value;
    }
  }
}
