import type { Comparison } from "../compute/ops.ts";
import { BadRequest, NotFound, type SynaptileError } from "../errors.ts";
import { shapeOf } from "../field/versus.ts";
import type { TensorInfo } from "../formats/format.ts";
import type { Model } from "../model/model.ts";
import { namesakeOf, similarNames } from "../model/partners.ts";
import { atStepOf } from "../model/steps.ts";
import { comparisonOf } from "../modes/compared.ts";
import type { Options } from "../modes/mode.ts";
import type { View } from "./tile.ts";

/** Another model, or a capture at another step, and how what is drawn is compared with it. */
export interface Against {
  readonly model: Model;
  readonly how: Comparison;
}

/** A tensor's partner in another model. */
export interface Rival extends Against {
  readonly tensor: TensorInfo;
}

/**
 * What options compare a model with; null for nothing. `modelOf` is the catalogue's, whose `NotFound`
 * becomes a `BadRequest` that names the models. Throws `BadRequest` for a step that is not there.
 */
export function againstOf(
  model: Model,
  options: Options,
  modelOf: (id: string) => Model,
): Against | null {
  const comparison = comparisonOf(options);
  if (!comparison) return null;
  const { against, step, how } = comparison;
  const named = (parameter: string, error: SynaptileError) =>
    new BadRequest(`${parameter}: ${error.message}`, { ...error.details, parameter });
  let other: Model;
  try {
    other = modelOf(against);
  } catch (error) {
    throw error instanceof NotFound ? named("against", error) : error;
  }
  try {
    return { model: step === null ? atStepOf(other, model) : other.at(step), how };
  } catch (error) {
    throw error instanceof BadRequest ? named(STEP, error) : error;
  }
}

/** The parameter that chooses the other model's step. */
export const STEP = "against_step";

/** Options that name the step that is compared with, where there is one. */
export const withStep = (options: Options, against: Against | null): Options =>
  against ? { ...options, [STEP]: against.model.step } : options;

/** What is to be known of the parameter that chooses the step: its range, or that it says nothing. */
export function stepsOf(model: Model, against: Against | null): Pick<View, "ranges" | "idle"> {
  const values = against?.model.steps.map(({ step }) => step) ?? [];
  const [first, last] = [values[0], values.at(-1)];
  if (first === undefined || last === undefined || first === last) return { idle: [STEP] };
  const usual = values.includes(model.step ?? NaN) ? model.step! : last;
  return { ranges: { [STEP]: { minimum: first, maximum: last, default: usual, values } } };
}

/** The tensor that one is compared with. Throws `BadRequest`, which says why there is none. */
export function rivalOf(model: Model, tensor: TensorInfo, against: Against): Rival {
  const { model: other } = against;
  const found = namesakeOf(model, tensor, other);
  const parameter = "against";
  const there = `model "${other.id}"${other.step === null ? "" : ` at step ${other.step}`}`;
  if (!found) {
    const similar = similarNames(other, tensor.name);
    const names = similar.length > 0 ? `; similar are ${similar.join(", ")}` : "";
    throw new BadRequest(
      `"${tensor.name}" has no partner: ${there} has no tensor of that name${names}`,
      { parameter, found: other.id, expected: tensor.name, similar },
    );
  }
  const expected = shapeOf(tensor), shape = shapeOf(found);
  if (!isAlike(expected, shape)) {
    throw new BadRequest(
      `"${tensor.name}" has no partner: it is [${expected}], and [${shape}] in ${there}`,
      { parameter, found: shape, expected },
    );
  }
  return { ...against, tensor: found };
}

/** The same without a word: null where there is none. */
export function findRival(model: Model, tensor: TensorInfo, against: Against): Rival | null {
  const found = namesakeOf(model, tensor, against.model);
  return found && isAlike(shapeOf(tensor), shapeOf(found)) ? { ...against, tensor: found } : null;
}

/** A model that can be compared with, and how many of the tensors have partners there. */
export interface Partner {
  readonly model: Model;
  readonly tensors: number;
}

/**
 * Those of other models in which any of these tensors of a model has a partner, each at the step that
 * it is compared at unless another is asked for; a capture of several steps is one for itself.
 */
export function partnersOf(
  model: Model,
  tensors: readonly TensorInfo[],
  others: readonly Model[],
): Partner[] {
  const isOther = ({ id, steps }: Model) => id !== model.id || steps.length > 1;
  const found = others.filter(isOther).map((last) => {
    const other = atStepOf(last, model);
    const against = { model: other, how: "difference" } as const;
    const matched = tensors.filter((tensor) => findRival(model, tensor, against) !== null);
    return { model: other, tensors: matched.length };
  });
  return found.filter(({ tensors }) => tensors > 0);
}

/** What an answer follows from: a model's version, and that of the one it is compared or drawn with. */
export const versionOf = (model: Model, against: Pick<Against, "model"> | null): string =>
  against ? `${model.version}-${against.model.version}` : model.version;

const isAlike = (a: readonly number[], b: readonly number[]) =>
  a.length === b.length && a.every((extent, i) => extent === b[i]);
