import type { TensorInfo } from "../formats/format.ts";
import type { Layer, Model } from "../model/model.ts";
import { RAMP } from "../compute/ops.ts";
import { viewsOf } from "../model/views.ts";
import { hex, palette } from "../modes/colour.ts";
import type { Look, MapMode, WholeMode } from "../modes/mode.ts";
import { stepParameters } from "../modes/step_parameter.ts";
import { elements } from "../run/elements.ts";
import { picturePath, queryString, segment, WHOLE } from "./address.ts";
import type { Body } from "./body.ts";
import { askedOf, links, pathOf, tileTemplate } from "./links.ts";
import { formats, type LayerMode, type View } from "./tile.ts";

// The catalogue's JSON, as HTTP and the command line both answer it. `base` stands before every
// path: "" for paths on the same host.

/** One of `GET /models`. */
export const describeBriefly = (model: Model, base = "") => ({
  id: model.id,
  title: model.title,
  format: model.format,
  parameters: model.parameters,
  bytes: model.bytes,
  version: model.version,
  layers: model.layers.length,
  url: modelUrl(model, base),
});

/** `GET /models/{model}`. */
export const describeModel = (model: Model, modes: readonly LayerMode[], base = "") => ({
  id: model.id,
  title: model.title,
  format: model.format,
  version: model.version,
  remote: model.fetch !== undefined,
  parameters: model.parameters,
  bytes: model.bytes,
  failures: model.failures,
  metadata: model.metadata,
  ...timeOf(model),
  ...runOf(model, base),
  structure: describeStructure(model),
  tensors: model.tensors.map((tensor) => ({ ...describeTensor(tensor), ...ties(model, tensor) })),
  views: model.views.map(describeTensor),
  layers: model.layers.map((layer) => ({
    name: layer.name,
    kind: layer.kind,
    role: layer.role,
    block: layer.block,
    inputs: layer.inputs,
    aliases: layer.aliases,
    shape: layer.main.shape,
    dtype: layer.main.dtype,
    parameters: layer.parameters,
    modes: ordered(modes, layer).filter((mode) => mode.missing(layer) === null)
      .map(({ name }) => name),
    tensors: layer.tensors.map(({ name }) => name),
    captured: layer.captured.map(({ kind, tensor: { name } }) => ({ kind, name })),
    views: viewsOf(model, layer).map(({ name }) => name),
    url: `${modelUrl(model, base)}/${segment(layer.name)}`,
  })),
});

/** Of a capture, its moments, and the one that all else is of. */
const timeOf = ({ step, steps }: Model) => ({
  ...(step === null ? {} : { step }),
  steps: steps.map(({ step, facts }) => ({ step, ...facts })),
});

/** Of a network that can be run: where, and on what. Sides that may be any have names, or are "?". */
const runOf = ({ network }: Model, base: string) =>
  network
    ? {
      run: {
        model: network.id,
        url: `${modelUrl(network, base)}/forward`,
        inputs: network.inputs.map(({ name, tensor }) => ({
          name,
          type: tensor?.element ?? null,
          dtype: elements.find(({ onnx }) => onnx === tensor?.element)?.dtype ?? null,
          shape: tensor?.sides?.map((side) => /^\d+$/.test(side) ? Number(side) : side) ?? null,
        })),
      },
    }
    : {};

/** How the layers belong together, what the file itself says of that, and what is left out. */
function describeStructure({ structure, ignored }: Model) {
  const { order, blocks, joins, edges, facts } = structure;
  const declared = Object.entries(facts).filter(([, value]) => value !== null);
  return { order, blocks, joins, edges, declared: Object.fromEntries(declared), ignored };
}

/** Whose bytes a tensor has. */
function ties({ structure: { aliases, shared } }: Model, { name }: TensorInfo) {
  const aliasOf = aliases.get(name), sharesWith = shared.get(name);
  return { ...(aliasOf ? { aliasOf } : {}), ...(sharesWith ? { sharesWith } : {}) };
}

const modelUrl = ({ id }: Pick<Model, "id">, base: string) => `${base}/models/${segment(id)}`;

const describeTensor = ({ name, dtype, shape, bytes, note }: TensorInfo) => ({
  name,
  dtype,
  shape,
  bytes,
  ...(note === undefined ? {} : { note }),
});

/** Modes in the order in which they are offered: first what was made for a tensor like the main one. */
function ordered(modes: readonly LayerMode[], layer: Layer): readonly LayerMode[] {
  const isFor = (mode: LayerMode) =>
    Number("subject" in mode && mode.subject?.(layer) === layer.main);
  return modes.toSorted((a, b) => isFor(b) - isFor(a));
}

/** `GET /models/{model}/{layer}`: `tensor` is the one drawn, or a view of one. */
export function describeLayer(
  model: Model,
  layer: Layer,
  tensor: string,
  modes: readonly LayerMode[],
  base = "",
) {
  const views = viewsOf(model, layer);
  const captured = layer.captured.map(({ tensor }) => tensor);
  const main = [...layer.tensors, ...views, ...captured].find(({ name }) => name === tensor) ??
    layer.main;
  // A tensor other than the layer's main one is asked for by its own name.
  const name = main === layer.main ? layer.name : tensor;
  return {
    model: model.id,
    version: model.version,
    name,
    tensor: main.name,
    kind: layer.kind,
    role: layer.role,
    block: layer.block,
    inputs: layer.inputs,
    aliases: layer.aliases,
    shape: main.shape,
    dtype: main.dtype,
    parameters: layer.parameters,
    tensors: layer.tensors.map(describeTensor),
    captured: layer.captured.map(({ kind, tensor }) => ({ kind, ...describeTensor(tensor) })),
    views: views.map(describeTensor),
    modes: ordered(modes, { ...layer, main }).map((mode) => {
      const missing = mode.missing({ ...layer, main });
      const path = picturePath("models", { model: model.id, layer: name, mode: mode.name });
      return {
        ...describeMode(mode),
        parameters: [...mode.parameters, ...stepParameters(model)],
        available: missing === null,
        missing,
        url: base + path,
      };
    }),
    summary: `${base}/summary/${segment(model.id)}/${segment(name)}`,
  };
}

/** `GET /models/{model}/_`: the whole model as a layer is described. */
export function describeWhole(model: Model, modes: readonly (MapMode | WholeMode)[], base = "") {
  return {
    model: model.id,
    version: model.version,
    name: WHOLE,
    kind: "model",
    shape: [],
    parameters: model.parameters,
    layers: model.layers.length,
    modes: modes.map((mode) => {
      const missing = missingOf(model, mode);
      return {
        ...describeMode(mode),
        parameters: [...mode.parameters, ...stepParameters(model)],
        available: missing === null,
        missing,
        url: base + picturePath("models", { model: model.id, layer: WHOLE, mode: mode.name }),
      };
    }),
  };
}

/** What a model would need for such a picture of it. */
function missingOf({ parameters, layers }: Model, mode: MapMode | WholeMode): string | null {
  if (parameters === 0) return "tensors with elements: this model has none";
  if (!("shows" in mode)) return null;
  const isShown = layers.some((layer) => layer.tensors.some((tensor) => mode.shows(layer, tensor)));
  return isShown ? null : `${mode.needs}: this model has none`;
}

/** One of `GET /modes`. */
export function describeMode(mode: Look) {
  const { name, title, about, parameters, overzoom } = mode;
  const { cells = true, readable = cells, costly = false } = mode;
  return { name, title, about, parameters, overzoom, cells, readable, costly };
}

/** `GET /models/{model}/{layer}/{mode}`; `layer` is the name that was asked for. */
export function describeView(view: View, layer: string, base = "") {
  const { model, mode, plane, options, tensor, against, version } = view;
  const { ranges = {}, idle = [], stack, slopes, made = against !== null } = view;
  return {
    model: model.id,
    version,
    layer,
    tensor,
    ...(stack ? { stack } : {}),
    mode: mode.name,
    ...describeMode(mode),
    parameters: [...mode.parameters, ...stepParameters(model)],
    options: { ...options, ...(model.step === null ? {} : { step: model.step }) },
    query: askedOf(view).toString(),
    ranges,
    idle,
    made,
    ...(slopes ? { gradient: slopes } : {}),
    ...(against ? { against: describeOther(against.model) } : {}),
    plane: { ...plane, minzoom: plane.minZoom, maxzoom: plane.maxZoom },
    tiles: Object.fromEntries(
      Object.keys(formats).map((format) => [format, tileTemplate(view, layer, format, base)]),
    ),
    density: [1, 2],
    links: links(view, layer, base),
  };
}

const describeOther = ({ id, version, step }: Model) => ({
  ...{ model: id, version },
  ...(step === null ? {} : { step }),
});

/** `GET /volume/{model}/{layer}/{mode}`: what there is of a volume, and where its bricks are. */
export function describeBody(view: View, body: Body, layer: string, base = "") {
  const { detail, size, channels, spacing, log2, depth, bricks, content, parameters } = body;
  const query = askedOf({ ...view, query: body.query });
  for (const [name, value] of Object.entries(detail)) query.set(name, String(value));
  query.set("v", view.version);
  const colours = palette(String(view.options.colormap), Boolean(view.options.colormap_reverse));
  return {
    ...{ model: view.model.id, version: view.version, layer, tensor: view.tensor },
    ...{ mode: view.mode.name, axes: view.plane.axes.about },
    ...{ size, channels, spacing, log2, ...detail, content, parameters },
    ramp: Array.from({ length: RAMP }, (_, i) => hex(colours, i)),
    bricks: {
      ...{ count: bricks, depth },
      url: `${base}${pathOf("volume", view, layer)}/{brick}.bin${queryString(query)}`,
    },
  };
}
