import type { Model } from "../model/model.ts";
import type { Parameter } from "./mode.ts";

/** The parameter that chooses among the moments of a capture, where there are several. */
export function stepParameters({ steps }: Pick<Model, "steps">): readonly Parameter[] {
  const values = steps.map(({ step }) => step);
  const [first, last] = [values[0], values.at(-1)];
  if (first === undefined || last === undefined || first === last) return [];
  return [{
    name: "step",
    title: "Step",
    about: "Of the training: all is shown as it was then.",
    type: "integer",
    default: last,
    minimum: first,
    maximum: last,
    values,
    plays: { step: 1, pace: 4 },
  }];
}
