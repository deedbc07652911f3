import type { LayerSummary } from "../analysis/summary.ts";
import { Pool } from "../compute/pool.ts";
import { Catalogue, type Failure } from "../model/catalogue.ts";
import { atStep } from "../model/steps.ts";
import { findModels } from "../model/find.ts";
import { watchFolder } from "../model/watch.ts";
import type { Layer, Model } from "../model/model.ts";
import type { MapMode, WholeMode } from "../modes/mode.ts";
import { chartModes, mapModes, modes, volumeModes, wholeModes } from "../modes/table.ts";
import { type Access, access } from "./access.ts";
import { type AnyView, drawnView, type Openers, openView } from "./any_view.ts";
import { type Partner, partnersOf } from "./against.ts";
import { type Backend, Backends } from "./backends.ts";
import type { Body, Detail } from "./body.ts";
import { Charts } from "./charts.ts";
import type { IngestState } from "./ingest.ts";
import { type EngineEvent, Ingests } from "./ingests.ts";
import type { EngineOptions } from "./engine_options.ts";
import { persistently } from "./faults.ts";
import type { Job } from "./job.ts";
import { Inspections } from "./inspections.ts";
import { Layers } from "./layers.ts";
import { Legends } from "./legends.ts";
import { WHOLE } from "./address.ts";
import { Networks } from "./networks.ts";
import { Maps } from "./maps.ts";
import { Orders } from "./orders.ts";
import { Plans } from "./plans.ts";
import type { Asked } from "../run/forward.ts";
import { type Forward, Runs } from "./runs.ts";
import { type LayerSketch, sketchOf } from "./sketch.ts";
import { Summaries } from "./summaries.ts";
import { Tickets } from "./tickets.ts";
import type { Address, Engine, Inspection, LayerMode, Sheet, Ticket, View } from "./tile.ts";
import { findLayer, type OpenView, Views } from "./view.ts";
import { type LayerOctree, solidOf, Volumes } from "./volumes.ts";

export type { EngineOptions };

const MIB = 1 << 20;

/**
 * Opens the models at `paths` (files, or folders of them) for drawing. Throws what opening throws
 * where no model can be opened, and `NotFound` where a GPU is to be used and there is none.
 */
export async function createEngine(
  paths: readonly string[],
  options: EngineOptions = {},
): Promise<Engine> {
  const size = options.workers ?? navigator.hardwareConcurrency;
  const pool = new Pool<Job>(new URL("./worker.ts", import.meta.url), size);
  const remote = access(options.remote);
  const { backend: choice = "wasm", gpuWorker: script, tell } = options;
  const backends = new Backends({ choice, script, tell });
  try {
    if (choice === "gpu") await backends.ask();
    const catalogue = await Catalogue.open(paths.flatMap(findModels), undefined, remote);
    const [failure] = catalogue.failures();
    if (failure && catalogue.models().length === 0) throw failure.error;
    return new TileEngine(catalogue, pool, backends, remote, options);
  } catch (error) {
    pool.close();
    backends.close();
    await (await remote.made)?.close();
    throw error;
  }
}

class TileEngine implements Engine {
  readonly #catalogue: Catalogue;
  readonly #remote: Access;
  readonly #pool: Pool<Job>;
  readonly #backends: Backends;
  readonly #layers: Layers;
  readonly #maps: Maps;
  readonly #orders: Orders;
  readonly #ingests: Ingests;
  readonly #listeners = new Set<(event: EngineEvent) => void>();
  readonly #inspections: Inspections;
  readonly #openers: Openers;
  readonly #legends: Legends;
  readonly #summaries: Summaries;
  readonly #views: Views;
  readonly #volumes: Volumes;
  readonly #runs: Runs;
  /** Each model that was asked for, as it was then. */
  readonly #known = new Map<string, Model>();
  /** Ends what goes on without being asked. */
  readonly #closing = new AbortController();

  constructor(
    catalogue: Catalogue,
    pool: Pool<Job>,
    backends: Backends,
    remote: Access,
    options: EngineOptions,
  ) {
    this.#backends = backends;
    this.#catalogue = catalogue;
    this.#remote = remote;
    this.#pool = pool;
    this.#layers = new Layers(
      pool,
      options.pyramidBytes ?? 192 * MIB,
      (id) => this.#ingests.findings(id),
      options.madeBytes,
      backends,
    );
    const modelOf = (id: string) => this.model(id);
    this.#maps = new Maps(this.#layers, (model) => this.#ingests.of(model), modelOf);
    this.#ingests = new Ingests(
      options.store,
      this.#layers,
      this.#maps,
      (event) => this.#listeners.forEach((listener) => listener(event)),
    );
    this.#summaries = new Summaries(this.#layers);
    const charts = new Charts(this.#layers, this.#summaries);
    this.#views = new Views(this.#layers, modelOf);
    this.#volumes = new Volumes(this.#layers, backends);
    const [maps, views, volumes] = [this.#maps, this.#views, this.#volumes];
    this.#openers = { maps, views, volumes, charts };
    this.#legends = new Legends(
      this.#layers,
      maps,
      volumes,
      charts,
      (model) => this.#ingests.of(model),
    );
    this.#inspections = new Inspections(this.#layers, maps, views, volumes, charts);
    this.#orders = new Orders({
      view: (address) => this.#drawn(address),
      ...{ maps, volumes, charts },
      plans: new Plans(
        this.#layers,
        new Networks(this.#layers),
        (model) => this.#ingests.of(model),
      ),
      tickets: new Tickets(options.cacheBytes ?? 64 * MIB),
      persistently: (work) => this.#persistently(work),
    });
    const changed = (id: string) => {
      this.#forget(id);
      this.#known.delete(id);
    };
    this.#runs = new Runs(catalogue, changed, options.runs);
    for (const model of catalogue.models()) this.model(model.id);
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
      const isRun = this.#runs.holds(id);
      if (before) {
        this.#forget(id);
        if (!isRun) this.#runs.forget(id);
      }
      if (!isRun) this.#ingests.open(model);
    }
    return model;
  }

  /** Drops what was drawn and found of any version of a model. */
  #forget(id: string): void {
    void this.#ingests.forget(id); // which ends by itself
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

  async forward(id: string, asked: Asked, signal?: AbortSignal): Promise<Forward> {
    const { origin } = this.#catalogue.whence(id);
    const signals = [this.#closing.signal, ...(signal ? [signal] : [])];
    return await this.#runs.run(this.model(id), asked, {
      remote: this.#remote,
      trusted: origin === "given",
      signal: AbortSignal.any(signals),
    });
  }

  remove(id: string): void {
    const isRun = this.#runs.holds(id);
    this.#runs.forget(id);
    if (isRun) return;
    this.#catalogue.remove(id);
    this.#forget(id);
    this.#known.delete(id);
  }

  watch(folder: string): Promise<void> {
    return watchFolder(folder, this.#catalogue, this.#closing.signal);
  }

  async backend(): Promise<Backend> {
    await this.#backends.ask();
    return this.#backends.current;
  }

  modes(): readonly LayerMode[] {
    return [...modes, ...volumeModes, ...chartModes];
  }

  layer(model: Model, name: string): { layer: Layer; tensor: string } {
    const { layer, tensor } = findLayer(model, name);
    return { layer, tensor: tensor.name };
  }

  mapModes(): readonly (MapMode | WholeMode)[] {
    return [...mapModes, ...wholeModes];
  }

  view(model: string, layer: string, mode: string, query: URLSearchParams): AnyView {
    return openView(this.#openers, atStep(this.model(model), query), layer, mode, query);
  }

  /** The view that a tile is drawn of. */
  #drawn(address: Address): AnyView {
    const { model, layer, mode, query } = address;
    return drawnView(this.view(model, layer, mode, query), address, this.#openers);
  }

  sheet(addresses: readonly Address[]): Sheet {
    return this.#orders.sheet(addresses);
  }

  ticket(address: Address): Ticket {
    return this.#orders.ticket(address);
  }

  /** Does again, from the file then, what fails since a pyramid on disk is damaged. */
  #persistently<Value>(work: (isFirst: boolean) => Promise<Value>): Promise<Value> {
    return persistently(work, (error) => this.#ingests.distrust(error));
  }

  async legend(view: View, signal?: AbortSignal) {
    return await this.#persistently(() => this.#legends.of(view, signal));
  }

  async inspect(
    view: View,
    x: number,
    y: number,
    zoom?: number,
    signal?: AbortSignal,
  ): Promise<Inspection> {
    return await this.#persistently(() => this.#inspections.at(view, x, y, zoom, signal));
  }

  async octree(view: View, signal?: AbortSignal): Promise<LayerOctree> {
    return await this.#volumes.statistics(solidOf(view, "octree"), signal);
  }

  body(view: View, detail: Detail): Body {
    return this.#volumes.body(solidOf(view, "voxels"), detail);
  }

  async brick(view: View, body: Body, brick: number, signal?: AbortSignal) {
    return await this.#volumes.brick(solidOf(view, "voxels"), body, brick, signal);
  }

  partners(model: Model, layer: string): readonly Partner[] {
    const tensors = layer === WHOLE ? model.tensors : [findLayer(model, layer).tensor];
    return partnersOf(model, tensors, this.models());
  }

  layout(model: Model, view?: View) {
    const own = view && "layout" in view ? (view as OpenView).layout : null;
    return { layout: own ?? this.#maps.layout(model), norms: this.#maps.norms(model) };
  }

  ingest(id: string): IngestState | null {
    return this.#ingests.of(this.model(id))?.state ?? null;
  }

  async ingestAll(id: string, signal?: AbortSignal): Promise<void> {
    await this.#ingests.finish(this.model(id), signal);
  }

  setIngest(id: string, state: "paused" | "running"): IngestState {
    return this.#ingests.set(this.model(id), state);
  }

  listen(listener: (event: EngineEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async summary(model: Model, layerName: string, signal?: AbortSignal): Promise<LayerSummary> {
    return await this.#summaries.of(model, layerName, signal);
  }

  async sketch(model: Model, layerName: string, signal?: AbortSignal): Promise<LayerSketch> {
    const { tensor } = findLayer(model, layerName);
    const found = this.#ingests.of(model)?.foundOf(tensor.name) ?? null;
    return await sketchOf(this.#layers, model, tensor, found, signal);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#ingests.close();
    this.#pool.close();
    this.#backends.close();
    this.#catalogue.close();
    await (await this.#remote.made)?.close();
  }
}
