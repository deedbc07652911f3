import { planesOf, shapeOf } from "../analysis/derive/table.ts";
import { NotFound, TooLarge } from "../errors.ts";
import type { Part } from "../field/part.ts";
import { describeAxes, slopesOf, TILE } from "../field/plane.ts";
import { elementCount, type TensorInfo } from "../formats/format.ts";
import type { Layer, Model } from "../model/model.ts";
import { isCurrent } from "../model/steps.ts";
import { findTensor, type Found } from "../model/views.ts";
import { canonicalQuery, parseOptions } from "../modes/options.ts";
import type { Mode, Options } from "../modes/mode.ts";
import { modes } from "../modes/table.ts";
import { againstOf, rivalOf, STEP, stepsOf, versionOf, withStep } from "./against.ts";
import type { Derived, LayerEntry } from "./layer_entry.ts";
import type { Layers } from "./layers.ts";
import { madeTensor } from "./made_tensor.ts";
import { type NetworkModel, networkOf } from "./networks.ts";
import type { View } from "./tile.ts";

/** A view, and the layer that it is drawn of. */
export interface OpenView extends View {
  readonly layer: Layer;
  readonly mode: Mode;
  readonly entry: LayerEntry;
  /** The cells' places in the tensor, where not all of it is drawn as it is. */
  readonly part: Part | null;
  /** What the mode draws with besides. */
  readonly network: NetworkModel | null;
}

/** Elements of what is made of a tensor, at most. */
const MOST = 2 ** 28;
// Views remembered by their URL's words: parsing and validating a query costs more than a look-up.
const KNOWN = 4096;

/** Views that were asked for lately. */
export class Views {
  readonly #known = new Map<string, OpenView>();

  /** `modelOf` answers a model as its files are now. */
  constructor(
    private readonly layers: Layers,
    private readonly modelOf: (id: string) => Model,
  ) {}

  /** The view of a layer or tensor in a mode. Throws `NotFound`, and `BadRequest` for the query. */
  open(model: Model, layer: string, mode: string, query: URLSearchParams): OpenView {
    const { version, id, step } = model;
    const key = JSON.stringify([version, id, step, layer, mode, query.toString()]);
    let view = this.#known.get(key);
    if (!view || !this.#isCurrent(view)) {
      view = open(this.layers, model, layer, mode, query, this.modelOf);
      if (view.entry.derived) this.#letGo();
      if (this.#known.size >= KNOWN) this.#known.clear();
      this.#known.set(key, view);
    }
    return view;
  }

  /**
   * What pictures of 2^`log2` cells a pixel are drawn of where this view is asked for: in some modes
   * zooms have their own.
   */
  zoomed(view: OpenView, log2: number): OpenView {
    const { model, tensor, mode, plane: { nativeZoom } } = view;
    const options = mode.zoomed?.(view.options, nativeZoom - log2, nativeZoom);
    if (!options) return view;
    return this.open(model, tensor, mode.name, new URLSearchParams(canonicalQuery(mode, options)));
  }

  /** Views that are remembered. */
  get size(): number {
    return this.#known.size;
  }

  #isCurrent({ entry, against, network }: OpenView): boolean {
    return this.#isKept(entry) &&
      [against?.model, network?.model].every((other) => !other || isCurrent(other, this.modelOf));
  }

  #isKept(entry: LayerEntry): boolean {
    return !entry.derived || this.layers.holds(entry);
  }

  /** Forgets views of what was made and is no longer kept: they hold its memory. */
  #letGo(): void {
    for (const [key, { entry }] of this.#known) {
      if (!this.#isKept(entry)) this.#known.delete(key);
    }
  }

  clear(): void {
    this.#known.clear();
  }
}

function open(
  layers: Layers,
  model: Model,
  layerName: string,
  modeName: string,
  query: URLSearchParams,
  modelOf: (id: string) => Model,
): OpenView {
  const { layer, tensor: asked } = findLayer(model, layerName);
  const mode = modes.find(({ name }) => name === modeName);
  if (!mode) {
    const allowed = modes.map(({ name }) => name);
    const message = `there is no mode "${modeName}"; there are ${allowed.join(", ")}`;
    throw new NotFound(message, { mode: modeName, allowed });
  }
  const named = { ...layer, main: asked };
  const missing = mode.missing(named);
  if (missing) {
    const message = `mode "${mode.name}" cannot show "${asked.name}": it needs ${missing}`;
    throw new NotFound(message, { mode: mode.name, layer: asked.name, missing });
  }
  const info = mode.subject?.(named) ?? asked;
  const given = parseOptions(mode, query, ["v", "step"]);
  const against = againstOf(model, given, modelOf);
  const options = withStep(given, against);
  const { part, tensor, derived } = partOf(layers, model, mode, options, info);
  const network = networkOf(mode, options, modelOf);
  const rival = against && rivalOf(model, info, against);
  const entry = layers.entry(model, tensor, mode.axes(options), rival, derived);
  const { plane } = entry;
  return {
    model,
    layer,
    tensor: info.name,
    mode,
    options,
    query: canonicalQuery(mode, options),
    entry,
    part,
    plane: {
      width: plane.width,
      height: plane.height,
      tileSize: TILE,
      nativeZoom: plane.nativeZoom,
      minZoom: 0,
      maxZoom: plane.nativeZoom + mode.overzoom,
      axes: { ...plane.axes, about: describeAxes(plane) },
    },
    ...(mode.gradient ? { slopes: slopesOf(plane) } : {}),
    ...(mode.parameters.some(({ name }) => name === STEP) ? stepsOf(model, against) : {}),
    against,
    network,
    version: versionOf(model, against ?? network),
  };
}

/** The layer and the tensor that a name stands for. Throws `NotFound`, which names some others. */
export function findLayer(model: Model, name: string): Found {
  const found = findTensor(model, name);
  if (found) return found;
  const near = model.layers.slice(0, 5).map((layer) => layer.name).join(", ");
  const when = model.step === null ? "" : ` at step ${model.step}`;
  throw new NotFound(
    `model "${model.id}"${when} has no layer or tensor "${name}"; of its ${model.layers.length} the first are ${near}`,
    { model: model.id, layer: name },
  );
}

/** What a mode draws of a tensor, and how that is made where no file has it. */
function partOf(
  layers: Layers,
  model: Model,
  mode: Mode,
  options: Options,
  info: TensorInfo,
): { readonly part: Part | null; readonly tensor: TensorInfo; readonly derived: Derived | null } {
  const known = new Map<TensorInfo, Derived>();
  const part = mode.part?.(options, info, (from, recipe, name) => {
    const shape = shapeOf(recipe, from.shape), count = elementCount(shape);
    if (count > MOST) {
      const sentence = `"${name}" would have ${count} elements, of which ${MOST} can be made`;
      throw new TooLarge(sentence, { found: count, limit: MOST });
    }
    const memory = new SharedArrayBuffer(4 * count * planesOf(recipe));
    // What is made may be of what is made first.
    const entry = layers.entry(model, from, undefined, null, known.get(from) ?? null);
    const tensor = madeTensor(name, shape, memory);
    known.set(tensor, { parts: [{ from: entry, recipe }], memory, notes: null, readers: 0 });
    return tensor;
  });
  const tensor = part?.tensor ?? info;
  const derived = known.values().find(({ memory }) => isOf(tensor, memory)) ?? null;
  return { part: part ?? null, tensor, derived };
}

/** Whether a tensor's cells are in this memory, however they are folded. */
const isOf = ({ source }: TensorInfo, memory: SharedArrayBuffer): boolean =>
  source.kind === "memory" && source.bytes.buffer === memory;
