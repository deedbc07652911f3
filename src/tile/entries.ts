import type { TensorInfo } from "../formats/format.ts";
import type { Model } from "../model/model.ts";
import { gradientsOf } from "../model/captured.ts";
import { isLatest } from "../model/steps.ts";
import { type Axes, fold } from "../field/plane.ts";
import { foldAgainst, foldWithSlope } from "../field/versus.ts";
import type { Rival } from "./against.ts";
import type { Derived, LayerEntry, Needs } from "./layer_entry.ts";
import { fetchOf, isFar } from "./remote.ts";
import { HELD } from "./sweep.ts";

/** What of a model an entry depends on. */
export type Dated = Pick<Model, "id" | "version" | "step">;

/** What of it is needed to make one. */
export type Opened = Dated & Pick<Model, "fetch" | "steps" | "layers">;

/** What is drawn of a tensor, and with what. */
export interface Folding {
  readonly axes?: Axes | undefined;
  readonly rival?: Rival | null;
}

/** Names the folding of a tensor, or of a part of one, in that version of the model. */
export function idOf(
  { id, version, step }: Dated,
  { name, shape }: Pick<TensorInfo, "name" | "shape">,
  { axes, rival }: Folding = {},
): string {
  // A mosaic of a tensor has its name, and other axes.
  const words: unknown[] = [id, version, step, name, shape, axes ?? null];
  if (rival) {
    const { model, tensor, how } = rival;
    words.push(model.id, model.version, model.step, tensor.name, how);
  }
  return JSON.stringify(words);
}

/** The models that an id, or what begins with one, is of: its own, and the one it is compared with. */
export function modelsOf(id: string): { readonly own: string; readonly rival?: string } {
  const [own, , , , , , rival] = JSON.parse(id.slice(0, id.lastIndexOf("]") + 1));
  return { own, rival };
}

/** An entry of which nothing is known. Throws `BadRequest` where the axes do not split the tensor's. */
export function makeEntry(
  model: Opened,
  tensor: TensorInfo,
  { axes, rival = null }: Folding,
  derived: Derived | null,
): LayerEntry {
  const { plane, fetch } = folded(model, tensor, { axes, rival }, derived);
  const { islands } = derived ?? {};
  return {
    id: idOf(model, tensor, { axes, rival }),
    isDefault: !axes && !rival && !derived && isLatest(model),
    ...{ plane: islands ? { ...plane, islands } : plane, fetch },
    ...(derived ? { derived } : {}),
    ...{ facts: null, channels: null, pyramid: null, stored: null },
  };
}

function folded(
  model: Opened,
  tensor: TensorInfo,
  { axes, rival }: Folding,
  derived: Derived | null,
): Pick<LayerEntry, "plane" | "fetch"> {
  const fetch = isFar(tensor.source) ? model.fetch ?? null : null;
  if (!rival) {
    const gradient = derived ? undefined : gradientsOf(model.layers).get(tensor.name);
    const plane = gradient ? foldWithSlope(tensor, gradient, axes) : fold(tensor, axes);
    return { plane, fetch };
  }
  const far = fetch !== null || isFar(rival.tensor.source);
  return {
    plane: foldAgainst(tensor, rival.tensor, rival.how, axes),
    fetch: far ? fetchOf({ ...model, tensors: [tensor] }, rival.model) ?? null : null,
  };
}

/** Whether something of the channels is asked for, and there to be found, that is not known. */
export function lacksChannels(
  { plane: { tensor, cells }, channels }: LayerEntry,
  needs: Needs,
): boolean {
  if (needs.channels === "none" || tensor.shape.length < 2) return false;
  return needs.channels === "dominant" && cells <= HELD ? !channels?.dominant : !channels;
}
