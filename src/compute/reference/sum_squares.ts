/** The sum of the squares of the finite values, in float64, in which the square of none is infinite. */
export function sumSquares(values: Float32Array): number {
  let sum = 0;
  for (const value of values) if (Number.isFinite(value)) sum += value * value;
  return sum;
}
