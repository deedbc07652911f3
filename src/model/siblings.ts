import type { TensorInfo } from "../formats/format.ts";
import type { Layer, Model } from "./model.ts";
import { partsOf } from "./tree.ts";
import { type Found, viewsOf } from "./views.ts";

/** The same tensor in each block of a family. */
export interface Siblings {
  /** The layers' name, "*" for the number of their block: "blocks.*.fc". */
  readonly pattern: string;
  /** In the order in which the layers compute; blocks without it are left out. */
  readonly tensors: readonly TensorInfo[];
}

const families = new WeakMap<readonly Layer[], ReadonlyMap<string, readonly Layer[]>>();

/**
 * The tensors that are what this one is in the other blocks of the innermost family around its layer,
 * itself among them; null where the layer lies in no block that repeats.
 */
export function siblingsOf(model: Model, { layer, tensor }: Found): Siblings | null {
  const pattern = patternOf(layer);
  if (pattern === null) return null;
  let family = families.get(model.layers);
  if (!family) families.set(model.layers, family = byPattern(model.layers));
  const tensors = family.get(pattern)!.flatMap((other) =>
    other === layer ? tensor : likeIn(model, other, { layer, tensor }) ?? []
  );
  return { pattern, tensors };
}

function byPattern(layers: readonly Layer[]): Map<string, Layer[]> {
  const found = new Map<string, Layer[]>();
  for (const layer of layers) {
    const pattern = patternOf(layer);
    if (pattern === null) continue;
    const others = found.get(pattern);
    if (others) others.push(layer);
    else found.set(pattern, [layer]);
  }
  return found;
}

/** A layer's name without the number of the innermost block around it. */
function patternOf({ name, block }: Layer): string | null {
  if (!block) return null;
  const parts = partsOf(name), depth = partsOf(block.pattern).length;
  const stem = parts[depth - 1]!.replace(/\d+$/, "");
  return [...parts.slice(0, depth - 1), `${stem}*`, ...parts.slice(depth)].join("");
}

/** The tensor of another layer that has the same last name, or is the main one of both. */
function likeIn(model: Model, other: Layer, { layer, tensor }: Found): TensorInfo | undefined {
  if (!tensor.name.startsWith(layer.name)) {
    return tensor === layer.main ? other.main : undefined;
  }
  const name = other.name + tensor.name.slice(layer.name.length);
  return [...other.tensors, ...viewsOf(model, other)].find((tensor) => tensor.name === name);
}
