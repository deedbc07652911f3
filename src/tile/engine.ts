import { Pool } from "../compute/pool.ts";
import { BadRequest, NotFound } from "../errors.ts";
import type { Summary } from "../analysis/summary.ts";
import { baseOf, meansFrom } from "../field/pyramid.ts";
import { Catalogue, type Failure } from "../model/catalogue.ts";
import { findModels } from "../model/find.ts";
import { watchFolder } from "../model/watch.ts";
import type { Layer, Model } from "../model/model.ts";
import type { Mode } from "../modes/mode.ts";
import { modes } from "../modes/table.ts";
import { SingleFlight } from "../storage/flight.ts";
import type { RemoteOptions } from "../storage/remote.ts";
import { fingerprint } from "../storage/version.ts";
import { type Access, access } from "./access.ts";
import { LruCache } from "./cache.ts";
import type { Job } from "./job.ts";
import { Layers, type Needs } from "./layers.ts";
import { checkPlace } from "./place.ts";
import type { Rendered } from "./render.ts";
import { estimated } from "./sample.ts";
import { Summaries } from "./summaries.ts";
import {
  type Address,
  type Engine,
  formats,
  type Inspection,
  type Ticket,
  type Tile,
  type View,
} from "./tile.ts";
import { findLayer, type OpenView, Views } from "./view.ts";

/** How much an engine may use. */
export interface EngineOptions {
  /** Worker threads; as many as the machine has cores where not given. */
  readonly workers?: number;
  /** Bytes of encoded tiles kept. */
  readonly cacheBytes?: number;
  /** Bytes of statistics pyramids kept. */
  readonly pyramidBytes?: number;
  /** How models behind URLs are reached. */
  readonly remote?: RemoteOptions;
}

const MIB = 1 << 20;
/** Part of every tag: change it when the same address draws another picture. */
const SOFTWARE = "synaptile 0.1.0, kernels by layout";

/**
 * Opens the models at `paths` (files, or folders of them) for drawing. Throws what opening throws
 * where no model can be opened.
 */
export async function createEngine(
  paths: readonly string[],
  options: EngineOptions = {},
): Promise<Engine> {
  const size = options.workers ?? navigator.hardwareConcurrency;
  const pool = new Pool<Job>(new URL("./worker.ts", import.meta.url), size);
  const remote = access(options.remote);
  try {
    const catalogue = await Catalogue.open(paths.flatMap(findModels), undefined, remote);
    const [failure] = catalogue.failures();
    if (failure && catalogue.models().length === 0) throw failure.error;
    return new TileEngine(catalogue, pool, remote, options);
  } catch (error) {
    pool.close();
    await (await remote.made)?.close();
    throw error;
  }
}

class TileEngine implements Engine {
  readonly #catalogue: Catalogue;
  readonly #remote: Access;
  readonly #pool: Pool<Job>;
  readonly #layers: Layers;
  readonly #tiles: LruCache<Tile>;
  readonly #flight = new SingleFlight<Tile>();
  readonly #summaries: Summaries;
  readonly #views: Views;
  /** Each model that was asked for, as it was then. */
  readonly #known = new Map<string, Model>();
  /** Ends what goes on without being asked. */
  readonly #closing = new AbortController();

  constructor(catalogue: Catalogue, pool: Pool<Job>, remote: Access, options: EngineOptions) {
    this.#catalogue = catalogue;
    this.#remote = remote;
    this.#pool = pool;
    this.#layers = new Layers(pool, options.pyramidBytes ?? 192 * MIB);
    this.#summaries = new Summaries(this.#layers);
    this.#views = new Views(this.#layers);
    this.#tiles = new LruCache(options.cacheBytes ?? 64 * MIB);
  }

  models(): readonly Model[] {
    return this.#catalogue.models();
  }

  failures(): readonly Failure[] {
    return this.#catalogue.failures();
  }

  model(id: string): Model {
    const model = this.#catalogue.current(id);
    const before = this.#known.get(id);
    if (before !== model) {
      this.#known.set(id, model);
      if (before) this.#forget(id);
    }
    return model;
  }

  /** Drops what was drawn and found of any version of a model. */
  #forget(id: string): void {
    this.#layers.forget(id);
    this.#views.clear();
  }

  async add(place: string, signal?: AbortSignal): Promise<Model> {
    return await this.#catalogue.add(place, "added", signal);
  }

  places(): readonly string[] {
    return this.#catalogue.places();
  }

  whence(id: string) {
    return this.#catalogue.whence(id);
  }

  remove(id: string): void {
    this.#catalogue.remove(id);
    this.#forget(id);
    this.#known.delete(id);
  }

  watch(folder: string): Promise<void> {
    return watchFolder(folder, this.#catalogue, this.#closing.signal);
  }

  modes(): readonly Mode[] {
    return modes;
  }

  layer(model: Model, name: string): { layer: Layer; tensor: string } {
    const { layer, tensor } = findLayer(model, name);
    return { layer, tensor: tensor.name };
  }

  view(model: string, layer: string, mode: string, query: URLSearchParams): OpenView {
    return this.#views.open(this.model(model), layer, mode, query);
  }

  ticket(address: Address): Ticket {
    const view = this.view(address.model, address.layer, address.mode, address.query);
    checkPlace(address, view);
    const { z, x, y, density, crop = false, format } = address;
    if (format === "jpg" && view.mode.transparent?.(view.options)) {
      throw new BadRequest(
        `mode "${view.mode.name}" says something by transparency, which jpg has not: ask for png, or opaque=1`,
        { parameter: "format", found: format, allowed: ["png", "webp", "avif", "npy", "bin"] },
      );
    }
    const log2 = view.plane.nativeZoom - z - (density - 1);
    const needs: Needs = {
      facts: true,
      channels: view.mode.needsChannels(view.options),
      pyramid: log2 >= meansFrom(view.entry.plane),
    };
    const needsScale = view.mode.needsScale?.(view.options, log2) ?? true;
    const { entry, share } = this.#layers.basis(view.entry, needs, needsScale);
    // Where the scale does not matter, the picture is the one that exact facts would give.
    const content = share < 1 ? entry.id : view.entry.id;
    const etag = `"${
      fingerprint(SOFTWARE, content, view.mode.name, view.query, z, x, y, density, format)
    }${crop ? "c" : ""}"`;
    const headers = {
      "Synaptile-Mode": view.options.scientific === false ? "artistic" : "scientific",
      "Synaptile-Refinement": String(Number(share.toPrecision(3))),
      ...(view.mode.gradient ? { "Synaptile-Gradient": view.mode.gradient } : {}),
    };
    const type = formats[format];
    return {
      etag,
      immutable: share === 1 && address.query.get("v") === view.model.version,
      preliminary: share < 1,
      type,
      headers,
      cached: () => this.#tiles.get(etag),
      tile: async (signal) => {
        const known = this.#tiles.get(etag);
        if (known) return known;
        return await this.#flight.run(etag, async (signal) => {
          await this.#layers.ready(entry, needs, signal);
          const { bytes, timings } = await this.#layers.run<Rendered>(entry, {
            kind: "tile",
            context: entry.id,
            mode: view.mode.name,
            query: view.query,
            place: { z, x, y, density, crop },
            format,
            pyramid: needs.pyramid ? entry.pyramid : null,
          }, signal);
          const tile: Tile = { bytes, type, etag, headers, timings };
          this.#tiles.set(etag, tile, bytes.length);
          return tile;
        }, signal);
      },
    };
  }

  async legend(view: View, signal?: AbortSignal) {
    const { entry, options, mode } = view as OpenView;
    const needs = { facts: true, channels: mode.needsChannels(options), pyramid: false };
    const basis = this.#layers.basis(entry, needs);
    await this.#layers.ready(basis.entry, needs, signal);
    const legend = mode.legend(options, basis.entry.facts!);
    return basis.share < 1 ? estimated(legend, basis.share) : legend;
  }

  async inspect(view: View, x: number, y: number, zoom?: number, signal?: AbortSignal) {
    const { entry, plane } = view as OpenView;
    const z = zoom ?? plane.nativeZoom;
    if (!Number.isInteger(z) || z < 0 || z > plane.nativeZoom) {
      const message = `z=${z} is not a whole number from 0 to native zoom ${plane.nativeZoom}`;
      throw new BadRequest(message, { parameter: "z", minimum: 0, maximum: plane.nativeZoom });
    }
    const log2 = plane.nativeZoom - z;
    const far = log2 >= baseOf(entry.plane);
    await this.#layers.ready(entry, { facts: far, channels: false, pyramid: far }, signal);
    const pyramid = far ? entry.pyramid : null;
    const job: Job = { kind: "inspect", context: entry.id, log2, x, y, pyramid };
    const found = await this.#layers.run<Inspection | null>(entry, job, signal);
    if (found) return found;
    const width = Math.ceil(plane.width / 2 ** log2), height = Math.ceil(plane.height / 2 ** log2);
    throw new NotFound(
      `(${x}, ${y}) is beyond the plane of ${width} × ${height} cells at zoom ${z}`,
      {
        x,
        y,
        z,
        width,
        height,
      },
    );
  }

  async summary(modelId: string, layerName: string, signal?: AbortSignal): Promise<Summary> {
    const model = this.model(modelId);
    const { tensor } = findLayer(model, layerName);
    return await this.#summaries.of(this.#layers.entry(model, tensor), signal);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#pool.close();
    this.#catalogue.close();
    await (await this.#remote.made)?.close();
  }
}
