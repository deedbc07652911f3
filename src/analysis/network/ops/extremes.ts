import { type Call, input, only, type Op } from "../op.ts";
import { held, sizeOf } from "../tensor.ts";
import { joint, spread } from "./broadcast.ts";

/** The largest or smallest of elements that lie in the same place; of equal ones the first counts. */
const extreme = (isBetter: (a: number, b: number) => boolean): Op => {
  const chosenOf = (call: Call) => {
    const tensors = call.inputs.map((_, i) => input(call, i));
    const shape = joint(...tensors.map(({ shape }) => shape));
    const places = tensors.map((tensor) => spread(tensor.shape, shape));
    const at = (i: number, place: number) => tensors[i]!.values[places[i]![place]!]!;
    const chosen = new Uint16Array(held(sizeOf(shape)));
    for (let place = 0; place < chosen.length; place++) {
      for (let i = 1; i < tensors.length; i++) {
        const other = at(i, place);
        // A NaN stays.
        if (isBetter(other, at(chosen[place]!, place)) || other !== other) chosen[place] = i;
      }
    }
    return { shape, chosen, places, at };
  };
  return {
    forward(call, { zeros }) {
      const { shape, chosen, at } = chosenOf(call), values = zeros(chosen.length);
      for (let place = 0; place < values.length; place++) values[place] = at(chosen[place]!, place);
      return [{ shape, values }];
    },
    vjp(done, given, which, { zeros }) {
      const { chosen, places } = chosenOf(done), from = only(given), count = chosen.length;
      const size = input(done, which).values.length, out = zeros(given.count * size);
      for (let i = 0; i < from.length; i++) {
        const place = i % count;
        if (chosen[place] !== which) continue;
        out[Math.floor(i / count) * size + places[which]![place]!]! += from[i]!;
      }
      return out;
    },
  };
};

export const extremeOps: Readonly<Record<string, Op>> = {
  Max: extreme((a, b) => a > b),
  Min: extreme((a, b) => a < b),
};
