import type { Scale } from "../analysis/scale.ts";
import { isOfFile, NotFound } from "../errors.ts";
import { type Window, windowOf } from "../field/canvas.ts";
import type { Layout, Region } from "../field/layout.ts";
import { nativeZoom, TILE } from "../field/plane.ts";
import { meansFrom } from "../field/pyramid.ts";
import type { Model } from "../model/model.ts";
import type { Legend, MapMode } from "../modes/mode.ts";
import { canonicalQuery, parseOptions } from "../modes/options.ts";
import { mapModes } from "../modes/table.ts";
import { againstOf, versionOf } from "./against.ts";
import type { Atlas } from "./atlas.ts";
import { Atlases, type Sheet } from "./atlases.ts";
import { ownerOf } from "./overview.ts";
import { type Found, normOf } from "./record.ts";
import type { Ingest } from "./ingest.ts";
import type { Job, PieceOfTile } from "./job.ts";
import type { LayerEntry, Needs } from "./layer_entry.ts";
import type { Layers } from "./layers.ts";
import { contentOf, inTurns, Looks, type Subject } from "./looks.ts";
import { fetchOf } from "./remote.ts";
import type { Rendered } from "./render.ts";
import { estimated } from "./sample.ts";
import { Outdated } from "./faults.ts";
import { WHOLE } from "./address.ts";
import type { Address, View } from "./tile.ts";

/** A whole model opened for a mode. */
export interface MapView extends View, Sheet {
  readonly mode: MapMode;
}

export const isMap = (view: View): view is MapView => view.layer === null;

/** A tile, of which is known what it will be made of. */
export interface Plan {
  /** Differs where the picture does: what is known of the layers on it. */
  readonly content: string;
  /** Share of the cells that the picture is made from; 1 where it is exact. */
  readonly share: number;
  draw(signal: AbortSignal): Promise<Rendered>;
}

/** A layer's part of a tile, and what it needs. */
interface Piece {
  readonly entry: LayerEntry;
  readonly needs: Needs;
  readonly share: number;
  readonly region: Region;
  /** That of its region. */
  readonly number: number;
  /** In pixels of the tile. */
  readonly x: number;
  readonly y: number;
  readonly window: Window;
}

/** Regions on a tile up to which whoever looks at it means them. */
const FEW = 64;

/** What every tensor's scale is in units of its own. */
const unit: Partial<Scale> = {
  ...{ min: -1, max: 1, mean: 0, variance: 1, median: 0, mad: 1 / 1.4826, robust: 1 },
  quantiles: Float32Array.of(-1, 1),
};

/** Maps of the models that were looked at: each is laid out once a version. */
export class Maps {
  readonly #atlases = new Atlases();
  readonly #looks: Looks;

  /** `modelOf` answers a model as its files are now. */
  constructor(
    private readonly layers: Layers,
    private readonly ingestOf: (model: Model) => Ingest | undefined,
    private readonly modelOf: (id: string) => Model,
  ) {
    this.#looks = new Looks(layers, ingestOf);
  }

  /** The map of a model's own values. */
  atlas(model: Model): Atlas {
    return this.#atlases.of(model, null).atlas;
  }

  layout(model: Model): Layout {
    return this.atlas(model).layout;
  }

  /** Takes what an ingest has found of a plane. */
  take(model: Model, plane: number, { slots, scale }: Found): void {
    this.atlas(model).put(plane, slots, scale);
  }

  /** Throws `NotFound` for an unknown mode or a model of nothing, `BadRequest` for the query. */
  view(model: Model, name: string, query: URLSearchParams): MapView {
    const mode = mapModes.find((mode) => mode.name === name);
    if (!mode) {
      const allowed = mapModes.map(({ name }) => name);
      const message = `there is no mode "${name}" of a whole model; there are ${
        allowed.join(", ")
      }`;
      throw new NotFound(message, { mode: name, allowed });
    }
    const options = parseOptions(mode, query, ["v"]);
    const against = againstOf(options, this.modelOf);
    const { width, height, planes } = this.layout(model);
    if (planes.length === 0) {
      const missing = "tensors with elements: this model has none";
      throw new NotFound(`mode "${name}" cannot show "${model.id}": it needs ${missing}`, {
        mode: name,
        missing,
      });
    }
    const native = nativeZoom(width, height);
    return {
      model,
      layer: null,
      tensor: WHOLE,
      mode,
      options,
      query: canonicalQuery(mode, options),
      against,
      version: versionOf(model, against),
      ...this.#atlases.of(model, against),
      plane: {
        width,
        height,
        tileSize: TILE,
        nativeZoom: native,
        minZoom: 0,
        maxZoom: native + mode.overzoom,
        axes: { rows: [], columns: [], about: `${planes.length} tensors, each in its place` },
      },
    };
  }

  /** What a tile will be made of. Layers on it that have not been read are wanted first from now on. */
  plan(view: MapView, address: Address): Plan {
    const { z, x, y, density, crop = false, format } = address;
    const window = windowOf(view.plane, { z, x, y, density, crop });
    if (window.log2 >= view.atlas.overviewFrom) return this.#overview(view, window, format);
    return this.#composite(view, window, format);
  }

  #overview(view: MapView, window: Window, format: Address["format"]): Plan {
    const { atlas, mode, options, query } = view;
    const meeting = this.#meeting(view, window);
    const shareNow = () => {
      // Of a scale that all share, all have to be known.
      const ofAll = mode.isShared(options) ? this.#looks.shareOf(view) : 1;
      return Math.min(ofAll, this.#looks.shareOf(view, meeting));
    };
    const known = shareNow();
    if (known < 1 && meeting.length <= FEW) this.#want(view, meeting);
    return {
      content: contentOf(view, known < 1 ? `overview ${atlas.revision}` : "exact"),
      share: known < 1 ? Math.min(Math.max(2 ** -atlas.layout.align, known), 0.999) : 1,
      draw: async (signal) => {
        await this.#looks.survey(view, signal);
        if (known === 1 && shareNow() < 1) throw new Outdated();
        const shared = mode.isShared(options) ? atlas.scaleOfAll() : null;
        const tints = atlas.tints(mode, mode.partOptions(options), query, shared);
        const job: Job = {
          kind: "overview",
          context: "",
          overview: atlas.overview,
          window,
          tints,
          format,
        };
        return await this.layers.runFree<Rendered>(job, signal);
      },
    };
  }

  #composite(view: MapView, window: Window, format: Address["format"]): Plan {
    const { model, mode, options } = view;
    const { log2, columns, rows } = window;
    const { atlas } = view;
    const meeting = this.#pieces(view, window);
    const isLacking = ({ region }: Piece) => atlas.known(region.plane) === "unreadable";
    const pieces = meeting.filter((piece) => !isLacking(piece));
    const lacking = meeting.length - pieces.length;
    this.#want(view, pieces.filter(({ share }) => share < 1).map(({ number }) => number));
    let cells = 0, known = 0;
    for (const piece of meeting) {
      const { share, window: { width, height } } = piece;
      cells += width * height;
      if (isLacking(piece)) continue;
      known += width * height * share;
    }
    const share = cells === 0 ? 1 : known / cells;
    const isShared = mode.isShared(options) && pieces.length > 0;
    const shares = isShared ? this.#looks.shareOf(view) : 1;
    const estimates = pieces.filter(({ share }) => share < 1).map(({ entry }) => entry.id);
    return {
      content: contentOf(view, estimates, lacking, shares < 1 ? view.atlas.revision : null),
      share: Math.min(share, shares < 1 ? Math.min(0.999, shares) : 1),
      draw: async (signal) => {
        await inTurns(pieces, async ({ entry, needs, region }) => {
          try {
            await this.layers.ready(entry, needs, signal);
          } catch (error) {
            if (!isOfFile(error)) throw error;
            atlas.fail(region.plane);
            throw new Outdated();
          }
        });
        if (isShared) await this.#looks.survey(view, signal);
        const scale = isShared ? view.atlas.scaleOfAll() : null;
        const parts = pieces.map(({ entry, window, x, y }): PieceOfTile => {
          return { context: entry.id, levels: this.layers.levels(entry, log2), window, x, y };
        });
        const job: Job = {
          kind: "composite",
          context: "",
          contexts: parts.map(({ context }) => context),
          mode: mode.part.name,
          query: canonicalQuery(mode.part, mode.partOptions(options)),
          pieces: parts,
          columns,
          rows,
          format,
          facts: scale && { scale, channels: null },
        };
        const { against } = view;
        const fetch = against ? fetchOf(model, against.model) : model.fetch;
        return await this.layers.runFree<Rendered>(job, signal, fetch);
      },
    };
  }

  /** Regions with something in them that a window of the map shows. */
  #meeting({ atlas }: MapView, { log2, x, y, width, height }: Window): number[] {
    const side = 2 ** log2;
    // Further in than native, windows begin at cells.
    const [left, top] = log2 >= 0 ? [x * side, y * side] : [x, y];
    const all = atlas.index.meeting(left, top, width * side, height * side);
    return all.filter((i) => !atlas.absent.has(atlas.layout.regions[i]!.plane));
  }

  /** Has the layers of regions read before others; no ingest comes to those that are compared. */
  #want({ model, against, atlas: { layout } }: Subject, regions: readonly number[]): void {
    const ingest = against ? undefined : this.ingestOf(model);
    for (const i of regions) {
      const { plane } = layout.planes[layout.regions[i]!.plane]!;
      ingest?.want(plane.tensor.name);
    }
  }

  #pieces(view: MapView, window: Window): Piece[] {
    const { log2, x, y, width, height } = window;
    const { atlas: { layout }, mode, options } = view;
    const scale = 2 ** log2;
    const part = mode.partOptions(options);
    const left = log2 >= 0 ? x : x / scale, top = log2 >= 0 ? y : y / scale;
    return this.#meeting(view, window).sort((a, b) => a - b).flatMap((i): Piece[] => {
      const region = layout.regions[i]!;
      const fromX = Math.max(left, region.x / scale), fromY = Math.max(top, region.y / scale);
      const toX = Math.min(left + width, Math.ceil((region.x + region.width) / scale));
      const toY = Math.min(top + height, Math.ceil((region.y + region.height) / scale));
      if (toX <= fromX || toY <= fromY) return [];
      const { plane } = layout.planes[region.plane]!;
      const entry = this.#looks.entry(view, region.plane);
      const needs: Needs = {
        facts: true,
        channels: mode.part.needsChannels(part),
        pyramid: log2 >= meansFrom(plane),
      };
      const basis = this.layers.basis(entry, needs, { look: this.#looks.lookOf(view, entry) });
      // In pixels of the plane at this zoom; further in than native, the first cell is counted.
      const startX = region.left / scale + fromX - region.x / scale;
      const startY = region.top / scale + fromY - region.y / scale;
      const [columns, rows] = [toX - fromX, toY - fromY];
      const first = (pixel: number) => log2 >= 0 ? pixel : Math.floor(pixel * scale);
      return [{
        entry: basis.entry,
        needs,
        share: this.layers.shareOf(basis, log2),
        region,
        number: i,
        x: fromX - left,
        y: fromY - top,
        window: {
          log2,
          x: first(startX),
          y: first(startY),
          width: columns,
          height: rows,
          columns,
          rows,
        },
      }];
    });
  }

  async legend(view: MapView, signal?: AbortSignal): Promise<Legend> {
    const { mode, options, atlas } = view;
    await this.#looks.survey(view, signal);
    const all = atlas.scaleOfAll();
    const own = mode.legend(options, mode.isShared(options) ? all : { ...all, ...unit });
    const legend = { ...own, special: [...own.special, ...withoutPartner(atlas)] };
    const share = this.#looks.shareOf(view);
    return share < 1 ? estimated(legend, share) : legend;
  }

  /** Makes sure that something is known of every plane of a model. */
  async look(model: Model, signal?: AbortSignal): Promise<void> {
    const own = { model, against: null, version: model.version };
    await this.#looks.survey({ ...own, ...this.#atlases.of(model, null) }, signal);
  }

  /** Norms of all tensors by name; null until all of them are known. */
  norms(model: Model): ReadonlyMap<string, number> | null {
    const atlas = this.atlas(model);
    const { planes } = atlas.layout;
    const norms = new Map<string, number>();
    for (const [i, { plane }] of planes.entries()) {
      const scale = atlas.known(i) === "all" ? atlas.scale(i) : null;
      if (!scale) return null;
      norms.set(plane.tensor.name, normOf(scale));
    }
    return norms;
  }

  /**
   * The tensor under a block of 2^`log2` cells a side of the map, and its own block there; of blocks
   * that tensors may share, the one that is drawn. Null where no tensor lies.
   */
  at(view: MapView, x: number, y: number, log2: number) {
    const { layout, index, overview } = view.atlas;
    const side = 2 ** log2;
    const isShared = log2 > layout.align;
    const plane = isShared ? ownerOf(overview, log2 - overview.grid, x, y) : -1;
    const found = isShared
      ? index.meeting(x * side, y * side, side, side).find((i) =>
        layout.regions[i]!.plane === plane
      ) ?? -1
      : index.at(x * side, y * side);
    const region = layout.regions[found];
    if (!region) return null;
    const { tensor } = layout.planes[region.plane]!.plane;
    // A shared block is inspected where it first meets the tensor, in blocks of the tensor's own.
    const cellX = Math.max(x * side, region.x) - region.x + region.left;
    const cellY = Math.max(y * side, region.y) - region.y + region.top;
    return {
      tensor: tensor.name,
      log2,
      x: Math.floor(cellX / side),
      y: Math.floor(cellY / side),
    };
  }
}

/** A legend's line for the tensors that are compared with nothing. */
function withoutPartner({ absent, layout: { planes } }: Atlas): Legend["special"] {
  if (absent.size === 0) return [];
  const count = [...absent].reduce((sum, i) => sum + planes[i]!.plane.cells, 0);
  const name = `no partner (${absent.size} of ${planes.length} tensors)`;
  return [{ name, color: "transparent", count }];
}
