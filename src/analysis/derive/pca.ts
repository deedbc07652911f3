import { BadRequest } from "../../errors.ts";
import { symmetricEigen } from "../eigenvalues.ts";
import { openBands } from "../row_bands.ts";
import { type TruncatedSvd, truncatedSvd } from "../truncated_svd.ts";
import type { Deriver, Means, Notes, Numbers, Recipe, Sides } from "./recipe.ts";
import { reduce } from "./reduce.ts";

/** Components that are found: one for each of red, green and blue. */
const COMPONENTS = 3;
/** Sides up to which the covariance's eigenvectors are all computed: a fraction of a second. */
const DENSE = 512;

/** Share of the first component's variance below which there is nothing but rounding. */
const NOTHING = 1e-12;

/** Samples in rows, features in columns, their means taken off. */
interface Centred {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array | Float64Array;
}

/**
 * The first three principal components of samples, as their projections on them: the columns of U·Σ, in
 * the order of their variances, each with the sign that makes the largest loading positive. Zeros where
 * there are fewer, or nothing but rounding is left. Notes tell each one's `variance`, with n − 1 for n samples,
 * and its `share` of all.
 */
export const pca: Deriver<"pca"> = {
  planes: COMPONENTS,

  shape({ mean, features }, from) {
    if (features < from.length) return from.filter((_, i) => i !== features && !mean.includes(i));
    throw new BadRequest(`principal components need samples and features, found [${from}]`, {
      ...{ parameter: "reduce", found: from },
    });
  },

  async fill(recipe, numbers, into, means) {
    const centred = await centredOf(recipe, numbers, means);
    const axes = Math.min(centred.rows, centred.columns) <= DENSE
      ? axesOf(centred, means)
      : await largestAxes(centred, means);
    return project(centred, axes, into);
  },

  singular: {
    sides: (recipe, from) => ({ ...sidesOf(recipe, from), count: COMPONENTS }),
    async matrix(recipe, numbers, matrix, means) {
      matrix.set((await centredOf(recipe, numbers, means)).values);
    },
    finish: ({ rows, columns }, values, found, into) =>
      project({ rows, columns, values }, axesAlong(found), into),
  },
};

type Pca = Recipe & { readonly kind: "pca" };

/** Samples and features that are left of a tensor of this shape. */
function sidesOf({ mean, features }: Pca, from: readonly number[]): Omit<Sides, "count"> {
  const columns = from[features]!;
  const left = from.filter((_, axis) => axis !== features && !mean.includes(axis));
  return { rows: left.reduce((product, side) => product * side, 1), columns };
}

async function centredOf(recipe: Pca, numbers: Numbers, means: Means): Promise<Centred> {
  const { mean, features } = recipe, { shape } = numbers;
  const kept = shape.filter((_, axis) => !mean.includes(axis));
  const size = kept.reduce((product, side) => product * side, 1);
  const values = new Float32Array(size);
  const averaging = { kind: "reduce", how: "mean", axes: mean } as const;
  await reduce.fill(averaging, numbers, values, means);
  return centre(values, kept, features - mean.filter((axis) => axis < features).length);
}

/** Each sample's features side by side; what is not finite counts as its feature's mean. */
function centre(values: Float32Array, shape: readonly number[], features: number): Centred {
  const columns = shape[features]!, rows = values.length / Math.max(1, columns);
  const inner = shape.slice(features + 1).reduce((product, side) => product * side, 1);
  const out = new Float64Array(values.length);
  for (let column = 0; column < columns; column++) {
    let sum = 0, known = 0;
    const at = (row: number) => (Math.floor(row / inner) * columns + column) * inner + row % inner;
    for (let row = 0; row < rows; row++) {
      const value = values[at(row)]!;
      if (!Number.isFinite(value)) continue;
      sum += value;
      known++;
    }
    const mean = known > 0 ? sum / known : 0;
    for (let row = 0; row < rows; row++) {
      const value = values[at(row)]!;
      out[row * columns + column] = Number.isFinite(value) ? value - mean : 0;
    }
  }
  return { rows, columns, values: out };
}

/** Fills `into` with the samples' projections on axes. */
function project(
  { rows, columns, values }: Centred,
  axes: readonly Float64Array[],
  into: Float32Array,
): Notes {
  let total = 0;
  for (const value of values) total += value * value;
  const variances = axes.map((axis, c) => {
    const score = new Float64Array(rows);
    for (let row = 0; row < rows; row++) {
      let sum = 0;
      for (let i = 0; i < columns; i++) sum += values[row * columns + i]! * axis[i]!;
      score[row] = sum;
    }
    into.set(score, c * rows);
    return score.reduce((sum, value) => sum + value * value, 0);
  });
  return {
    variance: variances.map((value) => value / Math.max(1, rows - 1)),
    share: variances.map((value) => total > 0 ? value / total : 0),
  };
}

/** Unit vectors along the components, from the eigenvectors of the smaller of XᵀX and XXᵀ. */
function axesOf({ rows, columns, values }: Centred, { ops, cancelled }: Means): Float64Array[] {
  const wide = rows < columns, side = wide ? rows : columns;
  const gram = new Float64Array(side * side);
  const [step, stride, length] = wide ? [columns, 1, columns] : [1, columns, rows];
  for (let i = 0; i < side; i++) {
    cancelled();
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0; k < length; k++) {
        sum += values[i * step + k * stride]! * values[j * step + k * stride]!;
      }
      gram[i * side + j] = gram[j * side + i] = sum;
    }
  }
  const { values: variances, vectors } = symmetricEigen(gram, side, { ops, cancelled });
  return Array.from({ length: Math.min(COMPONENTS, side) }, (_, c) => {
    if (!(variances[c]! > NOTHING * variances[0]!)) return new Float64Array(columns);
    const vector = vectors.subarray(c * side, (c + 1) * side);
    if (!wide) return signed(vector);
    const axis = new Float64Array(columns);
    for (let row = 0; row < rows; row++) {
      for (let i = 0; i < columns; i++) axis[i]! += vector[row]! * values[row * columns + i]!;
    }
    return signed(unit(axis));
  });
}

/** The same of large matrices, which take some hundred products with them. */
async function largestAxes(
  { rows, columns, values }: Centred,
  { ops, cancelled }: Means,
): Promise<Float64Array[]> {
  const read = (from: number, count: number) => values.subarray(from, from + count);
  const bands = await openBands({ rows, columns, read }, ops, cancelled);
  try {
    return axesAlong(await truncatedSvd(bands, COMPONENTS));
  } finally {
    bands.close();
  }
}

/** Right singular vectors, zeros where there is nothing along them. */
const axesAlong = ({ values, right }: TruncatedSvd): Float64Array[] =>
  right.map((vector, c) =>
    values[c]! ** 2 > NOTHING * values[0]! ** 2 ? signed(vector) : vector.map(() => 0)
  );

function unit(vector: Float64Array): Float64Array {
  const norm = Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
  return norm > 0 ? vector.map((x) => x / norm) : vector;
}

/** With the sign that makes the component of the largest magnitude positive. */
function signed(vector: Float64Array): Float64Array {
  const largest = vector.reduce((most, x) => Math.abs(x) > Math.abs(most) ? x : most, 0);
  return largest < 0 ? vector.map((x) => -x) : vector.slice();
}
