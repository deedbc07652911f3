import type { Comparison } from "../compute/ops.ts";
import type { Option, Options, Parameter } from "./mode.ts";

/** The parameters of modes that can show how a model differs from another. */
export const comparisonParameters: readonly Parameter[] = [
  {
    name: "against",
    title: "Compare with",
    about:
      "An open model's id: shows how tensors differ from those of the same name and shape there, " +
      "or at another step of the same capture.",
    type: "model",
    default: null,
  },
  {
    name: "against_step",
    title: "At its step",
    about: "Of that model, where it is a capture: unless given the same step as is shown here, " +
      "or, where it has none of that number, its last.",
    type: "integer",
    default: null,
    minimum: 0,
  },
  {
    name: "compare",
    title: "Comparison",
    about: "difference: this − other; ratio: log₂ of |this| / |other|, 0 where they are equal; " +
      "signs: 1 where the sign differs, so that means are shares. All in float32, cell by cell.",
    type: "choice",
    default: "difference",
    choices: ["difference", "ratio", "signs"],
  },
];

/** What values are compared with, and how. */
export interface Compared {
  /** A model's id. */
  readonly against: string;
  /** A step of it; null for what stands for it unless one is given. */
  readonly step: number | null;
  readonly how: Comparison;
}

/** What is compared, and how; null where values are shown as they are. */
export function comparisonOf({ against, against_step: step, compare }: Options): Compared | null {
  if (typeof against !== "string") return null;
  return { against, step: typeof step === "number" ? step : null, how: compare as Comparison };
}

/** What stands for defaults that fit values to both sides of zero, where values are shares. */
const ofShares: Readonly<Record<string, readonly [usual: Option, fitting: Option]>> = {
  colormap: ["synaptile", "viridis"],
  normalize: ["tanh", "none"],
};

/** Options as they are drawn by: shares of sign changes run from 0 to 1, unless it is asked otherwise. */
export function fitting(options: Options): Options {
  if (comparisonOf(options)?.how !== "signs") return options;
  const fitted = Object.entries(ofShares).map(([name, [usual, fitting]]) =>
    [name, options[name] === usual ? fitting : options[name] ?? null] as const
  );
  return { ...options, ...Object.fromEntries(fitted) };
}

/** Whether colours stand for numbers that do not depend on any scale. */
export const isFixed = (options: Options): boolean =>
  options.range !== null || (fitting(options).normalize === "none" && options.clip === 0);

/** A legend's title: what one value is, of a "weight" or the like. */
export function titleOf(options: Options, value: string): string {
  const comparison = comparisonOf(options);
  if (!comparison) return value;
  const { against, step, how } = comparison;
  const other = step === null ? against : `${against} at step ${step}`;
  switch (how) {
    case "difference":
      return `${value} − that of ${other}`;
    case "ratio":
      return `log₂ |${value}| / that of ${other}`;
    case "signs":
      return `Sign changes against ${other}`;
  }
}

const definitions: Record<Comparison, string> = {
  difference: "x = this − other in float32",
  ratio: "x = log₂(|this| / |other|) in float32: 0/0 is NaN, x/0 is +∞, 0/x is −∞",
  signs: "x = 1 where the sign differs, 0 where it does not or either is 0; of blocks the share",
};

/** A normalisation in words, and what its x is where values are compared. */
export function withDefinition(options: Options, normalization: string): string {
  const comparison = comparisonOf(options);
  return comparison ? `${normalization}; ${definitions[comparison.how]}` : normalization;
}
