import { RegionIndex } from "../field/layout/region_index.ts";
import type { describeMap } from "../tile/describe_map.ts";
import { json, path, query, type Subject, WHOLE } from "./api.ts";
import { around, type Box } from "./box.ts";
import type { Place, Point } from "./state.ts";

export type MapInfo = ReturnType<typeof describeMap>;
export type Region = MapInfo["regions"][number];
export type Frame = MapInfo["frames"][number];

/** Something with a label: a tensor, or what encloses some. */
export interface Item extends Box {
  readonly kind: Frame["kind"] | "tensor";
  readonly label: string;
  /** The bar of a branch, as wide as its norm is large. */
  readonly bar: Box | null;
  /** The least zoom of the map at which the label fits. */
  readonly minzoom: number;
}

/** What lies where on the map of a whole model; all places are in native cells. */
export class Guide {
  readonly #regions: RegionIndex;
  readonly #bars: RegionIndex;
  readonly #barred: readonly Frame[];
  readonly #byName: ReadonlyMap<string, readonly Region[]>;
  /** What has a label, by the zoom at which it fits. */
  readonly #levels: readonly Level[];

  constructor(readonly info: MapInfo) {
    const { width, height, regions, frames, layers } = info;
    const index = (boxes: readonly Box[]) => new RegionIndex({ width, height, regions: boxes });
    this.#regions = index(regions);
    this.#barred = frames.filter(({ bar }) => bar !== null);
    // Bars are thin: the gutter that they lie in is pointed at more easily.
    this.#bars = index(this.#barred.map(gutterOf));
    this.#byName = named(regions, layers);
    const items = [...frames.map(ofFrame), ...tensorsOf(info)];
    const levels = Map.groupBy(items, ({ minzoom }) => minzoom);
    this.#levels = [...levels].map(([minzoom, items]) => {
      // Most are of zooms that nobody has come to yet.
      let made: RegionIndex | null = null;
      return { minzoom, items, index: () => made ??= index(items) };
    });
  }

  get hasBars(): boolean {
    return this.#barred.length > 0;
  }

  /** The region that a cell lies in. */
  at({ x, y }: Point): Region | null {
    return this.info.regions[this.#regions.at(x, y)] ?? null;
  }

  /** Whether a region shares a cell with the box. */
  meets({ x, y, width, height }: Box): boolean {
    return this.#regions.meeting(x, y, width, height).length > 0;
  }

  /** The branch whose bar a cell lies on. */
  branchAt({ x, y }: Point): Frame | null {
    return this.#barred[this.#bars.at(x, y)] ?? null;
  }

  /** What is in view and has room for a label at a zoom. */
  inView({ x, y, width, height }: Box, zoom: number): Item[] {
    return this.#levels.filter(({ minzoom }) => minzoom <= zoom).flatMap(({ items, index }) =>
      index().meeting(x, y, width, height).map((i) => items[i]!)
    );
  }

  /** The regions of a layer or a tensor, by its name; none for what is not on the map. */
  find(name: string): readonly Region[] {
    return this.#byName.get(name) ?? [];
  }
}

interface Level {
  readonly minzoom: number;
  readonly items: readonly Item[];
  readonly index: () => RegionIndex;
}

const ofFrame = ({ x, y, width, height, kind, label, bar, minzoom }: Frame): Item => {
  return { x, y, width, height, kind, label, bar, minzoom };
};

/** Tensors as they have labels: one for all pieces of one that is cut. */
function tensorsOf({ regions, nativeZoom }: MapInfo): Item[] {
  return [...Map.groupBy(regions, ({ tensor }) => tensor).values()].map((pieces): Item => {
    const [{ label, minzoom, ...first }] = pieces as [Region];
    const box = pieces.length > 1 ? around(pieces) : first;
    const { x, y, width, height } = box;
    // A label of all pieces fits as much earlier as all of them are wider than one.
    const earlier = Math.floor(Math.log2(width / first.width));
    const zoom = pieces.length > 1 ? Math.max(0, Math.min(minzoom, nativeZoom) - earlier) : minzoom;
    return { x, y, width, height, kind: "tensor", label, bar: null, minzoom: zoom };
  });
}

const gutterOf = ({ x, width, bar }: Frame): Box => ({
  x,
  y: Math.max(0, bar!.y - bar!.height),
  width,
  height: 2 * bar!.height,
});

function named(regions: readonly Region[], layers: MapInfo["layers"]) {
  const found = new Map<string, Region[]>();
  const add = (name: string, region: Region) => {
    const known = found.get(name);
    if (known) known.push(region);
    else found.set(name, [region]);
  };
  for (const region of regions) {
    const layer = layers[region.layer]!.name;
    add(layer, region);
    // A layer stands for all its tensors, though one of them may have its name.
    if (region.tensor !== layer) add(region.tensor, region);
  }
  return found;
}

/** A cell of the map as a cell of the plane that a region shows a part of. */
export const toPlane = ({ x, y, left, top }: Region, cell: Point): Point => ({
  x: cell.x - x + left,
  y: cell.y - y + top,
});

/** A cell of a tensor's plane on the map, and the region it lies in: the nearest where none has it. */
export function toMap(regions: readonly Region[], cell: Point): { region: Region; cell: Point } {
  // An edge belongs to what begins there.
  const off = (at: number, from: number, length: number) =>
    at < from ? from - at : at >= from + length ? at - from - length + 1 : 0;
  const away = ({ left, top, width, height }: Region) =>
    off(cell.x, left, width) + off(cell.y, top, height);
  const region = regions.reduce((best, region) => away(region) < away(best) ? region : best);
  return {
    region,
    cell: { x: cell.x - region.left + region.x, y: cell.y - region.top + region.y },
  };
}

/** A place that shows as many pixels a cell on a plane of another native zoom. */
export const rescaled = (at: Point, { z }: Place, from: number, to: number): Place => ({
  ...at,
  z: z - from + to,
});

const guides = new Map<string, Promise<Guide>>();

/** The guide of a picture of a whole model, asked for once a version; anew where `fresh`. */
export function guideOf(subject: Subject, fresh = false): Promise<Guide> {
  const url = `tiles/${path({ ...subject, layer: WHOLE })}/map.json${query(subject)}`;
  const key = `${subject.version} ${url}`;
  const known = guides.get(key);
  if (known && !fresh) return known;
  const asked = json<MapInfo>(url, fresh ? "no-cache" : "default").then((info) => new Guide(info));
  guides.set(key, asked);
  asked.catch(() => guides.get(key) === asked && guides.delete(key));
  return asked;
}
