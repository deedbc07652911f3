import { BadRequest } from "../errors.ts";
import { isBlocked, packingOf, type TensorInfo } from "../formats/format.ts";

/** A tensor that is some of the elements of another one, or all in other axes. */
export interface Part {
  readonly tensor: TensorInfo;
  /** What an index of it is in the whole. */
  index(own: readonly number[]): readonly number[];
}

/**
 * A tensor at one place along an axis. Throws `BadRequest` naming the parameter that asked for a place
 * that is not there, or for one of a tensor whose elements do not lie one by one.
 */
export function partAt(tensor: TensorInfo, axis: number, at: number, parameter: string): Part {
  const { name, shape, strides, dtype, layout, composed } = tensor;
  const side = shape[axis] ?? 0;
  if (!Number.isInteger(at) || at < 0 || at >= side) {
    const range = side > 0 ? `0 to ${side - 1}` : "none";
    throw new BadRequest(`${parameter}=${at} is not among those of "${name}": ${range}`, {
      ...{ parameter, found: at, minimum: 0, maximum: side - 1 },
    });
  }
  if (isBlocked(dtype) || layout || composed) {
    throw new BadRequest(`${parameter}=${at}: "${name}" is ${dtype} and cannot be taken apart`, {
      ...{ parameter, found: dtype },
    });
  }
  const others = (of: readonly number[]) => of.filter((_, i) => i !== axis);
  const [sides, steps] = [others(shape), others(strides)];
  const reach = sides.includes(0) ? 0 : sides.reduce((sum, n, i) => sum + (n - 1) * steps[i]!, 1);
  const { bytes } = packingOf(dtype);
  return {
    tensor: {
      ...tensor,
      ...{ name: `${name}, ${parameter} ${at}`, shape: sides, strides: steps },
      ...{ offset: tensor.offset + at * strides[axis]! * bytes, bytes: reach * bytes },
    },
    index: (own) => own.toSpliced(axis, 0, at),
  };
}

/**
 * Maps [C, space…] as [a, b, space…], a·b being C and b as near to a as can be from above, so that they
 * lie in a mosaic.
 */
export function mosaicOf(tensor: TensorInfo): Part {
  const [count = 1, ...space] = tensor.shape, [step = 0, ...steps] = tensor.strides;
  let rows = Math.floor(Math.sqrt(count));
  while (rows > 1 && count % rows > 0) rows--;
  const columns = count / Math.max(1, rows);
  return {
    tensor: {
      ...tensor,
      ...{ shape: [rows, columns, ...space], strides: [columns * step, step, ...steps] },
    },
    index: ([row, column, ...rest]) => [row! * columns + column!, ...rest],
  };
}

/** A part of a part. */
export const within = (outer: Part, inner: Part): Part => ({
  tensor: inner.tensor,
  index: (own) => outer.index(inner.index(own)),
});
