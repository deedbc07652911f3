import type { Operator, Product, Symmetric, Target } from "./ops.ts";

// Kernels work on addresses and cannot tell where an array ends: every size is checked before.

/** The part of a matrix from row i and column j on. */
export const from = (matrix: Target, i: number, j: number): Target => {
  return { ...matrix, start: matrix.start + i * matrix.pitch + j };
};

/** Rows of C, and those of A that make them: a product of its own. */
export interface RowBand {
  readonly a: Target;
  readonly product: Product;
  readonly c: Target;
}

/** A product in at most `count` bands of rows, for as many workers: together they give the bits of the whole. */
export function rowBands(a: Target, product: Product, c: Target, count: number): RowBand[] {
  const height = Math.max(1, Math.ceil(product.m / count)), bands: RowBand[] = [];
  for (let i = 0; i < product.m; i += height) {
    const m = Math.min(height, product.m - i);
    const rows = product.transposed === "a" ? from(a, 0, i) : from(a, i, 0);
    bands.push({ a: rows, product: { ...product, m }, c: from(c, i, 0) });
  }
  return bands;
}

/** Throws `RangeError` unless all three matrices are there and C shares no memory with A and B. */
export function checkGemm(a: Target, b: Target, { m, n, k, transposed }: Product, c: Target): void {
  checkSizes("gemm", { m, n, k });
  const matrices = [
    transposed === "a" ? matrixOf("A", a, k, m) : matrixOf("A", a, m, k),
    transposed === "b" ? matrixOf("B", b, n, k) : matrixOf("B", b, k, n),
  ];
  const target = matrixOf("C", c, m, n);
  for (const matrix of [...matrices, target]) checkMatrix("gemm", matrix);
  for (const matrix of matrices) checkApart("gemm", target, matrix);
}

/** Throws `RangeError` unless matrix and vectors are there and y shares no memory with A and x. */
export function checkGemv(
  a: Target,
  rows: number,
  columns: number,
  operator: Operator,
  x: Float64Array,
  y: Float64Array,
): void {
  checkSizes("gemv", { rows, columns });
  const matrix = matrixOf("A", a, rows, columns);
  checkMatrix("gemv", matrix);
  const [from, to] = [
    operator === "transposed" ? rows : columns,
    operator === "plain" ? rows : columns,
  ];
  if (x.length !== from || y.length !== to) {
    throw new RangeError(
      `gemv: ${rows} × ${columns} ${operator} takes x of ${from} numbers and y of ${to}, got ` +
        `${x.length} and ${y.length}`,
    );
  }
  const target = { name: "y", values: y, start: 0, end: to };
  for (const other of [matrix, { name: "x", values: x, start: 0, end: from }]) {
    checkApart("gemv", target, other);
  }
}

/** Throws `RangeError` unless the matrix and room for the square are there and share no memory. */
export function checkGram(
  a: Target,
  rows: number,
  columns: number,
  lines: "rows" | "columns",
  out: Float64Array,
): void {
  checkSizes("gram", { rows, columns });
  const matrix = matrixOf("A", a, rows, columns), side = lines === "rows" ? rows : columns;
  checkMatrix("gram", matrix);
  if (out.length !== side * side) {
    throw new RangeError(`gram: ${side} × ${side} products, room for ${out.length}`);
  }
  checkApart("gram", { name: "out", values: out, start: 0, end: out.length }, matrix);
}

/** Throws `RangeError` unless the triangle and the vectors are there, and A and y lie apart from all others. */
export function checkSyr2Symv(
  { values, side, pitch }: Symmetric,
  v: Float64Array,
  w: Float64Array,
  x: Float64Array,
  y: Float64Array,
): void {
  checkSizes("syr2Symv", { side, pitch });
  const end = side === 0 ? 0 : (side - 1) * pitch + side;
  if (pitch < side || end > values.length) {
    throw new RangeError(
      `syr2Symv: ${side} rows ${pitch} apart, ${values.length} numbers`,
    );
  }
  const spans = Object.entries({ v, w, x, y }).map(([name, vector]) => {
    if (vector.length === side) return { name, values: vector, start: 0, end: side };
    throw new RangeError(`syr2Symv: ${name} has ${vector.length} numbers, not ${side}`);
  });
  const target = { name: "A", values, start: 0, end };
  for (const other of spans) checkApart("syr2Symv", target, other);
  for (const other of spans.slice(0, 3)) checkApart("syr2Symv", spans[3]!, other);
}

/** Elements `start` ≤ i < `end` of an array. */
interface Span {
  readonly name: string;
  readonly values: Float32Array | Float64Array;
  readonly start: number;
  readonly end: number;
}

interface Matrix extends Span {
  readonly rows: number;
  readonly columns: number;
  readonly pitch: number;
}

function matrixOf(name: string, target: Target, rows: number, columns: number): Matrix {
  const { start, pitch } = target;
  const end = rows * columns === 0 ? start : start + (rows - 1) * pitch + columns;
  return { ...target, name, rows, columns, end };
}

function checkSizes(operation: string, sizes: Record<string, number>): void {
  for (const [name, size] of Object.entries(sizes)) {
    if (!(size >= 0 && size < 2 ** 31 && Number.isInteger(size))) {
      throw new RangeError(`${operation}: ${name} must be a whole number from 0 on, got ${size}`);
    }
  }
}

function checkMatrix(operation: string, matrix: Matrix): void {
  const { name, values, start, end, rows, columns, pitch } = matrix;
  if (start === end) return;
  if (!(Number.isInteger(pitch) && (rows === 1 || pitch >= columns))) {
    throw new RangeError(`${operation}: rows of ${name} are ${columns} long and ${pitch} apart`);
  }
  if (!(start >= 0 && Number.isInteger(start) && end <= values.length)) {
    throw new RangeError(`${operation}: ${name} is ${start}..${end - 1} of ${values.length}`);
  }
}

function checkApart(operation: string, target: Span, other: Span): void {
  if (target.values.buffer !== other.values.buffer) return;
  const [a, b] = [target, other].map(({ values, start, end }) => {
    const size = values.BYTES_PER_ELEMENT;
    return { start: values.byteOffset + start * size, end: values.byteOffset + end * size };
  }) as [{ start: number; end: number }, { start: number; end: number }];
  const [first, last] = [Math.max(a.start, b.start), Math.min(a.end, b.end)];
  if (first < last) {
    throw new RangeError(
      `${operation}: ${target.name} and ${other.name} share bytes ${first}..${last - 1}`,
    );
  }
}
