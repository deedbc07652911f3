import { BadRequest } from "../errors.ts";
import { fingerprint } from "../storage/version.ts";
import { type Charts, type ChartView, isChart } from "./charts.ts";
import { SOFTWARE } from "./etag.ts";
import { inLanes } from "./lanes.ts";
import type { MapView } from "./map_plans.ts";
import { isMap, type Maps } from "./maps.ts";
import { checkPlace } from "./place.ts";
import type { Plan, Plans } from "./plans.ts";
import type { Tickets } from "./tickets.ts";
import type { Address, Sheet, Ticket } from "./tile.ts";
import type { OpenView } from "./view.ts";
import { isVolume, type Volumes, type VolumeView } from "./volumes.ts";

/** Tiles of a sheet that are asked for at once where each is drawn by itself. */
const LANES = 4;

type AnyView = OpenView | MapView | VolumeView | ChartView;

/** What orders are carried out with. */
export interface Means {
  view(address: Address): AnyView;
  readonly maps: Maps;
  readonly volumes: Volumes;
  readonly charts: Charts;
  readonly plans: Plans;
  readonly tickets: Tickets;
  /** Does again what fails since something on disk is damaged. */
  persistently<Value>(work: (isFirst: boolean) => Promise<Value>): Promise<Value>;
}

/** Tiles that are asked for, one by one or many of a picture. */
export class Orders {
  constructor(private readonly means: Means) {}

  sheet(addresses: readonly Address[]): Sheet {
    const sheet = this.#sheet(addresses);
    const tiles = (isFirst: boolean, signal?: AbortSignal) =>
      (isFirst ? sheet : this.#sheet(addresses)).tiles(signal);
    return {
      ...sheet,
      tiles: (signal) => this.means.persistently((first) => tiles(first, signal)),
    };
  }

  #sheet(addresses: readonly Address[]): Sheet {
    const { query } = addresses[0]!;
    const view = this.means.view(addresses[0]!);
    for (const address of addresses) checkPlace(address, view);
    const isAlone = isMap(view) || isVolume(view) || isChart(view) ||
      view.mode.zoomed !== undefined;
    const plan = isAlone || addresses.length === 1
      ? null
      : this.means.plans.together(view, addresses);
    if (plan) {
      const immutable = query.get("v") === view.version;
      return { immutable, preliminary: false, tiles: (signal) => plan.draw(signal) };
    }
    const tickets = addresses.map((address) => this.ticket(address));
    return {
      immutable: tickets.every(({ immutable }) => immutable),
      preliminary: tickets.some(({ preliminary }) => preliminary),
      tiles: async (signal) => {
        const files: Uint8Array<ArrayBuffer>[] = [];
        await inLanes(LANES, tickets.length, async (i) => {
          files[i] = (await tickets[i]!.tile(signal)).bytes.slice(); // the cache keeps its own
        });
        return files;
      },
    };
  }

  ticket(address: Address): Ticket {
    const ticket = this.#ticket(address);
    const tile = (isFirst: boolean, signal?: AbortSignal) =>
      (isFirst ? ticket : this.#ticket(address)).tile(signal);
    return {
      ...ticket,
      tile: (signal) => this.means.persistently((isFirst) => tile(isFirst, signal)),
    };
  }

  #plan(view: AnyView, address: Address): Plan {
    const { maps, volumes, charts, plans } = this.means;
    if (isMap(view)) return maps.plan(view, address);
    if (isChart(view)) return charts.plan(view, address);
    return isVolume(view) ? volumes.plan(view, address) : plans.of(view, address);
  }

  #ticket(address: Address): Ticket {
    const view = this.means.view(address);
    checkPlace(address, view);
    const { format } = address;
    if (format === "jpg" && view.mode.transparent?.(view.options)) {
      throw new BadRequest(
        `mode "${view.mode.name}" says something by transparency, which jpg has not: ask for png, or opaque=1`,
        { parameter: "format", found: format, allowed: ["png", "webp", "avif", "npy", "bin"] },
      );
    }
    return this.#made(view, address, this.#plan(view, address));
  }

  /** The ticket of a tile that is planned. */
  #made(view: AnyView, address: Address, plan: Plan): Ticket {
    const { z, x, y, density, crop = false, format } = address;
    const { content, share, draw } = plan;
    const hash = fingerprint(
      ...[SOFTWARE, content, view.mode.name, view.query],
      ...[z, x, y, density, format],
    );
    const guest = view.against ?? ("network" in view ? view.network : null);
    const ticket = this.means.tickets.make({
      tag: `${hash}${crop ? "c" : ""}`,
      format,
      share,
      headers: {
        "Synaptile-Mode": view.options.scientific === false ? "artistic" : "scientific",
        ...(view.slopes ? { "Synaptile-Gradient": view.slopes } : {}),
        ...plan.headers,
      },
      versioned: address.query.get("v") === view.version,
      ...(guest ? { against: guest.model } : {}),
      draw,
    });
    const { instead } = plan;
    if (!instead) return ticket;
    const tile = async (signal?: AbortSignal) => {
      try {
        return await ticket.tile(signal);
      } catch (error) {
        const other = instead(error);
        if (!other) throw error;
        return await this.#made(view, address, other).tile(signal);
      }
    };
    return { ...ticket, tile };
  }
}
