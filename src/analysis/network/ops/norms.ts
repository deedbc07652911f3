import { type Call, constantOnly, input, numberOf, only, type Op } from "../op.ts";
import { axisOf, type Numbers, sizeOf } from "../tensor.ts";
import { spread } from "./broadcast.ts";

/** With the statistics of the training: a scale and a shift of each channel. */
const batchNormalization: Op = {
  forward(call, { zeros }) {
    const { shape, values } = input(call, 0), { scales, shifts, inner } = channelsOf(call);
    const out = zeros(values.length);
    for (let i = 0; i < out.length; i++) {
      const channel = Math.floor(i / inner) % scales.length;
      out[i] = scales[channel]! * values[i]! + shifts[channel]!;
    }
    return [{ shape, values: out }];
  },
  vjp(done, given, which, { zeros }) {
    if (which !== 0) throw constantOnly(which, "what a channel is scaled by");
    const { scales, inner } = channelsOf(done), from = only(given), out = zeros(from.length);
    for (let i = 0; i < out.length; i++) {
      out[i] = scales[Math.floor(i / inner) % scales.length]! * from[i]!;
    }
    return out;
  },
};

function channelsOf(call: Call) {
  const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((i) => input(call, i).values);
  const epsilon = numberOf(call, "epsilon", 1e-5), [, , ...space] = input(call, 0).shape;
  const scales = Float64Array.from(gamma!, (x, i) => x / Math.sqrt(variance![i]! + epsilon));
  const shifts = scales.map((scale, i) => beta![i]! - mean![i]! * scale);
  return { scales, shifts, inner: sizeOf(space) };
}

/** Each row less its mean, over its standard deviation, then scaled and shifted. */
const layerNormalization: Op = {
  forward(call, { zeros }) {
    const { shape, values } = input(call, 0), { row, gamma, beta, epsilon } = rowsOf(call);
    const out = zeros(values.length);
    for (let from = 0; from < out.length; from += row) {
      const { mean, factor } = momentsOf(values, from, row, epsilon);
      for (let i = 0; i < row; i++) {
        out[from + i] = (values[from + i]! - mean) * factor * gamma(i) + beta(i);
      }
    }
    return [{ shape, values: out }];
  },
  vjp(done, given, which, { zeros }) {
    if (which !== 0) throw constantOnly(which, "what a row is scaled by");
    const { values } = input(done, 0), { row, gamma, epsilon } = rowsOf(done);
    const from = only(given), out = zeros(from.length);
    for (let at = 0; at < out.length; at += row) {
      const of = (numbers: Numbers, start: number) => numbers.subarray(start, start + row);
      const own = of(values, at % values.length);
      pullRow(own, of(from, at), { gamma, epsilon }, of(out, at));
    }
    return out;
  },
};

function rowsOf(call: Call) {
  const { shape } = input(call, 0), axis = axisOf(numberOf(call, "axis", -1), shape.length);
  const sides = shape.slice(axis), [, gamma, beta] = call.inputs;
  const spreadOver = (tensor: typeof gamma, usual: number) => {
    if (!tensor) return () => usual;
    const places = spread(tensor.shape, sides);
    return (i: number) => tensor.values[places[i]!]!;
  };
  const epsilon = numberOf(call, "epsilon", 1e-5);
  return { row: sizeOf(sides), gamma: spreadOver(gamma, 1), beta: spreadOver(beta, 0), epsilon };
}

function momentsOf(values: Numbers, from: number, count: number, epsilon: number) {
  let sum = 0, squares = 0;
  for (let i = from; i < from + count; i++) sum += values[i]!;
  const mean = sum / count;
  for (let i = from; i < from + count; i++) squares += (values[i]! - mean) ** 2;
  return { mean, factor: 1 / Math.sqrt(squares / count + epsilon) };
}

/** Each channel of each picture less its mean, over its standard deviation, then scaled and shifted. */
const instanceNormalization: Op = {
  forward(call, { zeros }) {
    const { shape, values } = input(call, 0), { row, gamma, beta, epsilon } = picturesOf(call);
    const out = zeros(values.length);
    for (let from = 0; from < out.length; from += row) {
      const { mean, factor } = momentsOf(values, from, row, epsilon), scale = factor * gamma(from);
      for (let i = from; i < from + row; i++) out[i] = (values[i]! - mean) * scale + beta(from);
    }
    return [{ shape, values: out }];
  },
  vjp(done, given, which, { zeros }) {
    if (which !== 0) throw constantOnly(which, "what a channel is scaled by");
    const { values } = input(done, 0), { row, gamma, epsilon } = picturesOf(done);
    const from = only(given), out = zeros(from.length);
    for (let at = 0; at < out.length; at += row) {
      const of = (numbers: Numbers, start: number) => numbers.subarray(start, start + row);
      const start = at % values.length, scale = { gamma: () => gamma(start), epsilon };
      pullRow(of(values, start), of(from, at), scale, of(out, at));
    }
    return out;
  },
};

function picturesOf(call: Call) {
  const [, channels = 0, ...space] = input(call, 0).shape, row = sizeOf(space);
  const of = (i: number) => (at: number) => input(call, i).values[at / row % channels]!;
  return { row, gamma: of(1), beta: of(2), epsilon: numberOf(call, "epsilon", 1e-5) };
}

/** Cotangents of a row that was normalised and scaled, from those of what came of it. */
function pullRow(
  values: Numbers,
  given: Numbers,
  { gamma, epsilon }: { readonly gamma: (i: number) => number; readonly epsilon: number },
  out: Numbers,
): void {
  const count = values.length, { mean, factor } = momentsOf(values, 0, count, epsilon);
  let sum = 0, along = 0;
  for (let i = 0; i < count; i++) {
    const reached = gamma(i) * given[i]!;
    sum += reached;
    along += reached * (values[i]! - mean) * factor;
  }
  for (let i = 0; i < count; i++) {
    const normal = (values[i]! - mean) * factor;
    out[i] = factor * (gamma(i) * given[i]! - (sum + normal * along) / count);
  }
}

export const normOps: Readonly<Record<string, Op>> = {
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
  InstanceNormalization: instanceNormalization,
};
