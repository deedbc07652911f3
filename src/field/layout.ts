import { elementCount } from "../formats/format.ts";
import type { Layer } from "../model/model.ts";
import { type Group, modelOf, type Numbered } from "./layout/parts.ts";
import { place } from "./layout/place.ts";
import type { Layout, MapPlane } from "./layout/regions.ts";
import { pieces } from "./layout/pieces.ts";
import { type Shape, turn } from "./layout/shape.ts";
import { shapesOf, slotsIn } from "./layout/shapes.ts";
import { type Stack, stackOf, type Template } from "./layout/template.ts";
import { fold, nativeZoom } from "./plane.ts";

export type { Frame, Layout, MapPlane, Region } from "./layout/regions.ts";
export { shortName } from "./layout/parts.ts";
export { RegionIndex } from "./layout/region_index.ts";

/** What the map may take, times the room for its planes, before a finer grid is looked for. */
const ROOMY = 1.5;
/** What a grid twice as fine must save to be worth a level that needs resampling. */
const WORTH = 0.95;
/** Longer than this, a map is no good to look at. */
const ASPECT = 1.6;
/** Planes placed before no other grid is tried. */
const MOST_PLANES = 100_000;
/** Guesses of the native zoom for one grid. */
const GUESSES = 3;

/**
 * Lays out every tensor of a model that has elements, each as a plane of one cell an element, on one
 * canvas. Layers come in their order; blocks that repeat stand below each other, column by column,
 * with every part at the same place in its block; branches of blocks enclose what is theirs. All of
 * it lies on a grid that is as coarse as can be without much waste: 2^(native zoom − 1) cells where
 * tensors are large. The same layers always give the same layout.
 */
export function layOut(layers: readonly Layer[]): Layout {
  const numbered: Numbered[] = [];
  const planes: MapPlane[] = [];
  for (const layer of layers) {
    const own = layer.tensors.filter(({ shape }) => elementCount(shape) > 0).map((t) => fold(t));
    if (own.length > 0) numbered.push({ layer, first: planes.length, planes: own });
    for (const plane of own) planes.push({ layer, plane });
  }
  if (planes.length === 0) {
    return { width: 0, height: 0, nativeZoom: 0, align: 0, planes, regions: [], frames: [] };
  }
  const model = modelOf(numbered);
  const template = stackOf(model);
  const { shape, slot } = chooseGrid(model, template);
  const width = shape.width * slot, height = shape.height * slot;
  return {
    width,
    height,
    nativeZoom: nativeZoom(width, height),
    align: Math.log2(slot),
    planes,
    ...place(model, template, shape, slot),
  };
}

/** A whole map in slots of so many cells. */
interface Draft {
  readonly shape: Shape;
  readonly slot: number;
  readonly area: number;
  /** Layouts that were made to find it. */
  readonly guesses: number;
}

/** The coarsest grid that wastes little; where there is none, the one that wastes least. */
function chooseGrid({ cells }: Group, template: Stack): Draft {
  const side = Math.sqrt(cells);
  const least = nativeZoom(side, side);
  let best: Draft | null = null;
  let left = MOST_PLANES / slotsIn(template);
  for (let k = 1;; k++) {
    const finest = k >= least;
    if (!finest && roomFor(template, 2 ** (least - k)) > ROOMY * template.area) continue;
    const draft = draw(template, least, finest ? Infinity : k, Math.min(GUESSES, left));
    if (best === null || draft.area < WORTH * best.area) best = draft;
    left -= draft.guesses;
    if (finest || left <= 0 || draft.area <= ROOMY * template.area) return best;
  }
}

/** The map on a grid of 2^(native zoom − k) cells, where its own native zoom agrees with that. */
function draw(template: Stack, least: number, k: number, most: number): Draft {
  let slot = 2 ** Math.max(0, least - k);
  for (let guesses = 1;; guesses++) {
    const shape = nearSquare(shapesOf(template, slot));
    const area = shape.width * shape.height * slot * slot;
    const zoom = nativeZoom(shape.width * slot, shape.height * slot);
    const coarser = 2 ** Math.max(0, zoom - k);
    if (coarser <= slot || guesses >= most || roomFor(template, coarser) > ROOMY * template.area) {
      return { shape, slot, area, guesses };
    }
    slot = coarser;
  }
}

/** About the cells that a template takes on such a grid, if its parts are packed without a gap. */
function roomFor(template: Template, slot: number): number {
  switch (template.form) {
    case "slot":
      return Math.min(
        ...pieces(template, slot).map(({ width, height }) => (width + 1) * (height + 1)),
      ) * slot * slot;
    case "grid":
      return template.count * roomFor(template.block, slot);
    case "stack":
      return template.parts.reduce((sum, part) => sum + roomFor(part, slot), 0);
  }
}

function nearSquare(shapes: readonly Shape[]): Shape {
  const cost = ({ width, height, faults }: Shape) => {
    const aspect = turn(width / height);
    const long = Math.max(0, aspect - Math.log(ASPECT));
    return (width * height + faults) * (1 + 0.1 * aspect ** 2 + 2 * long);
  };
  let [best] = shapes;
  for (const shape of shapes) if (cost(shape) < cost(best!)) best = shape;
  return best!;
}
