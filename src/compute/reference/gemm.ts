import { checkGemm } from "../matrices.ts";
import { type Product, type Target, TERMS } from "../ops.ts";

const { fround } = Math;

/** C = α·A·B + β·C. */
export function gemm(a: Target, b: Target, product: Product, c: Target): void {
  checkGemm(a, b, product, c);
  const { m, n, k, transposed } = product;
  const [alpha, beta] = [fround(product.alpha), fround(product.beta)];
  const left = (i: number, p: number) => transposed === "a" ? at(a, p, i) : at(a, i, p);
  const right = (p: number, j: number) => transposed === "b" ? at(b, j, p) : at(b, p, j);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      const to = c.start + i * c.pitch + j;
      let first = 0, share = beta;
      do {
        let sum = 0;
        for (let p = first; p < Math.min(k, first + TERMS); p++) {
          sum = fround(sum + fround(left(i, p) * right(p, j)));
        }
        const term = fround(alpha * sum);
        c.values[to] = share === 0 ? term : term + fround(share * c.values[to]!);
        [first, share] = [first + TERMS, 1];
      } while (first < k);
    }
  }
}

const at = ({ values, start, pitch }: Target, i: number, j: number) =>
  values[start + i * pitch + j]!;
