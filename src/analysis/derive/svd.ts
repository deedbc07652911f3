import { BadRequest } from "../../errors.ts";
import { NotFinite, openBands } from "../row_bands.ts";
import { type TruncatedSvd, truncatedSvd } from "../truncated_svd.ts";
import type { Deriver, Notes, Sides } from "./recipe.ts";

/** Elements read at once. */
const PART = 1 << 18;

/** Rows and columns of a tensor's view [first axis, all others]. */
export function sidesOf(shape: readonly number[]): { rows: number; columns: number } {
  const [rows, ...others] = shape;
  if (rows === undefined || others.length === 0) {
    throw new BadRequest(`singular values need a tensor of two axes or more, found [${shape}]`, {
      ...{ found: shape, expected: "two axes or more" },
    });
  }
  return { rows, columns: others.reduce((product, side) => product * side, 1) };
}

/**
 * The largest singular values of a tensor's view [first axis, all others], and their vectors: a row each
 * of σ, u and v, the value and then the vectors; zeros where there are fewer. Throws `BadRequest` where
 * numbers are not finite.
 */
export const svd: Deriver<"svd"> = {
  shape({ count }, from) {
    const { rows, columns } = sidesOf(from);
    return [Math.min(count, rows, columns), 1 + rows + columns];
  },

  async fill({ count }, { shape, read }, into, { ops, cancelled }) {
    const sides = { ...sidesOf(shape), count };
    const bands = await openBands({ ...sides, read }, ops, cancelled).catch((error) => {
      throw error instanceof NotFinite ? new BadRequest(error.message, {}, error) : error;
    });
    try {
      return write(sides, await truncatedSvd(bands, count), into);
    } finally {
      bands.close();
    }
  },

  singular: {
    sides: ({ count }, from) => ({ ...sidesOf(from), count }),
    matrix(_, { read }, matrix, { cancelled }) {
      for (let from = 0; from < matrix.length; from += PART) {
        cancelled();
        matrix.set(read(from, Math.min(PART, matrix.length - from)), from);
      }
    },
    finish: (sides, _, found, into) => write(sides, found, into),
  },
};

function write({ rows, columns }: Sides, found: TruncatedSvd, into: Float32Array): Notes {
  for (const [i, value] of found.values.entries()) {
    const at = i * (1 + rows + columns);
    into[at] = value;
    into.set(found.left[i]!, at + 1);
    into.set(found.right[i]!, at + 1 + rows);
  }
  return {};
}

/** Σ σ·u·vᵀ over the largest components, of what `svd` made of a tensor of `rows` × `columns`. */
export const lowRank: Deriver<"low-rank"> = {
  shape: ({ shape }) => shape,

  fill({ shape, rank, share }, { shape: [count = 0, length = 0], read }, into, { cancelled }) {
    const { rows, columns } = sidesOf(shape);
    const components = Array.from({ length: count }, (_, i) => read(i * length, length).slice());
    const largest = components[0]?.[0] ?? 0;
    const shown = components.filter(([value = 0], i) =>
      rank === null ? value > 0 && value >= largest * share : i < rank
    );
    for (let row = 0; row < rows; row++) {
      cancelled();
      const at = into.subarray(row * columns, (row + 1) * columns).fill(0);
      for (const component of shown) {
        const factor = component[0]! * component[1 + row]!;
        for (let i = 0, from = 1 + rows; i < columns; i++) at[i]! += factor * component[from++]!;
      }
    }
    return shown.length === rank ? {} : { components: [shown.length] };
  },
};
