/** What a matrix is compared by, as the reference has it. */
export function checksums(values: Float32Array, n: number) {
  let sum = 0, squares = 0, weighted = 0, max = 0;
  for (const [at, value] of values.entries()) {
    const [i, j] = [Math.floor(at / n), at % n];
    sum += value;
    squares += value * value;
    weighted += value * ((31 * i + 17 * j) % 97) / 97;
    max = Math.max(max, value);
  }
  return { sum, squares, weighted, max, last_row: [...values.slice(-n, -n + 8)] };
}
