import { BadRequest } from "../../../errors.ts";
import { type Call, constantOnly, input, numberOf, numbersOf, only, type Op } from "../op.ts";
import { axisOf, held, placesOf, sizeOf, stepsOf } from "../tensor.ts";
import { joint, spread } from "./broadcast.ts";

/** A tensor made of elements of another. */
interface Picked {
  readonly shape: readonly number[];
  /** Where each of its elements lies in the other; below 0 for those that are `fill`. */
  readonly places: Int32Array;
  readonly fill?: number;
}

/** An operation that only picks elements of its first input. */
const picking = (pick: (call: Call) => readonly Picked[]): Op => ({
  forward(call, { zeros }) {
    const { values } = input(call, 0);
    return pick(call).map(({ shape, places, fill = 0 }) => {
      const out = zeros(places.length);
      for (let i = 0; i < out.length; i++) out[i] = places[i]! < 0 ? fill : values[places[i]!]!;
      return { shape, values: out };
    });
  },
  vjp(done, given, which, { zeros }) {
    if (which !== 0) throw constantOnly(which, "which elements are taken");
    const size = input(done, 0).values.length, out = zeros(given.count * size);
    for (const [o, { places }] of pick(done).entries()) {
      const from = given.of[o];
      if (!from) continue;
      for (let k = 0; k < given.count; k++) {
        for (let i = 0; i < places.length; i++) {
          if (places[i]! >= 0) out[k * size + places[i]!]! += from[k * places.length + i]!;
        }
      }
    }
    return out;
  },
});

const transpose = picking((call) => {
  const { shape } = input(call, 0), steps = stepsOf(shape);
  const order = numbersOf(call, "perm") ?? [...shape.keys()].reverse();
  const own = order.map((axis) => shape[axis]!);
  return [{ shape: own, places: placesOf(own, order.map((axis) => steps[axis]!)) }];
});

/** Numbers that are an input, or before that was one, an attribute. */
const listOf = (call: Call, i: number, name: string): readonly number[] | undefined => {
  const given = call.inputs[i];
  return given ? [...given.values] : numbersOf(call, name);
};

const slice = picking((call) => {
  const { shape } = input(call, 0), steps = stepsOf(shape);
  const starts = listOf(call, 1, "starts") ?? [], ends = listOf(call, 2, "ends") ?? [];
  const axes = listOf(call, 3, "axes") ?? [...starts.keys()];
  const strides = listOf(call, 4, "steps") ?? starts.map(() => 1);
  const own = [...shape];
  let first = 0;
  for (const [i, given] of axes.entries()) {
    const axis = axisOf(given, shape.length), side = shape[axis]!, stride = strides[i]!;
    const [low, high] = stride > 0 ? [0, side] : [-1, side - 1];
    const within = (at: number) => Math.max(low, Math.min(high, at < 0 ? at + side : at));
    const start = Math.max(0, Math.min(high, starts[i]! < 0 ? starts[i]! + side : starts[i]!));
    const end = within(ends[i]!);
    own[axis] = Math.max(0, Math.ceil((end - start) / stride));
    first += start * steps[axis]!;
    steps[axis]! *= stride;
  }
  return [{ shape: own, places: placesOf(own, steps, first) }];
});

const gather = picking((call) => {
  const { shape } = input(call, 0), chosen = input(call, 1), steps = stepsOf(shape);
  const axis = axisOf(numberOf(call, "axis", 0), shape.length);
  const [outer, inner] = [shape.slice(0, axis), shape.slice(axis + 1)];
  const own = [...outer, ...chosen.shape, ...inner];
  const places = new Int32Array(held(sizeOf(own))), width = sizeOf(inner), side = shape[axis]!;
  let at = 0;
  for (let i = 0; i < sizeOf(outer); i++) {
    for (const index of chosen.values) {
      const from = (i * side + axisOf(index, side)) * steps[axis]!;
      for (let j = 0; j < width; j++) places[at++] = from + j;
    }
  }
  return [{ shape: own, places }];
});

const split = picking((call) => {
  const { shape } = input(call, 0), axis = axisOf(numberOf(call, "axis", 0), shape.length);
  const side = shape[axis]!, count = numberOf(call, "num_outputs", 0) || call.count || 1;
  const even = Math.ceil(side / count);
  const sides = listOf(call, 1, "split") ??
    Array.from({ length: count }, (_, i) => Math.min(even, side - i * even));
  let from = 0;
  return sides.map((own) => {
    const part = shape.with(axis, own), steps = stepsOf(shape);
    const places = placesOf(part, steps, from * steps[axis]!);
    from += own;
    return { shape: part, places };
  });
});

const expand = picking((call) => {
  const { shape } = input(call, 0), own = joint(shape, [...input(call, 1).values]);
  return [{ shape: own, places: spread(shape, own) }];
});

const pad = picking((call) => {
  const { shape } = input(call, 0), steps = stepsOf(shape), rank = shape.length;
  if ((call.attributes["mode"] ?? "constant") !== "constant") {
    throw new BadRequest(`padding by ${call.attributes["mode"]} is not there: constant is`);
  }
  const given = listOf(call, 1, "pads") ?? [], named = call.inputs[3];
  const axes = named ? [...named.values].map((axis) => axisOf(axis, rank)) : [...shape.keys()];
  const before = shape.map(() => 0), own = [...shape];
  for (const [i, axis] of axes.entries()) {
    before[axis] = given[i]!;
    own[axis]! += given[i]! + given[i + axes.length]!;
  }
  const places = placesOf(own, steps, -before.reduce((sum, n, axis) => sum + n * steps[axis]!, 0));
  const digits = stepsOf(own);
  for (let i = 0; i < places.length; i++) {
    const isOutside = shape.some((side, axis) => {
      const at = Math.floor(i / digits[axis]!) % own[axis]! - before[axis]!;
      return at < 0 || at >= side;
    });
    if (isOutside) places[i] = -1;
  }
  return [{ shape: own, places, fill: call.inputs[2]?.values[0] ?? numberOf(call, "value", 0) }];
});

/** Tensors one after the other along an axis. */
const concat: Op = {
  forward(call, { zeros }) {
    const { shape, parts } = partsOf(call), values = zeros(sizeOf(shape));
    for (const [i, places] of parts.entries()) {
      const own = input(call, i).values;
      for (let j = 0; j < places.length; j++) values[places[j]!] = own[j]!;
    }
    return [{ shape, values }];
  },
  vjp(done, given, which, { zeros }) {
    const { shape, parts } = partsOf(done), from = only(given), places = parts[which]!;
    const size = sizeOf(shape), out = zeros(given.count * places.length);
    for (let i = 0; i < out.length; i++) {
      const one = Math.floor(i / places.length);
      out[i] = from[one * size + places[i - one * places.length]!]!;
    }
    return out;
  },
};

function partsOf(call: Call) {
  const shapes = call.inputs.map((_, i) => input(call, i).shape), [first = []] = shapes;
  const axis = axisOf(numberOf(call, "axis", 0), first.length);
  const whole = first.with(axis, shapes.reduce((sum, shape) => sum + (shape[axis] ?? 0), 0));
  const steps = stepsOf(whole);
  let from = 0;
  const parts = shapes.map((shape) => {
    const places = placesOf(shape, steps, from * steps[axis]!);
    from += shape[axis]!;
    return places;
  });
  return { shape: whole, parts };
}

export const selectionOps: Readonly<Record<string, Op>> = {
  Transpose: transpose,
  Slice: slice,
  Gather: gather,
  Split: split,
  Expand: expand,
  Pad: pad,
  Concat: concat,
};
