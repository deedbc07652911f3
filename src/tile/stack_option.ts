import { BadRequest } from "../errors.ts";
import type { TensorInfo } from "../formats/format.ts";
import type { Model } from "../model/model.ts";
import { siblingsOf } from "../model/siblings.ts";
import { findTensor, type Found } from "../model/views.ts";

/** Tensors of a stack: each is a layer that the engine knows meanwhile. */
const MOST = 1024;

/**
 * The tensors that the option `stack` puts one behind the other: that of each repeated block, or of
 * each layer on a list; without it the one that was found. Throws `BadRequest`, which says what was
 * found, where there are not at least two, and for a name that no layer has.
 */
export function stackOf(model: Model, found: Found, stack: string | null): readonly TensorInfo[] {
  if (stack === null) return [found.tensor];
  const tensors = stack === "blocks" ? ofBlocks(model, found) : ofList(model, found, stack);
  if (tensors.length > MOST) {
    throw refused(stack, `makes a stack of ${tensors.length} tensors, the limit is ${MOST}`, {
      ...{ found: tensors.length, maximum: MOST },
    });
  }
  return tensors;
}

/** Whether a tensor and those of other blocks can be a stack. */
export function isStackable(model: Model, found: Found): boolean {
  const { tensors = [] } = siblingsOf(model, found) ?? {};
  const shape = `${found.tensor.shape}`;
  return tensors.length > 1 && tensors.length <= MOST &&
    tensors.every((tensor) => `${tensor.shape}` === shape);
}

function ofBlocks(model: Model, found: Found): readonly TensorInfo[] {
  const siblings = siblingsOf(model, found);
  const { name } = found.tensor;
  if (!siblings) {
    const patterns = model.structure.blocks.map(({ pattern, count }) => `${pattern} (${count})`);
    const blocks = patterns.slice(0, 5).join(", ") || "none";
    throw refused(
      "blocks",
      `needs a layer of a repeated block: "${name}" lies in none, of ${blocks}`,
    );
  }
  const { pattern, tensors } = siblings;
  if (tensors.length > 1) return tensors;
  throw refused("blocks", `needs "${name}" in several blocks: ${pattern} has it in one`);
}

function ofList(model: Model, { tensor }: Found, stack: string): readonly TensorInfo[] {
  const tensors = stack.split(",").map((name) => {
    const { tensor } = findTensor(model, name) ?? {};
    if (tensor) return tensor;
    throw refused(stack, `names "${name}", of which model "${model.id}" has no layer or tensor`);
  });
  if (tensors.length < 2) {
    throw refused(
      stack,
      `names one layer: a stack is "blocks", or two or more, with commas between`,
    );
  }
  if (tensors.includes(tensor)) return tensors;
  throw refused(stack, `does not name "${tensor.name}", whose stack it is to be`, {
    expected: tensor.name,
  });
}

const refused = (stack: string, why: string, details: Record<string, unknown> = {}) =>
  new BadRequest(`stack=${stack} ${why}`, { parameter: "stack", found: stack, ...details });
