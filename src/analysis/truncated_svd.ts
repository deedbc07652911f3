import { dot, symmetricEigen } from "./eigenvalues.ts";
import type { Multiplied } from "./matrix.ts";
import { uniform } from "./random.ts";
import { combine, multiplyBy, normOf, orthogonalize, sign } from "./vectors.ts";

/** The largest singular values of a matrix and their vectors, as A ≈ Σ σ·u·vᵀ. */
export interface TruncatedSvd {
  /** Largest first. */
  readonly values: Float64Array;
  /** Unit vectors as long as a column of the matrix; zeros where the value is zero. */
  readonly left: readonly Float64Array[];
  /** Unit vectors as long as a row, the component of the largest magnitude positive. */
  readonly right: readonly Float64Array[];
  /** ‖Aᵀu − σv‖ of each; ‖Av − σu‖ is zero, as u is Av / σ. */
  readonly residuals: Float64Array;
  /** How many, from the first on, are within the tolerance. */
  readonly converged: number;
}

export interface TruncatedSvdOptions {
  /** Relative error of σ² at which it has converged; no better than 1e-6·σ₁² can be had in float32. */
  readonly tolerance?: number;
  /** Vectors in the basis, at most. */
  readonly steps?: number;
  readonly signal?: AbortSignal | undefined;
}

const TOLERANCE = 1e-6;
const STEPS = 800;
/** Numbers in the basis, at most, but for what `count` vectors need. */
const ROOM = 2 ** 25;
/** Share of σ₁ that a singular value may be off by, and below which it is what rounding leaves. */
const NOISE = 1e-6;
/** What may be left of a vector of float64 that others are taken off, for it to be orthogonal to them. */
const LITTLE = 1e-6;
/** Share of σ₁² below which those of float32 products have few digits. */
const SMALL = 1e-5;
/** What rounding leaves of a vector of float32 that a basis spans. */
const NOTHING = 1e-6;

/**
 * The `count` largest singular values of a matrix, or all if there are fewer, each off by about 1e-6 of itself, and
 * of σ₁ by some 1e-6 at most; by the Krylov process on AᵀA, in blocks of as many vectors as are multiplied at once, with
 * full reorthogonalization, from the matrix's own start or one that is random but always the same. A value that repeats
 * exactly more often than a block is wide may be found fewer times.
 * Throws the signal's reason when aborted.
 * Source: G. H. Golub, R. Underwood, "The block Lanczos method for computing eigenvalues" (1977).
 */
export async function truncatedSvd(
  matrix: Multiplied,
  count: number,
  options: TruncatedSvdOptions = {},
): Promise<TruncatedSvd> {
  const { tolerance = TOLERANCE, signal } = options;
  const n = matrix.columns, found = Math.min(count, matrix.rows, n);
  const room = Math.max(2 * found + matrix.width, Math.floor(ROOM / Math.max(1, n)));
  const steps = Math.min(n, options.steps ?? STEPS, room);
  const start = found > 0 ? await matrix.start?.() ?? [] : [];
  const krylov = new Krylov(n, matrix.width, start);
  let checked = 0;
  while (found > 0) {
    signal?.throwIfAborted();
    krylov.extend(await matrix.multiply(krylov.waiting()));
    const { done } = krylov;
    const last = done >= steps;
    if (!last && (done < found || done - checked < done >> 4)) continue;
    checked = done;
    const ritz = krylov.ritz();
    const converged = ritz.converged(found, tolerance);
    if (last || converged === found) return krylov.triplets(ritz, found, converged, matrix);
  }
  return {
    values: new Float64Array(),
    left: [],
    right: [],
    residuals: new Float64Array(),
    converged: 0,
  };
}

/** What a basis says of AᵀA: approximate eigenvalues, their vectors in the basis, and residuals. */
class Ritz {
  constructor(
    readonly values: Float64Array,
    /** Rows of as many numbers as there are values. */
    readonly vectors: Float64Array,
    readonly residuals: Float64Array,
  ) {}

  /**
   * How many of the first `count` have converged: the error of an eigenvalue is at most its residual, and the
   * residual's square over its distance from the others (Parlett 1980, section 11.7).
   */
  converged(count: number, tolerance: number): number {
    const { values, residuals } = this;
    // Nothing is known of what lies below the last.
    const below = (i: number) => values[i]! - (values[i + 1] ?? values[i]!);
    const gap = (i: number) => Math.min(i === 0 ? Infinity : below(i - 1), below(i));
    const noise = NOISE * Math.sqrt(Math.max(0, values[0]!));
    for (let i = 0; i < count; i++) {
      const residual = residuals[i]!;
      const error = Math.min(residual, residual ** 2 / gap(i));
      // Of a root, which is off by the more the smaller it is.
      const least = noise * Math.max(noise, Math.sqrt(Math.max(0, values[i]!)));
      if (!(error <= tolerance * values[i]! || residual <= least)) return i;
    }
    return count;
  }
}

/** An orthonormal basis of what AᵀA makes of some random vectors. */
class Krylov {
  readonly #n: number;
  readonly #width: number;
  readonly #basis: Float64Array[] = [];
  /** Of each vector of the basis that was multiplied: A times it… */
  readonly #products: Float32Array[] = [];
  /** …and AᵀA times it, in terms of the basis. */
  readonly #shares: number[][] = [];
  readonly #random = uniform();

  constructor(n: number, width: number, start: readonly Float64Array[]) {
    this.#n = n;
    this.#width = width;
    for (const vector of start.slice(0, Math.min(n, width))) {
      const before = normOf(vector);
      orthogonalize(vector, this.#basis);
      const norm = normOf(vector);
      if (!(norm > NOTHING * before)) continue;
      multiplyBy(vector, 1 / norm);
      this.#basis.push(vector);
    }
    while (this.#basis.length < Math.min(n, width)) this.#basis.push(this.#another());
  }

  get done(): number {
    return this.#shares.length;
  }

  /** Vectors of the basis that have not been multiplied. */
  waiting(): Float64Array[] {
    return this.#basis.slice(this.done);
  }

  extend(products: readonly { product: Float32Array; normal: Float64Array }[]): void {
    const basis = this.#basis;
    for (const { product, normal } of products) {
      this.#products.push(product);
      const before = normOf(normal);
      const shares = orthogonalize(normal, basis, 3 * this.#width);
      let norm = normOf(normal);
      // Of so little most is the rounding of what was taken off, which the basis has a share of.
      if (norm < LITTLE * before) {
        orthogonalize(normal, basis);
        norm = normOf(normal);
      }
      // The basis spans all that the start can reach; another start may reach more.
      const isNew = norm > 1e-13 * before;
      if (basis.length < this.#n) {
        if (isNew) multiplyBy(normal, 1 / norm);
        basis.push(isNew ? normal : this.#another());
        shares.push(isNew ? norm : 0);
      }
      this.#shares.push(shares);
    }
  }

  ritz(): Ritz {
    const { done } = this, shares = this.#shares;
    const projected = new Float64Array(done * done);
    for (let j = 0; j < done; j++) {
      for (let i = 0; i <= j; i++) {
        projected[i * done + j] = projected[j * done + i] = shares[j]![i]!;
      }
    }
    const { values, vectors } = symmetricEigen(projected, done);
    const residuals = new Float64Array(done);
    for (let k = 0; k < done; k++) {
      let squares = 0;
      for (let i = done; i < this.#basis.length; i++) {
        let sum = 0;
        for (let j = 0; j < done; j++) sum += (shares[j]![i] ?? 0) * vectors[k * done + j]!;
        squares += sum * sum;
      }
      residuals[k] = Math.sqrt(squares);
    }
    return new Ritz(values, vectors, residuals);
  }

  triplets(ritz: Ritz, count: number, converged: number, matrix: Multiplied): TruncatedSvd {
    const { done } = this, { rows, scale } = matrix;
    const isNear = ritz.values[count - 1]! > SMALL * ritz.values[0]!;
    const shares = isNear
      ? ritz.vectors.subarray(0, count * done)
      : this.#refined(ritz.vectors, count, rows);
    const rights = combine(this.#basis, shares, count, this.#n);
    const lefts = combine(this.#products, shares, count, rows);
    const found = rights.map((right, k) => {
      const left = lefts[k]!, flip = sign(right);
      const sigma = normOf(left);
      multiplyBy(right, flip);
      multiplyBy(left, sigma > 0 ? flip / sigma : 0);
      const residual = sigma > 0 ? ritz.residuals[k]! / sigma / scale : 0;
      return { value: sigma / scale, residual, left, right };
    }).sort((a, b) => b.value - a.value);
    return {
      values: Float64Array.from(found, ({ value }) => value),
      left: found.map(({ left }) => left),
      right: found.map(({ right }) => right),
      residuals: Float64Array.from(found, ({ residual }) => residual),
      converged,
    };
  }

  /**
   * Of combinations of the basis those along which A itself is largest: squares of its smallest singular values are
   * lost in the rounding of AᵀA's.
   */
  #refined(vectors: Float64Array, count: number, rows: number): Float64Array {
    const { done } = this, some = Math.min(done, 2 * count), gram = new Float64Array(some * some);
    const lefts = combine(this.#products, vectors.subarray(0, some * done), some, rows);
    for (let i = 0; i < some; i++) {
      for (let j = 0; j <= i; j++) gram[i * some + j] = dot(lefts[i]!, 0, lefts[j]!, 0, rows);
    }
    const { vectors: turned } = symmetricEigen(gram, some), shares = new Float64Array(count * done);
    for (let k = 0; k < count; k++) {
      for (let i = 0; i < some; i++) {
        const share = turned[k * some + i]!;
        for (let j = 0; j < done; j++) shares[k * done + j]! += share * vectors[i * done + j]!;
      }
    }
    return shares;
  }

  /** A random unit vector orthogonal to the basis. */
  #another(): Float64Array {
    const vector = Float64Array.from({ length: this.#n }, this.#random);
    orthogonalize(vector, this.#basis);
    multiplyBy(vector, 1 / normOf(vector));
    return vector;
  }
}
