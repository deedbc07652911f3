import { shapeOf } from "../analysis/derive/table.ts";
import { NotFound, TooLarge } from "../errors.ts";
import { type Layout, layOut, type MapPlane, type Region } from "../field/layout.ts";
import type { Island } from "../field/plane.ts";
import type { Layer, Model } from "../model/model.ts";
import type { Options, WholeMode } from "../modes/mode.ts";
import type { DerivedPart, LayerEntry } from "./layer_entry.ts";
import type { Layers } from "./layers.ts";
import { madeTensor } from "./made_tensor.ts";

/** Cells of one, at most. */
const MOST = 2 ** 26;
/** The cells of tensors that are only laid out. */
const NOTHING = new SharedArrayBuffer(0);

/** What a mode makes of all tensors of a model, each at its place on one plane. */
export interface Landscape {
  readonly layout: Layout;
  readonly entry: LayerEntry;
}

/** The landscapes of models, each laid out once a version, and made anew once it was let go of. */
export class Landscapes {
  readonly #known = new WeakMap<Model, Map<string, Landscape>>();

  constructor(private readonly layers: Layers) {}

  /** Throws `NotFound` where nothing is to be shown, `TooLarge`. */
  of(model: Model, mode: WholeMode, options: Options): Landscape {
    let known = this.#known.get(model);
    if (!known) this.#known.set(model, known = new Map());
    // What is no longer kept would hold its memory.
    for (const [key, { entry }] of known) if (!this.layers.holds(entry)) known.delete(key);
    const key = JSON.stringify([mode.name, ...mode.makes.map((name) => options[name])]);
    let found = known.get(key);
    if (!found) known.set(key, found = this.#make(model, mode, options, key));
    return found;
  }

  #make(model: Model, mode: WholeMode, options: Options, key: string): Landscape {
    const layout = layOut(model.layers.map((layer) => shown(layer, mode, options)));
    const { width, height, planes, regions } = layout;
    if (planes.length === 0) {
      const missing = `${mode.needs}: this model has none`;
      const message = `mode "${mode.name}" cannot show "${model.id}": it needs ${missing}`;
      throw new NotFound(message, { mode: mode.name, missing });
    }
    const count = width * height;
    if (count > MOST) {
      const cells = `${planes.length} tensors would take ${count} cells`;
      throw new TooLarge(`${mode.name} of "${model.id}": ${cells}, of which ${MOST} can be made`, {
        ...{ found: count, limit: MOST },
      });
    }
    const memory = new SharedArrayBuffer(4 * count), shape = [height, width];
    // No norm is as low, so that what lies between is told from what is no number.
    new Float32Array(memory).fill(-Infinity);
    const placed = Map.groupBy(regions, ({ plane }) => plane);
    const all = new Map(model.layers.flatMap(({ tensors }) => tensors.map((t) => [t.name, t])));
    const parts = planes.map(({ plane }, i): DerivedPart => {
      const tensor = all.get(plane.tensor.name)!;
      return {
        from: this.layers.entry(model, tensor),
        recipe: mode.recipe(options, tensor),
        places: { width: plane.width, pitch: width, regions: placed.get(i)! },
      };
    });
    const islands = regions.flatMap((region) => islandsOf(region, planes[region.plane]!));
    const derived = { parts, memory, islands, notes: null, backend: null, readers: 0 };
    const tensor = madeTensor(`${model.id}, ${key}`, shape, memory);
    return { layout, entry: this.layers.entry(model, tensor, undefined, null, derived) };
  }
}

/** A layer with what is made of its tensors instead of them. */
function shown(layer: Layer, mode: WholeMode, options: Options): Layer {
  const own = layer.tensors.filter((tensor) => mode.shows(layer, tensor));
  const made = new Map(own.map((tensor) => {
    const shape = shapeOf(mode.recipe(options, tensor), tensor.shape);
    return [tensor, madeTensor(tensor.name, shape, NOTHING)];
  }));
  return { ...layer, tensors: [...made.values()], main: made.get(layer.main) ?? layer.main };
}

/** Where a region has cells: a folded vector may leave its last row unfinished. */
function islandsOf(
  { left, top, x, y, width, height }: Region,
  { plane }: MapPlane,
): readonly Island[] {
  const whole = Math.min(height, Math.floor(plane.cells / plane.width) - top);
  const rest = Math.min(width, plane.cells - (top + whole) * plane.width - left);
  return [
    { x, y, width, height: whole },
    { x, y: y + whole, width: rest, height: height - whole },
  ].filter((island) => island.width > 0 && island.height > 0);
}
