import { BadRequest } from "../../../errors.ts";
import { input, only, type Op } from "../op.ts";
import { placesOf, sizeOf, stepsOf } from "../tensor.ts";

/** The shape that shapes become together, as NumPy has it. Throws `BadRequest` where they do not fit. */
export function joint(...shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map(({ length }) => length));
  return Array.from({ length: rank }, (_, axis) => {
    const sides = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1);
    const side = sides.find((side) => side !== 1) ?? 1;
    if (sides.every((other) => other === side || other === 1)) return side;
    throw new BadRequest(`shapes ${shapes.map((shape) => `[${shape}]`).join(" and ")} do not fit`, {
      found: shapes,
    });
  });
}

/** Where in a tensor of this shape each element of a larger one comes from. */
export function spread(shape: readonly number[], over: readonly number[]): Int32Array {
  const steps = stepsOf(shape), before = over.length - shape.length;
  const own = over.map((_, axis) => shape[axis - before] ?? 1);
  return placesOf(over, own.map((side, axis) => side === 1 ? 0 : steps[axis - before]!));
}

/** A function of two numbers and its derivatives by both; `y` is its value. */
interface Pair {
  readonly at: (a: number, b: number) => number;
  readonly slopes: readonly [
    (a: number, b: number, y: number) => number,
    (a: number, b: number, y: number) => number,
  ];
}

const pairs: Readonly<Record<string, Pair>> = {
  Add: { at: (a, b) => a + b, slopes: [() => 1, () => 1] },
  Sub: { at: (a, b) => a - b, slopes: [() => 1, () => -1] },
  Mul: { at: (a, b) => a * b, slopes: [(_, b) => b, (a) => a] },
  Div: { at: (a, b) => a / b, slopes: [(_, b) => 1 / b, (a, b) => -a / (b * b)] },
  Pow: {
    at: Math.pow,
    slopes: [
      (a, b) => b === 0 ? 0 : b * Math.pow(a, b - 1),
      (a, _, y) => a > 0 ? y * Math.log(a) : 0,
    ],
  },
  PRelu: {
    at: (a, b) => a < 0 ? a * b : a,
    slopes: [(a, b) => a < 0 ? b : 1, (a) => a < 0 ? a : 0],
  },
};

/** What is done to each two elements, of shapes that become one. */
const paired = ({ at, slopes }: Pair): Op => ({
  forward(call, { zeros }) {
    const a = input(call, 0), b = input(call, 1), shape = joint(a.shape, b.shape);
    const left = spread(a.shape, shape), right = spread(b.shape, shape);
    const values = zeros(sizeOf(shape));
    for (let i = 0; i < values.length; i++) {
      values[i] = at(a.values[left[i]!]!, b.values[right[i]!]!);
    }
    return [{ shape, values }];
  },
  vjp(done, given, which, { zeros }) {
    const a = input(done, 0), b = input(done, 1), [y] = done.outputs, from = only(given);
    const left = spread(a.shape, y!.shape), right = spread(b.shape, y!.shape);
    const to = which === 0 ? left : right, slope = slopes[which as 0 | 1];
    const size = (which === 0 ? a : b).values.length, count = y!.values.length;
    const slopesThere = zeros(count), out = zeros(given.count * size);
    for (let i = 0; i < count; i++) {
      slopesThere[i] = slope(a.values[left[i]!]!, b.values[right[i]!]!, y!.values[i]!);
    }
    for (let k = 0; k < given.count; k++) {
      for (let i = 0; i < count; i++) {
        out[k * size + to[i]!]! += from[k * count + i]! * slopesThere[i]!;
      }
    }
    return out;
  },
});

/** Takes elements of the second where the first is not 0, else of the third. */
const where: Op = {
  forward(call, { zeros }) {
    const tensors = [0, 1, 2].map((i) => input(call, i));
    const shape = joint(...tensors.map(({ shape }) => shape)), values = zeros(sizeOf(shape));
    const [condition, yes, no] = tensors.map((tensor) => spread(tensor.shape, shape));
    for (let i = 0; i < values.length; i++) {
      const holds = tensors[0]!.values[condition![i]!] !== 0;
      values[i] = holds ? tensors[1]!.values[yes![i]!]! : tensors[2]!.values[no![i]!]!;
    }
    return [{ shape, values }];
  },
  vjp(done, given, which, { zeros }) {
    const [y] = done.outputs, own = input(done, which), condition = input(done, 0);
    const count = y!.values.length, size = own.values.length, from = only(given);
    const chosen = spread(condition.shape, y!.shape), to = spread(own.shape, y!.shape);
    const out = zeros(given.count * size);
    if (which === 0) return out;
    for (let k = 0; k < given.count; k++) {
      for (let i = 0; i < count; i++) {
        const holds = condition.values[chosen[i]!] !== 0;
        if (holds === (which === 1)) out[k * size + to[i]!]! += from[k * count + i]!;
      }
    }
    return out;
  },
};

/** Comparisons, whose results change in jumps. */
const compared = (holds: (a: number, b: number) => boolean): Op => ({
  forward: paired({ at: (a, b) => Number(holds(a, b)), slopes: [() => 0, () => 0] }).forward,
});

export const broadcastOps: Readonly<Record<string, Op>> = {
  ...Object.fromEntries(Object.entries(pairs).map(([name, pair]) => [name, paired(pair)])),
  Where: where,
  Equal: compared((a, b) => a === b),
  Greater: compared((a, b) => a > b),
  Less: compared((a, b) => a < b),
};
