import { NotFound } from "../errors.ts";
import { describeAxes, TILE } from "../field/plane.ts";
import type { Layer, Model } from "../model/model.ts";
import { findTensor, type Found } from "../model/views.ts";
import { canonicalQuery, parseOptions } from "../modes/options.ts";
import type { Mode } from "../modes/mode.ts";
import { modes } from "../modes/table.ts";
import { againstOf, rivalOf, versionOf } from "./against.ts";
import type { LayerEntry } from "./layer_entry.ts";
import type { Layers } from "./layers.ts";
import { type NetworkModel, networkOf } from "./networks.ts";
import type { View } from "./tile.ts";

/** A view, and the layer that it is drawn of. */
export interface OpenView extends View {
  readonly layer: Layer;
  readonly mode: Mode;
  readonly entry: LayerEntry;
  /** What the mode draws with besides. */
  readonly network: NetworkModel | null;
}

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
    const key = JSON.stringify([model.version, model.id, layer, mode, query.toString()]);
    let view = this.#known.get(key);
    const others = [view?.against?.model, view?.network?.model];
    if (!view || others.some((other) => other && this.modelOf(other.id) !== other)) {
      view = open(this.layers, model, layer, mode, query, this.modelOf);
      if (this.#known.size >= KNOWN) this.#known.clear();
      this.#known.set(key, view);
    }
    return view;
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
  const options = parseOptions(mode, query, ["v", "step"]);
  const against = againstOf(options, modelOf);
  const network = networkOf(mode, options, modelOf);
  const rival = against && rivalOf(model, info, against);
  const entry = layers.entry(model, info, mode.axes(options), rival);
  const { plane } = entry;
  return {
    model,
    layer,
    tensor: info.name,
    mode,
    options,
    query: canonicalQuery(mode, options),
    entry,
    plane: {
      width: plane.width,
      height: plane.height,
      tileSize: TILE,
      nativeZoom: plane.nativeZoom,
      minZoom: 0,
      maxZoom: plane.nativeZoom + mode.overzoom,
      axes: { ...plane.axes, about: describeAxes(plane) },
    },
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
