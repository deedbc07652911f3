import type { Comparison } from "../compute/ops.ts";
import { BadRequest, NotFound } from "../errors.ts";
import { shapeOf } from "../field/versus.ts";
import type { TensorInfo } from "../formats/format.ts";
import type { Model } from "../model/model.ts";
import { namesakeOf, similarNames } from "../model/partners.ts";
import { comparisonOf } from "../modes/compared.ts";
import type { Options } from "../modes/mode.ts";

/** Another model, and how what is drawn is compared with it. */
export interface Against {
  readonly model: Model;
  readonly how: Comparison;
}

/** A tensor's partner in another model. */
export interface Rival extends Against {
  readonly tensor: TensorInfo;
}

/**
 * What options compare with; null for nothing. `modelOf` is the catalogue's, whose `NotFound`
 * becomes a `BadRequest` that names the models.
 */
export function againstOf(options: Options, modelOf: (id: string) => Model): Against | null {
  const comparison = comparisonOf(options);
  if (!comparison) return null;
  const { against, how } = comparison;
  try {
    return { model: modelOf(against), how };
  } catch (error) {
    if (!(error instanceof NotFound)) throw error;
    throw new BadRequest(`against: ${error.message}`, { parameter: "against", ...error.details });
  }
}

/** The tensor that one is compared with. Throws `BadRequest`, which says why there is none. */
export function rivalOf(model: Model, tensor: TensorInfo, against: Against): Rival {
  const { model: other } = against;
  const found = namesakeOf(model, tensor, other);
  const parameter = "against";
  if (!found) {
    const similar = similarNames(other, tensor.name);
    const names = similar.length > 0 ? `; similar are ${similar.join(", ")}` : "";
    throw new BadRequest(
      `"${tensor.name}" has no partner: model "${other.id}" has no tensor of that name${names}`,
      { parameter, found: other.id, expected: tensor.name, similar },
    );
  }
  const expected = shapeOf(tensor), shape = shapeOf(found);
  if (!isAlike(expected, shape)) {
    throw new BadRequest(
      `"${tensor.name}" has no partner: it is [${expected}], and [${shape}] in model "${other.id}"`,
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

/** Those of other models in which any of these tensors of a model has a partner. */
export function partnersOf(
  model: Model,
  tensors: readonly TensorInfo[],
  others: readonly Model[],
): Partner[] {
  const found = others.filter(({ id }) => id !== model.id).map((other) => {
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
