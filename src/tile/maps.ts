import { normOf, type Scale } from "../analysis/scale.ts";
import { NotFound } from "../errors.ts";
import type { Layout } from "../field/layout.ts";
import { nativeZoom, TILE } from "../field/plane.ts";
import { gradientsOf } from "../model/captured.ts";
import type { Model } from "../model/model.ts";
import type { Legend } from "../modes/mode.ts";
import { canonicalQuery, parseOptions } from "../modes/options.ts";
import { againstOf, stepsOf, versionOf, withStep } from "./against.ts";
import { mapModes, wholeModes } from "../modes/table.ts";
import type { Atlas } from "./atlas.ts";
import { Atlases } from "./atlases.ts";
import { ownerOf } from "./overview.ts";
import type { Found } from "./record.ts";
import type { Ingest } from "./ingest.ts";
import type { Layers } from "./layers.ts";
import { Looks } from "./looks.ts";
import { MapPlans, type MapView } from "./map_plans.ts";
import type { Plan } from "./plans.ts";
import { estimated } from "./sample.ts";
import { WHOLE } from "./address.ts";
import type { Address, View } from "./tile.ts";

export const isMap = <V extends View>(view: V | MapView): view is MapView => "atlas" in view;

/** What every tensor's scale is in units of its own. */
const unit: Partial<Scale> = {
  ...{ min: -1, max: 1, mean: 0, variance: 1, median: 0, mad: 1 / 1.4826, robust: 1 },
  quantiles: Float32Array.of(-1, 1),
};

/** Maps of the models that were looked at: each is laid out once a version. */
export class Maps {
  readonly #atlases = new Atlases();
  readonly #looks: Looks;
  readonly #plans: MapPlans;

  /** `modelOf` answers a model as its files are now. */
  constructor(
    layers: Layers,
    ingestOf: (model: Model) => Ingest | undefined,
    private readonly modelOf: (id: string) => Model,
  ) {
    this.#looks = new Looks(layers, ingestOf);
    this.#plans = new MapPlans(layers, this.#looks, ingestOf);
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
      const allowed = [...mapModes, ...wholeModes].map(({ name }) => name);
      const message = `there is no mode "${name}" of a whole model; there are ${
        allowed.join(", ")
      }`;
      throw new NotFound(message, { mode: name, allowed });
    }
    const given = parseOptions(mode, query, ["v", "step"]);
    const against = againstOf(model, given, this.modelOf);
    const options = withStep(given, against);
    const { width, height, planes } = this.layout(model);
    const gradients = against ? new Map() : gradientsOf(model.layers);
    const steep = planes.filter(({ plane: { tensor } }) => gradients.has(tensor.name)).length;
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
      slopes: steep === 0 ? "spatial" : steep < planes.length ? "spatial, captured" : "captured",
      ...stepsOf(model, against),
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
    return this.#plans.of(view, address);
  }

  async legend(view: MapView, signal?: AbortSignal): Promise<Legend> {
    const { mode, options, atlas, slopes } = view;
    await this.#looks.survey(view, signal);
    const all = atlas.scaleOfAll();
    const own = mode.legend(options, mode.isShared(options) ? all : { ...all, ...unit }, slopes);
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
