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
  /** Whether all levels have it, not those with all figures alone. */
  readonly everywhere: boolean;
  /** What every entry holds where nothing is written. */
  readonly fill: number;
}

/** How figures of a layer are laid out. Those that differ in their fill value are images of their own. */
export const images = {
  mean: {
    name: "mean",
    about: "mean of a block's finite values",
    dtype: "float32",
    fields: ["mean"],
    everywhere: true,
    fill: NaN,
  },
  moments: {
    name: "moments",
    about: "sum of squared differences from the mean, extremes, sum of gradient magnitudes",
    dtype: "float32",
    fields: ["m2", "min", "max", "gradient"],
    everywhere: false,
    fill: 0,
  },
  counts: {
    name: "counts",
    about: "values of a block that are not finite or not there, above zero, zero, NaN, infinite",
    dtype: "uint32",
    // Most blocks are whole and finite: what their `count` lacks is kept, so that it is mostly 0.
    fields: ["count", "positive", "zero", "nan", "infinite"],
    everywhere: false,
    fill: 0,
  },
} as const satisfies Record<string, Image>;

/** What a channel is called on disk. */
export const channelName = (field: Field): string => field === "count" ? "absent" : field;
