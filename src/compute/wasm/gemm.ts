import { gemm as kernel, gemmRoom } from "../../../assembly/build/kernels.wasm";
import { checkGemm, from } from "../matrices.ts";
import { type Product, type Target, TERMS } from "../ops.ts";
import { copyVoxels } from "../voxels.ts";
import { frame, isNear, scratch } from "./memory.ts";
import { addressOf, nearCells, roomLike } from "./near_cells.ts";

/** Rows and columns of C and terms that are copied to scratch at a time: copies are few, scratch is small. */
const SIDE = 1536, DEEP = 4 * TERMS;

/** C = α·A·B + β·C; the processor rounds products before they are added, or does not. */
export const gemm = (a: Target, b: Target, product: Product, c: Target): void =>
  multiply(a, b, product, c, true);

/** C = α·A·B + β·C, each product rounded: the reference's bits. */
export const plainGemm = (a: Target, b: Target, product: Product, c: Target): void =>
  multiply(a, b, product, c, false);

function multiply(a: Target, b: Target, product: Product, c: Target, relaxed: boolean): void {
  checkGemm(a, b, product, c);
  const { m, n } = product;
  for (let i = 0; i < m; i += SIDE) {
    for (let j = 0; j < n; j += SIDE) {
      const size = { m: Math.min(SIDE, m - i), n: Math.min(SIDE, n - j) };
      const { transposed } = product;
      const left = transposed === "a" ? from(a, 0, i) : from(a, i, 0);
      const right = transposed === "b" ? from(b, j, 0) : from(b, 0, j);
      frame(() => block(left, right, { ...product, ...size }, from(c, i, j), relaxed));
    }
  }
}

/** A block of C, some terms at a time. */
function block(a: Target, b: Target, product: Product, c: Target, relaxed: boolean): void {
  const { m, n, k, transposed, alpha } = product;
  const near = isNear(c.values) ? c : roomLike({ ...c, layer: 0 }, n, m, 1);
  let beta = Math.fround(product.beta);
  if (near !== c && beta !== 0) copy(c, near, n, m);
  const room = scratch(gemmRoom()).byteOffset;
  let first = 0;
  do {
    const depth = Math.min(DEEP, k - first);
    frame(() => {
      const left = transposed === "a"
        ? nearCells(from(a, first, 0), m, depth)
        : nearCells(from(a, 0, first), depth, m);
      const right = transposed === "b"
        ? nearCells(from(b, 0, first), depth, n)
        : nearCells(from(b, first, 0), n, depth);
      kernel(
        addressOf(left),
        ...strides(left, transposed === "a"),
        addressOf(right),
        ...strides(right, transposed === "b"),
        m,
        n,
        depth,
        alpha,
        beta,
        addressOf(near),
        near.pitch * 4,
        relaxed ? 1 : 0,
        room,
      );
    });
    beta = 1;
    first += DEEP;
  } while (first < k);
  if (near !== c) copy(near, c, n, m);
}

/** Bytes from row to row and from column to column. */
const strides = ({ pitch }: Target, transposed: boolean): [number, number] =>
  transposed ? [4, pitch * 4] : [pitch * 4, 4];

const copy = (from: Target, to: Target, width: number, height: number): void =>
  copyVoxels({ ...from, layer: 0 }, { ...to, layer: 0 }, width, height, 1);
