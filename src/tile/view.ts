import { planesOf, shapeOf } from "../analysis/derive/table.ts";
import { NotFound, TooLarge } from "../errors.ts";
import type { Layout } from "../field/layout.ts";
import type { Part } from "../field/part.ts";
import { describeAxes, type Plane, slopesOf, TILE } from "../field/plane.ts";
import { elementCount, type TensorInfo } from "../formats/format.ts";
import type { Layer, Model } from "../model/model.ts";
import { isCurrent } from "../model/steps.ts";
import { findTensor, type Found } from "../model/views.ts";
import { canonicalQuery, parseOptions } from "../modes/options.ts";
import type { Mode, Options, WholeMode } from "../modes/mode.ts";
import { modes } from "../modes/table.ts";
import { WHOLE } from "./address.ts";
import { againstOf, rivalOf, STEP, stepsOf, versionOf, withStep } from "./against.ts";
import type { Derived, LayerEntry } from "./layer_entry.ts";
import { Landscapes } from "./landscapes.ts";
import type { Layers } from "./layers.ts";
import { madeTensor } from "./made_tensor.ts";
import { type NetworkModel, networkOf } from "./networks.ts";
import type { PlaneInfo, View } from "./tile.ts";

/** A view, and what it is drawn of. */
export interface OpenView extends View {
  readonly mode: Mode;
  readonly entry: LayerEntry;
  /** The cells' places in the tensor, where not all of it is drawn as it is. */
  readonly part: Part | null;
  /** Where the tensors of a whole model lie, of which each cell tells something. */
  readonly layout: Layout | null;
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
  readonly #landscapes: Landscapes;

  /** `modelOf` answers a model as its files are now. */
  constructor(
    private readonly layers: Layers,
    private readonly modelOf: (id: string) => Model,
  ) {
    this.#landscapes = new Landscapes(layers);
  }

  /** The view of a layer or tensor in a mode. Throws `NotFound`, and `BadRequest` for the query. */
  open(model: Model, layer: string, mode: string, query: URLSearchParams): OpenView {
    return this.#kept(
      model,
      [layer, mode, query.toString()],
      () => open(this.layers, model, layer, mode, query, this.modelOf),
    );
  }

  /** The view of a whole model. Throws `BadRequest` for the query, and what making it throws. */
  whole(model: Model, mode: WholeMode, query: URLSearchParams): OpenView {
    return this.#kept(
      model,
      [WHOLE, mode.name, query.toString()],
      () => openWhole(this.#landscapes, model, mode, query),
    );
  }

  /** A view that is remembered by such words, opened where it is not. */
  #kept(model: Model, words: readonly string[], open: () => OpenView): OpenView {
    const { version, id, step } = model;
    const key = JSON.stringify([version, id, step, ...words]);
    let view = this.#known.get(key);
    if (!view || !this.#isCurrent(view)) {
      view = open();
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
  const { part, tensor, derived } = partOf(layers, model, mode, options, info, named);
  const network = networkOf(mode, options, modelOf);
  const rival = against && rivalOf(model, info, against);
  const entry = layers.entry(model, tensor, mode.axes(options), rival, derived);
  return {
    model,
    layer,
    tensor: info.name,
    mode,
    options,
    query: canonicalQuery(mode, options),
    entry,
    part,
    layout: null,
    plane: describePlane(entry.plane, mode),
    ...(mode.gradient ? { slopes: slopesOf(entry.plane) } : {}),
    made: derived !== null || against !== null,
    ...(mode.parameters.some(({ name }) => name === STEP) ? stepsOf(model, against) : {}),
    against,
    network,
    version: versionOf(model, against ?? network),
  };
}

function openWhole(
  landscapes: Landscapes,
  model: Model,
  mode: WholeMode,
  query: URLSearchParams,
): OpenView {
  const options = parseOptions(mode, query, ["v", "step"]);
  const { layout, entry } = landscapes.of(model, mode, options);
  const about = `${layout.planes.length} tensors, each in its place`;
  return {
    ...{ model, layer: null, tensor: WHOLE, mode, options },
    query: canonicalQuery(mode, options),
    ...{ entry, layout, part: null },
    plane: { ...describePlane(entry.plane, mode), axes: { rows: [], columns: [], about } },
    ...{ made: true, against: null, network: null, version: model.version },
  };
}

const describePlane = (plane: Plane, mode: Mode): PlaneInfo => ({
  width: plane.width,
  height: plane.height,
  tileSize: TILE,
  nativeZoom: plane.nativeZoom,
  minZoom: 0,
  maxZoom: plane.nativeZoom + mode.overzoom,
  axes: { ...plane.axes, about: describeAxes(plane) },
});

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
  layer: Layer,
): { readonly part: Part | null; readonly tensor: TensorInfo; readonly derived: Derived | null } {
  const known = new Map<TensorInfo, Derived>();
  const part = mode.part?.(options, info, (from, recipe, name) => {
    const shape = shapeOf(recipe, from.shape), count = elementCount(shape);
    const all = count * planesOf(recipe);
    if (all > MOST) {
      const sentence = `"${name}" would have ${all} elements, of which ${MOST} can be made`;
      throw new TooLarge(sentence, { found: all, limit: MOST });
    }
    const memory = new SharedArrayBuffer(4 * all);
    // What is made may be of what is made first.
    const entry = layers.entry(model, from, undefined, null, known.get(from) ?? null);
    const tensor = madeTensor(name, shape, memory), parts = [{ from: entry, recipe }];
    const fetch = model.fetch ? { fetch: model.fetch } : {};
    known.set(tensor, { parts, ...fetch, memory, notes: null, backend: null, readers: 0 });
    return tensor;
  }, layer);
  const tensor = part?.tensor ?? info;
  const derived = known.values().find(({ memory }) => isOf(tensor, memory)) ?? null;
  return { part: part ?? null, tensor, derived };
}

/** Whether a tensor's cells are in this memory, however they are folded. */
const isOf = ({ source }: TensorInfo, memory: SharedArrayBuffer): boolean =>
  source.kind === "memory" && source.bytes.buffer === memory;
