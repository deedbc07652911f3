import type { BlockStats } from "../../compute/ops.ts";

/** A figure of a block. */
export type Field = Exclude<keyof BlockStats, "width" | "height">;

/** An NGFF image of a layer: figures that are kept in one array a level. */
export interface Image {
  readonly name: string;
  readonly about: string;
  readonly dtype: "float32" | "uint32";
  /** Its channels; an image of one figure has no axis for them. */
  readonly fields: readonly Field[];
  /** Levels from the base to its first. */
  readonly skipped: 0 | 1;
  /** What every entry holds where nothing is written. */
  fill(log2: number): number;
}

const none = () => 0;

/** How figures of a layer are laid out. Those that differ in their fill value are images of their own. */
export const images: readonly Image[] = [
  {
    name: "mean",
    about: "mean of a block's finite values",
    dtype: "float32",
    fields: ["mean"],
    skipped: 0,
    fill: () => NaN,
  },
  {
    name: "moments",
    about: "sum of squared differences from the mean, extremes, sum of gradient magnitudes",
    dtype: "float32",
    fields: ["m2", "min", "max", "gradient"],
    skipped: 1,
    fill: none,
  },
  {
    name: "count",
    about: "finite values of a block",
    dtype: "uint32",
    fields: ["count"],
    skipped: 1,
    // Most blocks are whole and finite.
    fill: (log2) => log2 < 16 ? 4 ** log2 : 0,
  },
  {
    name: "counts",
    about: "values of a block above zero, equal to zero, NaN, infinite",
    dtype: "uint32",
    fields: ["positive", "zero", "nan", "infinite"],
    skipped: 1,
    fill: none,
  },
];
