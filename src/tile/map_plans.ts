import { isOfFile } from "../errors.ts";
import { type Window, windowOf } from "../field/canvas.ts";
import type { Region } from "../field/layout.ts";
import { meansFrom } from "../field/pyramid.ts";
import type { Model } from "../model/model.ts";
import type { MapMode } from "../modes/mode.ts";
import { canonicalQuery } from "../modes/options.ts";
import type { Sheet } from "./atlases.ts";
import { Outdated } from "./faults.ts";
import type { Ingest } from "./ingest.ts";
import type { Job, PieceOfTile } from "./job.ts";
import type { LayerEntry, Needs } from "./layer_entry.ts";
import type { Layers } from "./layers.ts";
import { contentOf, inTurns, type Looks, type Subject } from "./looks.ts";
import type { Plan } from "./plans.ts";
import { fetchOf } from "./remote.ts";
import type { Rendered } from "./render.ts";
import type { Address, View } from "./tile.ts";

/** A whole model opened for a mode. */
export interface MapView extends View, Sheet {
  readonly mode: MapMode;
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

/** How tiles of maps are drawn, and of what. */
export class MapPlans {
  constructor(
    private readonly layers: Layers,
    private readonly looks: Looks,
    private readonly ingestOf: (model: Model) => Ingest | undefined,
  ) {}

  /** What a tile will be made of. Layers on it that have not been read are wanted first from now on. */
  of(view: MapView, address: Address): Plan {
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
      const ofAll = mode.isShared(options) ? this.looks.shareOf(view) : 1;
      return Math.min(ofAll, this.looks.shareOf(view, meeting));
    };
    const known = shareNow();
    if (known < 1 && meeting.length <= FEW) this.#want(view, meeting);
    return {
      content: contentOf(view, known < 1 ? `overview ${atlas.revision}` : "exact"),
      share: known < 1 ? Math.min(Math.max(2 ** -atlas.layout.align, known), 0.999) : 1,
      draw: async (signal) => {
        await this.looks.survey(view, signal);
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
    const shares = isShared ? this.looks.shareOf(view) : 1;
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
        if (isShared) await this.looks.survey(view, signal);
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
      const entry = this.looks.entry(view, region.plane);
      const needs: Needs = {
        facts: true,
        channels: mode.part.needsChannels(part),
        pyramid: log2 >= meansFrom(plane),
      };
      const basis = this.layers.basis(entry, needs, { look: this.looks.lookOf(view, entry) });
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
}
