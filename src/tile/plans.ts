import { meansFrom } from "../field/pyramid.ts";
import type { Model } from "../model/model.ts";
import { Outdated } from "./faults.ts";
import type { Ingest } from "./ingest.ts";
import type { Basis, LayerEntry, Needs } from "./layer_entry.ts";
import type { Layers } from "./layers.ts";
import { type Networks, versionOf } from "./networks.ts";
import type { Rendered } from "./render.ts";
import type { Address } from "./tile.ts";
import type { OpenView } from "./view.ts";

/** A tile, of which is known what it will be made of. */
export interface Plan {
  /** Differs where the picture does: what is known of the layers on it. */
  readonly content: string;
  /** Share of the cells that the picture is made from; 1 where it is exact. */
  readonly share: number;
  /** Of the tile, besides those of its view. */
  readonly headers?: Readonly<Record<string, string>>;
  draw(signal: AbortSignal): Promise<Rendered>;
  /** Another plan for a tile that could not be drawn because of `error`; null where there is none. */
  readonly instead?: (error: unknown) => Plan | null;
}

/** What several tiles will be made of. */
export interface Batch extends Pick<Plan, "share"> {
  draw(signal: AbortSignal | undefined): Promise<readonly Uint8Array<ArrayBuffer>[]>;
}

/** How tiles of a layer are drawn, and of what. */
export class Plans {
  constructor(
    private readonly layers: Layers,
    private readonly networks: Networks,
    private readonly ingestOf: (model: Model) => Ingest | undefined,
  ) {}

  /** What a tile will be made of. */
  of(view: OpenView, address: Address): Plan {
    const log2 = zoomedOut(view, address);
    const needs = needsOf(view, log2);
    const { whole, entry, share } = this.#basis(view, needs, log2);
    const { network } = view;
    // Where the scale does not matter, the picture is the one that exact facts would give.
    const known = share < 1 ? entry.id : whole.id;
    // Backends agree closely, but not to the bit.
    const backend = this.layers.made.backendOf(entry);
    const content = backend === "gpu" ? `${known} gpu` : known;
    return {
      content: network ? `${content} ${versionOf(network.model)}` : content,
      ...(backend ? { headers: { "Synaptile-Backend": backend } } : {}),
      share: this.layers.shareOf({ entry, share }, log2),
      draw: async (signal) => {
        const guest = network && await this.networks.of(network, signal);
        await this.layers.ready(entry, needs, signal);
        const rendered = await this.layers.run<Rendered>(entry, {
          kind: "tile",
          context: entry.id,
          mode: view.mode.name,
          query: view.query,
          place: placeOf(address),
          format: address.format,
          levels: this.layers.levels(entry, log2),
          ...(guest ? { guest } : {}),
        }, signal);
        if (this.layers.made.backendOf(entry) === backend) return rendered;
        throw new Outdated(`the cells of ${entry.id} are made with another backend by now`);
      },
    };
  }

  /**
   * What PNG tiles of one view will be made of, by one worker that reads their cells once. Null where
   * each is to be planned by itself: where little is known of the layer, or it is far away.
   */
  together(view: OpenView, addresses: readonly Address[]): Batch | null {
    const { entry, mode, query, network } = view;
    if (entry.fetch || addresses.some(({ format }) => format !== "png")) return null;
    const places = addresses.map((address) => ({
      place: placeOf(address),
      log2: zoomedOut(view, address),
    }));
    const all = places.map(({ log2 }) => needsOf(view, log2));
    const bases = places.map(({ log2 }, i) => this.#basis(view, all[i]!, log2));
    if (bases.some(({ whole, entry, share }) => share < 1 || entry !== whole)) return null;
    const { whole } = bases[0]!;
    const needs: Needs = { ...all[0]!, pyramid: all.some(({ pyramid }) => pyramid) };
    return {
      share: 1,
      draw: async (signal) => {
        const guest = network && await this.networks.of(network, signal);
        await this.layers.ready(whole, needs, signal);
        return await this.layers.run<readonly Uint8Array<ArrayBuffer>[]>(whole, {
          kind: "tiles",
          context: whole.id,
          mode: mode.name,
          query,
          tiles: places.map(({ place, log2 }) => {
            return { place, levels: this.layers.levels(whole, log2) };
          }),
          ...(guest ? { guest } : {}),
        }, signal);
      },
    };
  }

  /** The layer as it is known by now, and what a picture of it may be drawn with. */
  #basis(view: OpenView, needs: Needs, log2: number): Basis & { readonly whole: LayerEntry } {
    const needsScale = view.mode.needsScale?.(view.options, log2) ?? true;
    const ingest = this.ingestOf(view.model);
    const look = view.entry.isDefault ? ingest?.coming(view.tensor) ?? null : null;
    const whole = this.layers.current(view.entry);
    const basis = this.layers.basis(whole, needs, { needsScale, look });
    if (basis.share < 1) ingest?.want(view.tensor);
    return { whole, ...basis };
  }
}

/** log2 of the cells that a pixel covers along one side. */
const zoomedOut = ({ plane }: OpenView, { z, density }: Address): number =>
  plane.nativeZoom - z - (density - 1);

const placeOf = ({ z, x, y, density, crop = false }: Address) => ({ z, x, y, density, crop });

const needsOf = ({ mode, options, entry }: OpenView, log2: number): Needs => ({
  facts: true,
  channels: mode.needsChannels(options),
  pyramid: log2 >= meansFrom(entry.plane),
  figures: mode.needsFigures?.(options) ?? false,
});
