import { BadRequest } from "../../../errors.ts";
import { type Call, numberOf, numbersOf, textOf } from "../op.ts";
import { held } from "../tensor.ts";

/** What a kernel sees of a picture at each of its places. */
export interface Patches {
  /** Sides of the picture and of what comes of it; of sequences, the first is 1. */
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
  /** Elements of a kernel. */
  readonly size: number;
  /** Places of the kernel. */
  readonly count: number;
  /** For each of its elements and each place, the pixel under it; −1 beyond the picture. */
  readonly pixels: Int32Array;
  /** How many of a place's pixels lie on the picture or, where `padded`, on what is put around it. */
  counted(place: number, padded: boolean): number;
}

/**
 * Patches of pictures [n, channels, space…] by ONNX's attributes of convolutions and pools. Throws
 * `BadRequest` for more than two axes of space, `TooLarge`.
 */
export function patchesOf(
  call: Call,
  shape: readonly number[],
  kernel: readonly number[],
  op: string,
): Patches {
  const space = shape.slice(2), axes = space.length;
  if (axes < 1 || axes > 2 || kernel.length !== axes) {
    throw new BadRequest(
      `${op} of [${shape}] with a kernel of [${kernel}]: expected [n, channels] and 1 or 2 sides`,
      { found: shape },
    );
  }
  const of = (name: string) => numbersOf(call, name) ?? kernel.map(() => 1);
  const strides = of("strides"), dilations = of("dilations");
  const pads = padsOf(call, space, kernel, strides, dilations);
  const rounded = numberOf(call, "ceil_mode", 0) ? Math.ceil : Math.floor;
  const reach = kernel.map((side, i) => (side - 1) * dilations[i]! + 1);
  const to = space.map((side, i) => {
    const room = side + pads[i]! + pads[i + axes]! - reach[i]!;
    const places = rounded(room / strides[i]!) + 1;
    // The last one has to begin on the picture, or on what is put before it.
    return Math.max(0, (places - 1) * strides[i]! >= side + pads[i]! ? places - 1 : places);
  });
  const flat = <Value>(values: readonly Value[], usual: Value): [Value, Value] =>
    axes === 2 ? [values[0]!, values[1]!] : [usual, values[0]!];
  const [height, width] = flat(space, 1), [rows, columns] = flat(to, 1);
  const [down, across] = flat(kernel, 1), [stepDown, stepAcross] = flat(strides, 1);
  const [gapDown, gapAcross] = flat(dilations, 1), [top, left] = flat(pads, 0);
  const [bottom, right] = flat(pads.slice(axes), 0);
  const count = rows * columns, pixels = new Int32Array(held(down * across * count));
  let at = 0;
  for (let i = 0; i < down; i++) {
    for (let j = 0; j < across; j++) {
      for (let row = 0; row < rows; row++) {
        const y = row * stepDown - top + i * gapDown;
        for (let column = 0; column < columns; column++) {
          const x = column * stepAcross - left + j * gapAcross;
          const isInside = y >= 0 && y < height && x >= 0 && x < width;
          pixels[at++] = isInside ? y * width + x : -1;
        }
      }
    }
  }
  return {
    ...{ from: [height, width], to: [rows, columns], size: down * across, count, pixels },
    counted(place, padded) {
      const y = Math.floor(place / columns) * stepDown - top,
        x = place % columns * stepAcross - left;
      const along = (from: number, taps: number, gap: number, low: number, high: number) =>
        Array.from({ length: taps }, (_, i) => from + i * gap)
          .filter((at) => at >= low && at < high).length;
      return padded
        ? along(y, down, gapDown, -top, height + bottom) *
          along(x, across, gapAcross, -left, width + right)
        : along(y, down, gapDown, 0, height) * along(x, across, gapAcross, 0, width);
    },
  };
}

/** The shape of what comes of pictures of this shape. */
export const shapeOf = (
  { to: [rows, columns] }: Patches,
  [n = 0, , ...space]: readonly number[],
  channels: number,
): number[] => [n, channels, ...(space.length === 2 ? [rows, columns] : [columns])];

/** Before and behind each axis of space: all before, then all behind. */
function padsOf(
  call: Call,
  space: readonly number[],
  kernel: readonly number[],
  strides: readonly number[],
  dilations: readonly number[],
): readonly number[] {
  const auto = textOf(call, "auto_pad", "NOTSET");
  if (auto === "NOTSET") return numbersOf(call, "pads") ?? [...kernel, ...kernel].map(() => 0);
  if (auto === "VALID") return [...kernel, ...kernel].map(() => 0);
  const sums = space.map((side, i) => {
    const reach = (kernel[i]! - 1) * dilations[i]! + 1, stride = strides[i]!;
    return Math.max(0, (Math.ceil(side / stride) - 1) * stride + reach - side);
  });
  const less = sums.map((sum) => Math.floor(sum / 2)), more = sums.map((sum) => Math.ceil(sum / 2));
  return auto === "SAME_LOWER" ? [...more, ...less] : [...less, ...more];
}
