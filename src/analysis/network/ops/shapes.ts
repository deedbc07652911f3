import { BadRequest } from "../../../errors.ts";
import { type Call, input, numberOf, numbersOf, only, type Op } from "../op.ts";
import { axisOf, sizeOf } from "../tensor.ts";

/** An operation that leaves elements as they are, in another shape. */
const reshaping = (shapeOf: (call: Call) => readonly number[]): Op => ({
  forward(call) {
    const { shape, values } = input(call, 0), own = shapeOf(call);
    if (sizeOf(own) === values.length) return [{ shape: own, values }];
    throw new BadRequest(`[${shape}] cannot become [${own}]`, { found: shape, expected: own });
  },
  vjp: (_, given) => only(given),
});

const same = reshaping((call) => input(call, 0).shape);

const flatten = reshaping((call) => {
  const { shape } = input(call, 0), axis = axisOf(numberOf(call, "axis", 1), shape.length);
  return [sizeOf(shape.slice(0, axis)), sizeOf(shape.slice(axis))];
});

const reshape = reshaping((call) => {
  const { shape, values } = input(call, 0), keepsZero = numberOf(call, "allowzero", 0) !== 0;
  const asked = call.inputs[1] ? [...call.inputs[1].values] : numbersOf(call, "shape") ?? [];
  const sides = asked.map((side, axis) => side === 0 && !keepsZero ? shape[axis] ?? 0 : side);
  const known = sizeOf(sides.filter((side) => side !== -1));
  return sides.map((side) => side === -1 ? values.length / known : side);
});

const axesOf = (call: Call, rank: number) =>
  (call.inputs[1] ? [...call.inputs[1].values] : numbersOf(call, "axes"))
    ?.map((axis) => axisOf(axis, rank));

const squeeze = reshaping((call) => {
  const { shape } = input(call, 0), axes = axesOf(call, shape.length);
  return shape.filter((side, axis) => axes ? !axes.includes(axis) : side !== 1);
});

const unsqueeze = reshaping((call) => {
  const { shape } = input(call, 0), count = axesOf(call, 0)?.length ?? 0;
  const rank = shape.length + count, axes = axesOf(call, rank) ?? [], rest = shape.values();
  return Array.from({ length: rank }, (_, axis) => axes.includes(axis) ? 1 : rest.next().value!);
});

/** Numbers of `TensorProto.DataType`. */
const FRACTIONS: readonly number[] = [1, 10, 11, 16], BOOL = 9;

/** Rounding to another type is left out, but that of fractions to whole numbers, towards 0. */
const cast: Op = {
  forward(call, { zeros }) {
    const { shape, values } = input(call, 0), to = numberOf(call, "to", 1);
    if (FRACTIONS.includes(to)) return [{ shape, values }];
    const out = zeros(values.length);
    for (let i = 0; i < out.length; i++) {
      out[i] = to === BOOL ? Number(values[i] !== 0) : Math.trunc(values[i]!);
    }
    return [{ shape, values: out }];
  },
  vjp(done, given, _, { zeros }) {
    const from = only(given);
    return FRACTIONS.includes(numberOf(done, "to", 1)) ? from : zeros(from.length);
  },
};

/** Sides, as numbers. */
const shape: Op = {
  forward(call, { zeros }) {
    const own = input(call, 0).shape,
      [start, end] = [
        numberOf(call, "start", 0),
        numberOf(call, "end", own.length),
      ];
    const sides = own.slice(start, end), values = zeros(sides.length);
    values.set(sides);
    return [{ shape: [sides.length], values }];
  },
};

const constantOfShape: Op = {
  forward(call, { zeros }) {
    const own = [...input(call, 0).values];
    return [{ shape: own, values: zeros(sizeOf(own)).fill(numberOf(call, "value", 0)) }];
  },
};

export const shapeOps: Readonly<Record<string, Op>> = {
  Identity: same,
  Dropout: same,
  Cast: cast,
  Flatten: flatten,
  Reshape: reshape,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Shape: shape,
  ConstantOfShape: constantOfShape,
};
