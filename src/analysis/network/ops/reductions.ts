import { BadRequest } from "../../../errors.ts";
import { type Call, input, numberOf, numbersOf, only, type Op } from "../op.ts";
import { axisOf, placesOf, sizeOf, stepsOf } from "../tensor.ts";

/** Shares that are positive and sum to 1 along an axis, or their logarithms. */
const softmax = (isLog: boolean): Op => ({
  forward(call, { zeros }) {
    const { shape, values } = input(call, 0), out = zeros(values.length);
    eachLine(call, out.length, (from, step, count) => {
      let most = -Infinity, sum = 0;
      for (let i = 0; i < count; i++) most = Math.max(most, values[from + i * step]!);
      for (let i = 0; i < count; i++) sum += Math.exp(values[from + i * step]! - most);
      for (let i = 0; i < count; i++) {
        const at = from + i * step, x = values[at]! - most;
        out[at] = isLog ? x - Math.log(sum) : Math.exp(x) / sum;
      }
    });
    return [{ shape, values: out }];
  },
  vjp(done, given, _, { zeros }) {
    const { values: y } = done.outputs[0]!, from = only(given), out = zeros(from.length);
    eachLine(done, out.length, (first, step, count) => {
      let sum = 0;
      for (let i = 0; i < count; i++) {
        const at = first + i * step;
        sum += isLog ? from[at]! : from[at]! * y[at % y.length]!;
      }
      for (let i = 0; i < count; i++) {
        const at = first + i * step, share = y[at % y.length]!;
        out[at] = isLog ? from[at]! - Math.exp(share) * sum : share * (from[at]! - sum);
      }
    });
    return out;
  },
});

function eachLine(
  call: Call,
  total: number,
  visit: (from: number, step: number, count: number) => void,
): void {
  const { shape } = input(call, 0), axis = axisOf(numberOf(call, "axis", -1), shape.length);
  // Before version 13 of ONNX's operations lines go on to the end.
  const isFlat = numberOf(call, "flattens", 0) !== 0;
  const count = isFlat ? sizeOf(shape.slice(axis)) : shape[axis] ?? 1;
  const step = isFlat ? 1 : stepsOf(shape)[axis] ?? 1;
  for (let outer = 0; outer < total; outer += count * step) {
    for (let inner = 0; inner < step; inner++) visit(outer + inner, step, count);
  }
}

/** Sums or means along axes. */
const reduction = (isMean: boolean): Op => ({
  forward(call, { zeros }) {
    const { values } = input(call, 0), { to, size, shape, share } = reducedOf(call, isMean);
    const sums = new Float64Array(size), out = zeros(size);
    for (let i = 0; i < values.length; i++) sums[to[i]!]! += values[i]!;
    for (let i = 0; i < size; i++) out[i] = share * sums[i]!;
    return [{ shape, values: out }];
  },
  vjp(done, given, which, { zeros }) {
    if (which !== 0) throw new BadRequest("axes have to be constant");
    const { values } = input(done, 0), { to, size, share } = reducedOf(done, isMean);
    const from = only(given), out = zeros(given.count * values.length);
    for (let k = 0; k < given.count; k++) {
      const at = k * values.length;
      for (let i = 0; i < values.length; i++) out[at + i] = share * from[k * size + to[i]!]!;
    }
    return out;
  },
});

function reducedOf(call: Call, isMean: boolean) {
  const { shape, values } = input(call, 0), [, given] = call.inputs;
  const named = given ? [...given.values] : numbersOf(call, "axes") ?? [];
  const none = named.length === 0 && numberOf(call, "noop_with_empty_axes", 0) !== 0;
  const axes = named.length === 0 && !none
    ? [...shape.keys()]
    : named.map((axis) => axisOf(axis, shape.length));
  const kept = shape.map((side, axis) => axes.includes(axis) ? 1 : side);
  const steps = stepsOf(kept).map((step, axis) => kept[axis] === 1 ? 0 : step);
  const keeps = numberOf(call, "keepdims", 1) !== 0, size = sizeOf(kept);
  return {
    ...{ to: placesOf(shape, steps), size, share: isMean ? size / values.length : 1 },
    shape: keeps ? kept : kept.filter((_, axis) => !axes.includes(axis)),
  };
}

export const reductionOps: Readonly<Record<string, Op>> = {
  Softmax: softmax(false),
  LogSoftmax: softmax(true),
  ReduceMean: reduction(true),
  ReduceSum: reduction(false),
};
