import type { TensorInfo } from "../formats/format.ts";
import { layerName } from "./layers.ts";
import type { Layer, Model } from "./model.ts";

/** The layer that a name stands for, and what is drawn of it. */
export interface Found {
  readonly layer: Layer;
  readonly tensor: TensorInfo;
}

const indices = new WeakMap<readonly Layer[], ReadonlyMap<string, Found>>();

/**
 * The layer of that name with its main tensor, or the tensor or view of that name with its layer.
 * The names of tied tensors, and of layers that have no others, stand for those they are tied to.
 */
export function findTensor(model: Model, name: string): Found | undefined {
  let index = indices.get(model.layers);
  if (!index) indices.set(model.layers, index = indexOf(model));
  return index.get(name);
}

function indexOf({ layers, views, structure }: Model): Map<string, Found> {
  const index = new Map<string, Found>();
  const add = (name: string, found: Found | undefined) => {
    if (found && !index.has(name)) index.set(name, found);
  };
  const tensors = new Map<string, Found>();
  for (const layer of layers) {
    index.set(layer.name, { layer, tensor: layer.main });
    for (const tensor of layer.tensors) tensors.set(tensor.name, { layer, tensor });
    for (const { tensor } of layer.captured) tensors.set(tensor.name, { layer, tensor });
  }
  for (const [name, found] of tensors) add(name, found);
  for (const tensor of views) {
    const found = tensors.get(lookedAt(tensor));
    add(tensor.name, found && { layer: found.layer, tensor });
  }
  for (const [alias, name] of structure.aliases) add(alias, tensors.get(name));
  for (const [alias, name] of structure.aliases) add(layerName(alias), tensors.get(name));
  return index;
}

const byTensor = new WeakMap<readonly TensorInfo[], Map<string, TensorInfo[]>>();

/** The views of a layer's tensors. */
export function viewsOf({ views }: Model, { tensors }: Layer): readonly TensorInfo[] {
  let known = byTensor.get(views);
  if (!known) byTensor.set(views, known = Map.groupBy(views, lookedAt));
  return tensors.flatMap(({ name }) => known.get(name) ?? []);
}

/** A view is named for its tensor: "fc.weight:scale" looks at "fc.weight". */
const lookedAt = ({ name }: TensorInfo): string => name.slice(0, name.lastIndexOf(":"));
