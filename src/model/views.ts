import type { TensorInfo } from "../formats/format.ts";
import type { Layer, Model } from "./model.ts";

/** The layer that a name stands for, and what is drawn of it. */
export interface Found {
  readonly layer: Layer;
  readonly tensor: TensorInfo;
}

/** The layer of that name with its main tensor, or the tensor or view of that name with its layer. */
export function findTensor({ layers, views }: Model, name: string): Found | undefined {
  const layer = layers.find((layer) => layer.name === name);
  if (layer) return { layer, tensor: layer.main };
  const view = views.find((view) => view.name === name);
  for (const layer of layers) {
    const tensor = layer.tensors.find((tensor) => tensor.name === name);
    if (tensor) return { layer, tensor };
    if (view && looksAt(view, layer)) return { layer, tensor: view };
  }
}

/** The views of a layer's tensors. */
export const viewsOf = ({ views }: Model, layer: Layer): readonly TensorInfo[] =>
  views.filter((view) => looksAt(view, layer));

/** A view is named for its tensor: "fc.weight:scale" looks at "fc.weight". */
const looksAt = (view: TensorInfo, { tensors }: Layer): boolean => {
  const name = view.name.slice(0, view.name.lastIndexOf(":"));
  return tensors.some((tensor) => tensor.name === name);
};
