import { type Call, input, numberOf, numbersOf, only, type Op } from "../op.ts";
import { sizeOf } from "../tensor.ts";
import { patchesOf, shapeOf } from "./patches.ts";

function partsOf(call: Call, op: string) {
  const x = input(call, 0), kernel = numbersOf(call, "kernel_shape") ?? x.shape.slice(2);
  const patches = patchesOf(call, x.shape, kernel, op);
  const [n = 0, channels = 0] = x.shape;
  return { x, patches, shape: shapeOf(patches, x.shape, channels), maps: n * channels };
}

/** For each place of each map, the pixel that is largest there, counted over all maps; −1 of none. */
function largest(call: Call): { readonly at: Int32Array; readonly shape: readonly number[] } {
  const { x: { values }, patches: { pixels, size, count, from }, shape, maps } = partsOf(
    call,
    "a pool",
  );
  const at = new Int32Array(maps * count).fill(-1), step = sizeOf(from);
  for (let map = 0; map < maps; map++) {
    for (let place = 0; place < count; place++) {
      let best = -1;
      for (let i = 0; i < size; i++) {
        const pixel = pixels[i * count + place]!;
        if (pixel < 0) continue;
        const other = map * step + pixel;
        // A NaN stays.
        if (best < 0 || values[other]! > values[best]! || values[other] !== values[other]) {
          best = other;
        }
      }
      at[map * count + place] = best;
    }
  }
  return { at, shape };
}

/** The largest value under each place of a window; of equal ones the first counts. */
const maxPool: Op = {
  forward(call, { zeros }) {
    const { at, shape } = largest(call), { values } = input(call, 0), out = zeros(at.length);
    for (let i = 0; i < out.length; i++) out[i] = at[i]! < 0 ? -Infinity : values[at[i]!]!;
    return [{ shape, values: out }];
  },
  vjp(done, given, _, { zeros }) {
    const { at } = largest(done), from = only(given), size = input(done, 0).values.length;
    const out = zeros(given.count * size);
    for (let i = 0; i < from.length; i++) {
      const pixel = at[i % at.length]!;
      if (pixel >= 0) out[Math.floor(i / at.length) * size + pixel]! += from[i]!;
    }
    return out;
  },
};

/** The mean under each place of a window. */
const averagePool: Op = {
  forward(call, { zeros }) {
    const { x, patches: { pixels, size, count, from }, shape, maps } = partsOf(call, "a pool");
    const shares = sharesOf(call), out = zeros(maps * count), step = sizeOf(from);
    for (let map = 0; map < maps; map++) {
      for (let i = 0; i < size * count; i++) {
        const pixel = pixels[i]!, place = i % count;
        if (pixel >= 0) out[map * count + place]! += shares[place]! * x.values[map * step + pixel]!;
      }
    }
    return [{ shape, values: out }];
  },
  vjp(done, given, _, { zeros }) {
    const { x, patches: { pixels, size, count, from: sides }, maps } = partsOf(done, "a pool");
    const shares = sharesOf(done), from = only(given), step = sizeOf(sides);
    const out = zeros(given.count * x.values.length);
    for (let map = 0; map < given.count * maps; map++) {
      for (let i = 0; i < size * count; i++) {
        const pixel = pixels[i]!, place = i % count;
        if (pixel >= 0) out[map * step + pixel]! += shares[place]! * from[map * count + place]!;
      }
    }
    return out;
  },
};

/** What a pixel counts at each place. */
function sharesOf(call: Call): Float64Array {
  const { patches: { count, counted } } = partsOf(call, "a pool");
  const padded = numberOf(call, "count_include_pad", 0) !== 0;
  return Float64Array.from({ length: count }, (_, place) => 1 / counted(place, padded));
}

/** A pool whose window is the whole picture; sides of space become one each. */
const overAll = (pool: Op): Op => {
  const flat = <C extends Call>(call: C): C => {
    const { shape: [n = 0, channels = 0, ...space], values } = input(call, 0);
    return { ...call, attributes: {}, inputs: [{ shape: [n, channels, sizeOf(space)], values }] };
  };
  return {
    forward(call, arithmetic) {
      const sides = input(call, 0).shape.map((side, axis) => axis < 2 ? side : 1);
      return pool.forward(flat(call), arithmetic).map(({ values }) => ({ shape: sides, values }));
    },
    vjp: (done, given, which, arithmetic) => pool.vjp!(flat(done), given, which, arithmetic),
  };
};

export const poolOps: Readonly<Record<string, Op>> = {
  MaxPool: maxPool,
  AveragePool: averagePool,
  GlobalMaxPool: overAll(maxPool),
  GlobalAveragePool: overAll(averagePool),
};
