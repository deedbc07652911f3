import type { Arithmetic, Matrix } from "../../../src/analysis/network/tensor.ts";

/** float64, in the plainest way. */
export const double: Arithmetic = {
  zeros: (count) => new Float64Array(count),
  multiply(a, b, { m, n, k, transposed, alpha, beta }, c) {
    const at = ({ values, start, pitch }: Matrix, i: number, j: number) =>
      values[start + i * pitch + j]!;
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let p = 0; p < k; p++) {
          sum += (transposed === "a" ? at(a, p, i) : at(a, i, p)) *
            (transposed === "b" ? at(b, j, p) : at(b, p, j));
        }
        const to = c.start + i * c.pitch + j;
        c.values[to] = alpha * sum + (beta === 0 ? 0 : beta * c.values[to]!);
      }
    }
  },
};
