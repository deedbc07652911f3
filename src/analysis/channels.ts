/** What is known of a layer's output channels: the slices along its output axis. */
export interface Channels {
  /** Euclidean norm of each. */
  readonly norms: Float32Array;
  /**
   * The largest singular component of [output axis, all others]; null where nobody has asked for it, and
   * for layers too large to hold.
   */
  readonly dominant: Dominant | null;
}

/** How much of that has to be known; "dominant" is all of it. */
export type ChannelNeeds = "none" | "norms" | "dominant";

/** σ₁·u₁·v₁ᵀ: element (i, j) is `left[i] * right[j]`. */
export interface Dominant {
  readonly left: Float32Array;
  readonly right: Float32Array;
}

/** How channels follow each other in a stream of values: `inner` of one, then of the next. */
export interface ChannelOrder {
  readonly count: number;
  readonly inner: number;
}

/** Values of one channel in a row that are worth a call of a kernel. */
const MANY = 32;

/**
 * Adds the squares of finite values, of which the first is element `from` of the stream, to those of
 * their channels; channels beyond the last of `squares` are left out. Many values of a channel that follow
 * each other are summed by `sumSquares`, where it is given: see `Ops`.
 */
export function addSquares<Values extends Float32Array | Float64Array>(
  values: Values,
  from: number,
  { count, inner }: ChannelOrder,
  squares: Float64Array,
  sumSquares?: (values: Values) => number,
): void {
  let channel = Math.floor(from / inner) % count;
  let left = inner - from % inner;
  for (let i = 0; i < values.length;) {
    const end = Math.min(values.length, i + left);
    let sum = squares[channel] ?? 0;
    if (sumSquares && end - i >= MANY) {
      sum += sumSquares(values.subarray(i, end) as Values);
      i = end;
    }
    for (; i < end; i++) {
      const square = values[i]! * values[i]!;
      if (square - square === 0) sum += square;
    }
    if (channel < squares.length) squares[channel] = sum;
    left = inner;
    if (++channel === count) channel = 0;
  }
}

// The component is drawn in 251 steps, so three digits are plenty.
const PRECISION = 1e-4;
const ROUNDS = 60;

/**
 * The dominant singular component of a row-major matrix of `rows` rows, by power iteration on AᵀA
 * (G. H. Golub, C. F. Van Loan, "Matrix Computations", 8.2). NaN and ±∞ count as 0.
 */
export function dominantPair(matrix: Float32Array, rows: number): Dominant {
  const columns = rows === 0 ? 0 : matrix.length / rows;
  const right = Float64Array.from({ length: columns }, (_, j) => 1 + (j * 0.618034) % 1);
  const left = new Float64Array(rows);
  for (let round = 0, sigma = 0; round < ROUNDS; round++) {
    const length = norm(right) || 1;
    for (let j = 0; j < columns; j++) right[j]! /= length;
    for (let i = 0, at = 0; i < rows; i++) {
      left[i] = 0;
      for (let j = 0; j < columns; j++, at++) left[i]! += finite(matrix[at]!) * right[j]!;
    }
    const before = sigma;
    sigma = norm(left);
    if (Math.abs(sigma - before) <= PRECISION * sigma || round === ROUNDS - 1) break;
    right.fill(0);
    for (let i = 0, at = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++, at++) right[j]! += finite(matrix[at]!) * left[i]!;
    }
  }
  return { left: Float32Array.from(left), right: Float32Array.from(right) };
}

const finite = (value: number) => Number.isFinite(value) ? value : 0;
const norm = (vector: Float64Array) => Math.sqrt(vector.reduce((sum, v) => sum + v * v, 0));
