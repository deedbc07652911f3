import type { Ops } from "../compute/ops.ts";
import { TooLarge } from "../errors.ts";
import { symmetricEigen } from "./eigenvalues.ts";
import { uniform } from "./random.ts";
import { openBands } from "./row_bands.ts";
import { truncatedSvd } from "./truncated_svd.ts";

/** A linear map from inputs to outputs of which only products with its transpose are known. */
export interface Pullable {
  readonly outputs: number;
  readonly inputs: number;
  /** Jᵀu of `count` vectors u, one after the other; no more of them than `atOnce`. */
  pull(cotangents: Float32Array, count: number): ArrayLike<number>;
  readonly atOnce: number;
}

export type JacobianMethod = "exact" | "hutchinson" | "projection";

/** What is found of a Jacobian J = ∂y/∂x. */
export interface Jacobian {
  /** ‖∂y/∂x_i‖ of each input. */
  readonly norms: Float64Array;
  /** ‖J‖_F, and the standard error of it; 0 where it is exact. */
  readonly frobenius: number;
  readonly error: number;
  /** Of an estimate, the standard deviation of ‖Jᵀu‖² over probes u. */
  readonly deviation: number;
  /** Rows that it was made of: outputs, or probes. */
  readonly rows: number;
  /** The largest singular values, and unit vectors of inputs that belong to the first two. */
  readonly singular: readonly number[];
  readonly right: readonly Float64Array[];
}

/** Numbers of rows that are held, for singular values. */
const HELD = 2 ** 26;
/** Sides of matrices whose eigenvalues are all computed. */
const DENSE = 512;
/** Singular values that are found. */
const VALUES = 16;

/**
 * Norms of a Jacobian's columns and its largest singular values, from rows: `exact` from all of them, a
 * vector-Jacobian product each; else from `probes` random combinations Jᵀu, always the same, of which
 * E[(Jᵀu)_i²] = ‖∂y/∂x_i‖²: u of ±1 (M. F. Hutchinson, "A stochastic estimator of the trace of the
 * influence matrix", 1990, of JᵀJ) or normal, a random projection of the outputs (W. B. Johnson,
 * J. Lindenstrauss, 1984). Singular values then are those of the rows, divided by √probes; where outputs
 * are many and probes few, the largest come out too large. Throws `TooLarge` where rows have more than
 * 2²⁶ numbers.
 */
export async function measureJacobian(
  { inputs, outputs, pull, atOnce }: Pullable,
  { method, probes }: { readonly method: JacobianMethod; readonly probes: number },
  means: { readonly ops: Ops; readonly cancelled: () => void },
): Promise<Jacobian> {
  const isExact = method === "exact", rows = isExact ? outputs : probes;
  if (rows * inputs > HELD) {
    const [many, advice] = isExact
      ? [`${outputs} outputs`, "take another method than exact, and few probes"]
      : [`${probes} probes`, "take fewer probes"];
    const sentence = `${many} by ${inputs} inputs are ${rows * inputs} numbers, of which ${HELD} ` +
      `can be held: ${advice}`;
    throw new TooLarge(sentence, { found: rows * inputs, limit: HELD });
  }
  const next = cotangentsOf(method, outputs);
  const all = new Float32Array(rows * inputs), squares = new Float64Array(inputs);
  const sums = new Float64Array(rows);
  for (let row = 0; row < rows; row += atOnce) {
    means.cancelled();
    const count = Math.min(atOnce, rows - row), given = new Float32Array(count * outputs);
    for (let i = 0; i < count; i++) next(given.subarray(i * outputs, (i + 1) * outputs), row + i);
    const found = pull(given, count);
    all.set(found, row * inputs);
    for (let i = 0; i < found.length; i++) {
      const square = found[i]! ** 2;
      squares[i % inputs]! += square;
      sums[row + Math.floor(i / inputs)]! += square;
    }
  }
  const share = isExact ? 1 : 1 / rows, total = share * squares.reduce((sum, x) => sum + x, 0);
  const deviation = isExact ? 0 : Math.sqrt(
    sums.reduce((sum, x) => sum + (x - total) ** 2, 0) / Math.max(1, rows - 1),
  );
  const frobenius = Math.sqrt(total);
  // Of what is not finite there are no directions.
  const { values, right } = Number.isFinite(total)
    ? await leading(all, { rows, columns: inputs, rank: outputs }, means)
    : { values: [], right: [] };
  return {
    norms: squares.map((square) => Math.sqrt(share * square)),
    ...{ frobenius, deviation, rows, right },
    // Of the root of what has that error.
    error: frobenius > 0 ? deviation / Math.sqrt(rows) / (2 * frobenius) : 0,
    singular: values.map((value) => value * Math.sqrt(share)),
  };
}

/** What fills a cotangent with the next u; that of `exact` is a unit vector each. */
function cotangentsOf(method: JacobianMethod, outputs: number) {
  const random = uniform();
  if (method === "exact") {
    return (u: Float32Array, row: number) => {
      u[row % outputs] = 1;
    };
  }
  if (method === "hutchinson") {
    return (u: Float32Array) => {
      for (let i = 0; i < u.length; i++) u[i] = random() < 0 ? -1 : 1;
    };
  }
  return (u: Float32Array) => {
    for (let i = 0; i < u.length; i++) u[i] = normal(random);
  };
}

/** G. E. P. Box, M. E. Muller, "A note on the generation of random normal deviates" (1958). */
function normal(random: () => number): number {
  const radius = Math.sqrt(-2 * Math.log((random() + 1) / 2 || Number.MIN_VALUE));
  return radius * Math.cos(Math.PI * random());
}

/** The largest singular values of rows, and right vectors of the first two. */
async function leading(
  all: Float32Array,
  { rows, columns, rank }: {
    readonly rows: number;
    readonly columns: number;
    /** No more than this many are not zero. */
    readonly rank: number;
  },
  { ops, cancelled }: { readonly ops: Ops; readonly cancelled: () => void },
): Promise<{ values: readonly number[]; right: readonly Float64Array[] }> {
  const side = Math.min(rows, columns), count = Math.min(VALUES, side, rank);
  if (side > DENSE) {
    const read = (from: number, length: number) => all.subarray(from, from + length);
    const bands = await openBands({ rows, columns, read }, ops, cancelled);
    try {
      const { values, right } = await truncatedSvd(bands, count);
      return { values: [...values], right: right.slice(0, 2) };
    } finally {
      bands.close();
    }
  }
  const isWide = rows <= columns, gram = new Float64Array(side * side);
  const target = { values: all, start: 0, pitch: columns };
  ops.gram(target, rows, columns, isWide ? "rows" : "columns", gram);
  for (let i = 0; i < side; i++) {
    for (let j = 0; j < i; j++) gram[j * side + i] = gram[i * side + j]!;
  }
  cancelled();
  const { values, vectors } = symmetricEigen(gram, side);
  const singular = [...values.subarray(0, count)].map((value) => Math.sqrt(Math.max(0, value)));
  // What is left of rounding belongs to no direction.
  const known = singular.filter((value, i) => i < 2 && value > 1e-6 * singular[0]!);
  const right = known.map((value, c) => {
    const vector = vectors.subarray(c * side, (c + 1) * side);
    if (!isWide) return signed(vector);
    const own = new Float64Array(columns);
    for (let row = 0; row < rows; row++) {
      const factor = vector[row]! / value;
      for (let i = 0; i < columns; i++) own[i]! += factor * all[row * columns + i]!;
    }
    return signed(own);
  });
  return { values: singular, right };
}

/** With the sign that makes the component of the largest magnitude positive. */
function signed(vector: Float64Array): Float64Array {
  const largest = vector.reduce((most, x) => Math.abs(x) > Math.abs(most) ? x : most, 0);
  return largest < 0 ? vector.map((x) => -x) : vector.slice();
}
