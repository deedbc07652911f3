/** Elements of an array of this shape; one for a scalar's. */
export const elementCount = (shape: readonly number[]): number =>
  shape.reduce((count, side) => count * side, 1);

/** Row-major strides, in elements, of a shape. */
export function rowMajor(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= shape[axis]!;
  }
  return strides;
}
