import type { Comparison } from "../compute/ops.ts";
import type { Dtype, TensorInfo } from "../formats/format.ts";
import { type Axes, axesOf, fold, type Plane } from "./plane.ts";

/** A tensor's shape in the order output, input, then space, however its file keeps it. */
export const shapeOf = (tensor: TensorInfo): number[] =>
  axesOf(tensor).map((axis) => tensor.shape[axis]!);

/**
 * A tensor's plane whose cells are compared with those of another tensor, which must have the same
 * `shapeOf`: cells are partners where their indices agree in that order. Throws as `fold` does.
 */
export function foldAgainst(
  tensor: TensorInfo,
  other: TensorInfo,
  how: Comparison,
  axes?: Axes,
): Plane {
  const plane = fold(tensor, axes);
  return { ...plane, versus: { plane: partnerOf(plane, other), how } };
}

/** A tensor's plane whose cells have slopes: a gradient of the same shape. Throws as `fold` does. */
export function foldWithSlope(tensor: TensorInfo, gradient: TensorInfo, axes?: Axes): Plane {
  const plane = fold(tensor, axes);
  return { ...plane, slope: partnerOf(plane, gradient) };
}

/** A plane's tensor, and what it is compared with, folded in another way. */
export function refold({ tensor, versus }: Plane, axes: Axes): Plane {
  return versus ? foldAgainst(tensor, versus.plane.tensor, versus.how, axes) : fold(tensor, axes);
}

/** The element type that holds every value of a plane's cells. */
export function dtypeOf({ tensor, versus }: Plane): Dtype {
  if (!versus) return tensor.dtype;
  return versus.how === "signs" ? "BOOL" : "F32";
}

/** The other tensor, folded so that partners lie on the same place; a vector maybe in one row. */
function partnerOf({ tensor, axes, folded, width }: Plane, other: TensorInfo): Plane {
  if (folded) {
    const own = fold(other);
    return own.width === width ? own : fold(other, { rows: [], columns: [0] });
  }
  const here = axesOf(tensor), there = axesOf(other);
  const alike = (list: readonly number[]) => list.map((axis) => there[here.indexOf(axis)]!);
  return fold(other, { rows: alike(axes.rows), columns: alike(axes.columns) });
}
