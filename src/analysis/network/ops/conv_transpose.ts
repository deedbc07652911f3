import { BadRequest } from "../../../errors.ts";
import {
  type Call,
  constantOnly,
  input,
  numberOf,
  numbersOf,
  only,
  type Op,
  textOf,
} from "../op.ts";
import type { Tensor } from "../tensor.ts";
import { conv } from "./conv.ts";

/** What a convolution with the same kernel does to cotangents, and its derivative that convolution. */
export const convTranspose: Op = {
  forward(call, arithmetic) {
    const { inverse, shape } = inverseOf(call), x = input(call, 0);
    const given = { count: 1, of: [x.values] };
    const values = conv.vjp!({ ...inverse, outputs: [x] }, given, 0, arithmetic);
    const bias = call.inputs[2]?.values, [, channels = 0, ...space] = shape;
    const size = space.reduce((product, side) => product * side, 1);
    for (let i = 0; bias && i < values.length; i++) {
      values[i]! += bias[Math.floor(i / size) % channels]!;
    }
    return [{ shape, values }];
  },
  vjp(done, given, which, arithmetic) {
    if (which !== 0) throw constantOnly(which, "a convolution's kernel or bias");
    const { inverse, shape: [n = 0, ...sides] } = inverseOf(done);
    const pictures: Tensor = { shape: [given.count * n, ...sides], values: only(given) };
    const [, ...weights] = inverse.inputs;
    return conv.forward({ ...inverse, inputs: [pictures, ...weights] }, arithmetic)[0]!.values;
  },
};

/** The convolution that leads from what comes of it to what it is of, and the shape of the former. */
function inverseOf(call: Call): { readonly inverse: Call; readonly shape: readonly number[] } {
  const x = input(call, 0), kernel = input(call, 1), group = numberOf(call, "group", 1);
  const [n = 0, channels = 0, ...space] = x.shape, [taken = 0, each = 0, ...sides] = kernel.shape;
  const lacks = numbersOf(call, "output_shape") || textOf(call, "auto_pad", "NOTSET") !== "NOTSET";
  if (lacks || channels !== taken || space.length !== sides.length) {
    throw new BadRequest(
      `kernels [${kernel.shape}] of [${x.shape}] with pads that follow from the sides are not there`,
      { found: x.shape },
    );
  }
  const of = (name: string, usual: number) => numbersOf(call, name) ?? sides.map(() => usual);
  const strides = of("strides", 1), dilations = of("dilations", 1), more = of("output_padding", 0);
  const pads = numbersOf(call, "pads") ?? [...sides, ...sides].map(() => 0);
  const own = space.map((side, i) =>
    (side - 1) * strides[i]! + (sides[i]! - 1) * dilations[i]! + 1 + more[i]! - pads[i]! -
    pads[i + sides.length]!
  );
  const shape = [n, each * group, ...own];
  // Only its shape counts: convolutions are linear.
  const empty: Tensor = { shape, values: new Float32Array(shape.reduce((a, b) => a * b, 1)) };
  return { inverse: { attributes: call.attributes, inputs: [empty, kernel] }, shape };
}
