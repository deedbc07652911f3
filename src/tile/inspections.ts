import { BadRequest, NotFound } from "../errors.ts";
import type { Layout } from "../field/layout.ts";
import { indexOf, type Island } from "../field/plane.ts";
import { baseOf } from "../field/pyramid.ts";
import type { Against } from "./against.ts";
import { type Charts, isChart } from "./charts.ts";
import type { LayerEntry } from "./layer_entry.ts";
import type { Layers } from "./layers.ts";
import type { MapView } from "./map_plans.ts";
import { isMap, type Maps } from "./maps.ts";
import type { Inspection, View } from "./tile.ts";
import type { OpenView, Views } from "./view.ts";
import { isVolume, type Volumes } from "./volumes.ts";

/** What lies under a point of a plane. */
export class Inspections {
  readonly #layers: Layers;
  readonly #maps: Maps;
  readonly #views: Views;
  readonly #volumes: Volumes;
  readonly #charts: Charts;

  constructor(layers: Layers, maps: Maps, views: Views, volumes: Volumes, charts: Charts) {
    this.#volumes = volumes;
    this.#charts = charts;
    this.#layers = layers;
    this.#maps = maps;
    this.#views = views;
  }

  /**
   * The block (x, y) of a plane at `zoom`, native zoom where not given. Throws `BadRequest` where
   * there is no such zoom, `NotFound` where nothing lies there.
   */
  async at(
    view: View,
    x: number,
    y: number,
    zoom?: number,
    signal?: AbortSignal,
  ): Promise<Inspection> {
    const { nativeZoom } = view.plane;
    const z = zoom ?? nativeZoom;
    if (!Number.isInteger(z) || z < 0 || z > nativeZoom) {
      const message = `z=${z} is not a whole number from 0 to native zoom ${nativeZoom}`;
      throw new BadRequest(message, { parameter: "z", minimum: 0, maximum: nativeZoom });
    }
    if (isChart(view)) return await this.#charts.inspect(view, x, y, nativeZoom - z, signal);
    if (isVolume(view)) return await this.#volumes.inspect(view, x, y, nativeZoom - z, signal);
    if (isMap(view)) return await this.#ofMap(view, x, y, nativeZoom - z, signal);
    const drawn = this.#views.zoomed(view as OpenView, nativeZoom - z);
    return drawn.layout
      ? await this.#ofWhole(drawn, drawn.layout, x, y, nativeZoom - z, signal)
      : await this.#ofTensor(drawn, x, y, nativeZoom - z, signal);
  }

  /** A block of a plane of many tensors, as the first of them that lies there calls its first cell. */
  async #ofWhole(
    view: OpenView,
    { planes, regions }: Layout,
    x: number,
    y: number,
    log2: number,
    signal?: AbortSignal,
  ): Promise<Inspection> {
    const side = 2 ** log2, { islands = [] } = view.entry.plane;
    const meets = (box: Island) =>
      box.x < (x + 1) * side && x * side < box.x + box.width &&
      box.y < (y + 1) * side && y * side < box.y + box.height;
    const island = islands.find(meets);
    const region = island &&
      regions.find((region) =>
        region.x <= island.x && island.x < region.x + region.width &&
        region.y <= island.y && island.y < region.y + region.height
      );
    if (!island || !region) throw nothingAt(view, x * side, y * side);
    const found = await this.#ofTensor(view, x, y, log2, signal);
    const [left, top] = [Math.max(island.x, x * side), Math.max(island.y, y * side)];
    const isFirst = left === x * side && top === y * side;
    const first = isFirst ? found : await this.#ofTensor(view, left, top, 0, signal);
    const { plane } = planes[region.plane]!;
    return {
      ...first,
      ...normOf(first, view.entry, region.plane),
      tensor: plane.tensor.name,
      index: indexOf(plane, left - region.x + region.left, top - region.y + region.top)!,
      cell: found.cell,
    };
  }

  async #ofTensor(
    view: OpenView,
    x: number,
    y: number,
    log2: number,
    signal?: AbortSignal,
  ): Promise<Inspection> {
    const { plane } = view;
    const entry = this.#layers.current(view.entry);
    const far = log2 >= baseOf(entry.plane);
    await this.#layers.ready(entry, { facts: far, channels: "none", pyramid: far }, signal);
    const found = await this.#layers.run<Inspection | null>(entry, {
      kind: "inspect",
      context: entry.id,
      log2,
      x,
      y,
      levels: this.#layers.levels(entry, log2),
    }, signal);
    if (found) return view.part ? { ...placed(found, view), ...normOf(found, entry, 0) } : found;
    const z = plane.nativeZoom - log2;
    const width = Math.ceil(plane.width / 2 ** log2), height = Math.ceil(plane.height / 2 ** log2);
    throw new NotFound(
      `(${x}, ${y}) is beyond the plane of ${width} × ${height} cells at zoom ${z}`,
      { x, y, z, width, height },
    );
  }

  /** What lies on a map at blocks of 2^`log2` cells a side: the tensor's own block there. */
  async #ofMap(
    view: MapView,
    x: number,
    y: number,
    log2: number,
    signal?: AbortSignal,
  ): Promise<Inspection> {
    const at = this.#maps.at(view, x, y, log2);
    if (!at) throw nothingAt(view, x * 2 ** log2, y * 2 ** log2);
    const { against } = view;
    const query = new URLSearchParams(against ? queryOf(against) : {});
    const own = this.#views.open(view.model, at.tensor, view.mode.part.name, query);
    const { nativeZoom } = own.plane;
    const side = Math.min(nativeZoom, at.log2);
    const scale = 2 ** (at.log2 - side);
    return await this.#ofTensor(
      own,
      Math.floor(at.x * scale),
      Math.floor(at.y * scale),
      side,
      signal,
    );
  }
}

const queryOf = ({ model: { id, step }, how }: Against) => ({
  ...{ against: id, compare: how },
  ...(step === null ? {} : { against_step: String(step) }),
});

const nothingAt = ({ plane: { width, height } }: View, x: number, y: number) =>
  new NotFound(`no tensor lies at (${x}, ${y}) of the map`, { x, y, width, height });

/** The norm that a relative one is of. */
function normOf(
  { value }: Inspection,
  { derived }: LayerEntry,
  part: number,
): Pick<Inspection, "norm"> {
  const [unit] = derived?.notes?.[part]?.["unit"] ?? [];
  return unit === undefined ? {} : { norm: value === null ? null : value * unit };
}

/** What was found in a part of a tensor, as it is called in the whole; of what was made, where it is. */
const placed = (found: Inspection, { part, entry, tensor }: OpenView): Inspection => ({
  ...found,
  tensor: entry.derived ? found.tensor : tensor,
  index: part!.index(found.index),
});
