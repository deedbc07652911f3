import { type Frame, type Layout, type MapPlane, shortName } from "../field/layout.ts";
import type { Model } from "../model/model.ts";
import { segment } from "./address.ts";
import { versioned } from "./links.ts";

/** Pixels that a letter of a label takes, and a line of it. */
const LETTER = 7;
const LINE = 12;

/**
 * `GET /tiles/{model}/_/map/map.json`: where every tensor lies on the map, and what encloses it. All
 * places are in cells. `norms` are Frobenius norms by tensor; null, or without some tensors, while
 * they are not known. There may be 100,000 regions, so nothing is told twice: links are templates
 * for the name of a tensor, percent-encoded; a region has the index of its layer, and of the
 * innermost frame that it lies in. `own` is how a tensor's own plane shows what the map does.
 */
export function describeMap(
  model: Pick<Model, "id" | "version" | "step" | "steps">,
  layout: Layout,
  norms: ReadonlyMap<string, number> | null,
  base = "",
  own: { readonly mode: string; readonly query: string } = { mode: "weights", query: "" },
) {
  const layers = [...new Set(layout.planes.map(({ layer }) => layer))];
  const numbers = new Map(layers.map((layer, i) => [layer, i]));
  const frames = innermost(layout);
  const { nativeZoom } = layout;
  const id = segment(model.id);
  return {
    model: model.id,
    version: model.version,
    width: layout.width,
    height: layout.height,
    nativeZoom,
    align: layout.align,
    url: `${base}/models/${id}/{tensor}`,
    tiles: `${base}/tiles/${id}/{tensor}/${own.mode}/{z}/{x}/{y}.png${
      versioned({ query: own.query, version: model.version, model })
    }`,
    layers: layers.map(({ name, kind, role }) => ({ name, kind, role })),
    regions: layout.regions.map(({ plane, left, top, x, y, width, height }) => {
      const { layer, plane: { tensor } } = layout.planes[plane]!;
      const label = labelOf(layout.planes[plane]!);
      return {
        layer: numbers.get(layer)!,
        frame: frames[plane]!,
        tensor: tensor.name,
        shape: tensor.shape,
        dtype: tensor.dtype,
        x,
        y,
        width,
        height,
        left,
        top,
        label,
        minzoom: zoomOf(label, width, height, nativeZoom),
      };
    }),
    frames: describeFrames(layout, norms),
  };
}

function describeFrames(layout: Layout, norms: ReadonlyMap<string, number> | null) {
  const found = layout.frames.map((frame) =>
    frame.kind === "branch" ? norm(layout, frame, norms) : null
  );
  const largest = found.reduce<number>((most, norm) => Math.max(most, norm ?? 0), 0);
  const complete = layout.frames.every(({ kind }, i) => kind !== "branch" || found[i] !== null);
  return layout.frames.map(({ kind, label, name, x, y, width, height, parent }, i) => {
    const norm = found[i]!;
    const relative = complete && norm !== null ? norm / (largest || 1) : null;
    return {
      kind,
      label,
      name,
      x,
      y,
      width,
      height,
      parent,
      norm,
      relative,
      bar: kind === "branch" ? barOf({ x, y, width }, relative, layout.align) : null,
      minzoom: zoomOf(label, width, height, layout.nativeZoom),
    };
  });
}

/** The norm of all its tensors as one vector; null where one is unknown or not finite. */
function norm(
  { planes }: Layout,
  frame: Frame,
  norms: ReadonlyMap<string, number> | null,
): number | null {
  // hypot: squares of large norms would not be finite.
  const all = frame.planes.map((plane) => norms?.get(planes[plane]!.plane.tensor.name) ?? NaN);
  const norm = all.reduce((sum, norm) => Math.hypot(sum, norm), 0);
  return Number.isFinite(norm) ? norm : null;
}

/** The lower half of the gutter above a branch, as wide as its norm is large. */
function barOf(
  { x, y, width }: Pick<Frame, "x" | "y" | "width">,
  relative: number | null,
  align: number,
) {
  if (relative === null) return null;
  const height = 2 ** align / 2;
  return { x, y: y - height, width: width * relative, height };
}

/** The innermost frame of each plane; −1 for none. */
function innermost({ planes, frames }: Layout): Int32Array {
  const found = new Int32Array(planes.length).fill(-1);
  // Frames come before those that they enclose.
  for (const [i, frame] of frames.entries()) for (const plane of frame.planes) found[plane] = i;
  return found;
}

/** "q_proj" for a layer's main tensor, "q_proj.bias" for another. */
function labelOf({ layer, plane: { tensor } }: MapPlane): string {
  const short = shortName(layer.name);
  if (tensor === layer.main) return short;
  const { name } = tensor;
  return name.startsWith(layer.name) ? short + name.slice(layer.name.length) : shortName(name);
}

/** The least zoom of the map at which a label fits; more than the native one for small regions. */
function zoomOf(label: string, width: number, height: number, nativeZoom: number): number {
  const scale = Math.max(label.length * LETTER / width, LINE / height);
  return Math.max(0, Math.ceil(nativeZoom + Math.log2(scale)));
}
