import { dot } from "./eigenvalues.ts";
import { isolate } from "./isolate.ts";
import { scaleFor } from "./row_bands.ts";

/** The eigenvalues of a matrix, those of the largest magnitude first. */
export interface ComplexValues {
  readonly real: Float64Array;
  readonly imaginary: Float64Array;
  readonly magnitudes: Float64Array;
}

/** Steps without an eigenvalue after which there is none to be expected. */
const STEPS = 60;

/**
 * Eigenvalues of an n × n matrix of finite numbers (row-major, only read) that need not be symmetric, about 12n³
 * operations; `cancelled` throws when they are no longer wanted. Throws `RangeError` where the numbers are not
 * n², or not all finite.
 */
export function generalEigenvalues(
  matrix: Float64Array,
  n: number,
  cancelled: () => void = () => {},
): ComplexValues {
  const other = matrix.findIndex((value) => !Number.isFinite(value));
  if (matrix.length !== n * n || other >= 0) {
    const found = other < 0 ? `${matrix.length}` : `${matrix[other]} among them`;
    throw new RangeError(`${n} × ${n} finite numbers are expected, got ${found}`);
  }
  const scale = scaleFor(matrix.reduce((most, value) => Math.max(most, Math.abs(value)), 0));
  const { values, rest, size } = isolate(matrix.map((value) => value * scale), n);
  reduce(rest, size, cancelled);
  const found = iterate(rest, size, cancelled);
  const real = Float64Array.of(...values, ...found.real);
  const imaginary = new Float64Array(n);
  imaginary.set(found.imaginary, values.length);
  const sizes = real.map((x, i) => Math.hypot(x, imaginary[i]!));
  const order = Array.from(sizes.keys()).sort((a, b) =>
    sizes[b]! - sizes[a]! || imaginary[b]! - imaginary[a]!
  );
  const sorted = (values: Float64Array) => Float64Array.from(order, (i) => values[i]! / scale);
  return { real: sorted(real), imaginary: sorted(imaginary), magnitudes: sorted(sizes) };
}

/**
 * Makes all zero that lies further below the diagonal than beside it, by Householder reflections from both
 * sides, which leave the eigenvalues.
 * Source: G. H. Golub, C. F. Van Loan, "Matrix Computations", 4th ed., algorithm 7.4.2.
 */
function reduce(a: Float64Array, n: number, cancelled: () => void): void {
  for (let k = 0; k < n - 2; k++) {
    cancelled();
    const size = n - 1 - k, v = new Float64Array(size);
    for (let i = 0; i < size; i++) v[i] = a[(k + 1 + i) * n + k]!;
    const rest = dot(v, 1, v, 1, size - 1);
    if (rest === 0) continue;
    const norm = Math.sqrt(v[0]! ** 2 + rest);
    const beside = v[0]! > 0 ? -norm : norm;
    v[0]! -= beside;
    const factor = 2 / (v[0]! ** 2 + rest), w = new Float64Array(n - k);
    for (let i = 0; i < size; i++) {
      for (let j = 0, at = (k + 1 + i) * n + k, x = v[i]!; j < w.length; j++) w[j]! += x * a[at++]!;
    }
    for (let i = 0; i < size; i++) {
      for (let j = 0, at = (k + 1 + i) * n + k, x = factor * v[i]!; j < w.length; j++) {
        a[at++]! -= x * w[j]!;
      }
    }
    for (let row = k + 1; row < n * n; row += n) {
      const share = factor * dot(a, row, v, 0, size);
      for (let j = 0; j < size; j++) a[row + j]! -= share * v[j]!;
    }
    a[(k + 1) * n + k] = beside;
    for (let i = k + 2; i < n; i++) a[i * n + k] = 0;
  }
}

/**
 * Eigenvalues of a matrix that is zero below what lies beside its diagonal, by QR steps with two shifts at once,
 * on what is left of it.
 * Source: R. S. Martin, G. Peters, J. H. Wilkinson, "The QR algorithm for real Hessenberg matrices" (1970).
 */
function iterate(a: Float64Array, n: number, cancelled: () => void) {
  const real = new Float64Array(n), imaginary = new Float64Array(n);
  const norm = a.reduce((sum, x) => sum + Math.abs(x), 0);
  let shift = 0, steps = 0;
  for (let last = n - 1; last >= 0;) {
    const first = splitAbove(a, n, last, norm);
    const x = a[last * n + last]!;
    if (first === last) {
      real[last--] = x + shift;
      steps = 0;
      continue;
    }
    const y = a[(last - 1) * n + last - 1]!;
    const w = a[last * n + last - 1]! * a[(last - 1) * n + last]!;
    if (first === last - 1) {
      setPair(real, imaginary, last, x + shift, (y - x) / 2, w);
      last -= 2;
      steps = 0;
      continue;
    }
    if (steps === STEPS) {
      throw new RangeError(`eigenvalue ${last} of ${n} has not converged after ${steps} QR steps`);
    }
    cancelled();
    let shifts = [x, y, w] as const;
    if (steps > 0 && steps % 10 === 0) {
      // Shifts that turn in circles are left for others.
      shift += x;
      for (let i = 0; i <= last; i++) a[i * n + i]! -= x;
      const s = Math.abs(a[last * n + last - 1]!) + Math.abs(a[(last - 1) * n + last - 2]!);
      shifts = [0.75 * s, 0.75 * s, -0.4375 * s * s];
    }
    steps++;
    step(a, n, first, last, shifts);
  }
  return { real, imaginary };
}

/** The first row of the part of the matrix up to row `last` that hangs together. */
function splitAbove(a: Float64Array, n: number, last: number, norm: number): number {
  let first = last;
  for (; first > 0; first--) {
    const size = Math.abs(a[(first - 1) * n + first - 1]!) + Math.abs(a[first * n + first]!) ||
      norm;
    if (Math.abs(a[first * n + first - 1]!) <= Number.EPSILON * size) {
      a[first * n + first - 1] = 0;
      break;
    }
  }
  return first;
}

/** The eigenvalues x and x + 2·half, but for the product `w` of what lies beside the diagonal. */
function setPair(
  real: Float64Array,
  imaginary: Float64Array,
  last: number,
  x: number,
  half: number,
  w: number,
): void {
  const square = half * half + w, root = Math.sqrt(Math.abs(square));
  if (square >= 0) {
    const z = half + (half >= 0 ? root : -root);
    real[last - 1] = x + z;
    real[last] = z === 0 ? x : x - w / z;
  } else {
    real[last - 1] = real[last] = x + half;
    imaginary[last - 1] = root;
    imaginary[last] = -root;
  }
}

/** A QR step with two shifts, whose sum and product come of x, y and w, on rows `first` to `last`. */
function step(
  a: Float64Array,
  n: number,
  first: number,
  last: number,
  [x, y, w]: readonly [number, number, number],
): void {
  const at = (i: number, j: number) => a[i * n + j]!;
  let start = last - 2, p = 0, q = 0, r = 0;
  // Two small entries in a row are as good as one that is zero.
  for (;; start--) {
    const z = at(start, start);
    p = ((x - z) * (y - z) - w) / at(start + 1, start) + at(start, start + 1);
    q = at(start + 1, start + 1) - z - (x - z) - (y - z);
    r = at(start + 2, start + 1);
    const size = Math.abs(p) + Math.abs(q) + Math.abs(r) || 1;
    p /= size;
    q /= size;
    r /= size;
    if (start === first) break;
    const small = Math.abs(at(start, start - 1)) * (Math.abs(q) + Math.abs(r));
    const around = Math.abs(at(start - 1, start - 1)) + Math.abs(z) +
      Math.abs(at(start + 1, start + 1));
    if (small <= Number.EPSILON * Math.abs(p) * around) break;
  }
  for (let k = start; k < last; k++) {
    const three = k < last - 1;
    let size = 1;
    if (k > start) {
      p = at(k, k - 1);
      q = at(k + 1, k - 1);
      r = three ? at(k + 2, k - 1) : 0;
      size = Math.abs(p) + Math.abs(q) + Math.abs(r);
      if (size === 0) continue;
      p /= size;
      q /= size;
      r /= size;
    }
    const length = Math.sqrt(p * p + q * q + r * r), s = p < 0 ? -length : length;
    if (k > start) {
      a[k * n + k - 1] = -s * size;
      a[(k + 1) * n + k - 1] = 0;
      if (three) a[(k + 2) * n + k - 1] = 0;
    } else if (first !== start) a[k * n + k - 1] = -at(k, k - 1);
    p += s;
    const u = p / s, v = q / s, t = r / s;
    q /= p;
    r /= p;
    const [row, below, third] = [k * n, (k + 1) * n, (k + 2) * n];
    for (let j = k; j <= last; j++) {
      const sum = a[row + j]! + q * a[below + j]! + (three ? r * a[third + j]! : 0);
      a[row + j]! -= sum * u;
      a[below + j]! -= sum * v;
      if (three) a[third + j]! -= sum * t;
    }
    const end = Math.min(last, k + 3);
    for (let i = first; i <= end; i++) {
      const from = i * n + k;
      const sum = u * a[from]! + v * a[from + 1]! + (three ? t * a[from + 2]! : 0);
      a[from]! -= sum;
      a[from + 1]! -= sum * q;
      if (three) a[from + 2]! -= sum * r;
    }
  }
}
