import { around, type Box } from "./box.ts";
import * as api from "./api.ts";
import { type Guide, guideOf, type Region, rescaled, toMap, toPlane } from "./guide.ts";
import type { Outline } from "./outline.ts";
import type { PlaneMap } from "./map.ts";
import { hasMap, isWhole, onLayer, placesOf, sameOn, type Scene, type Widget } from "./scene.ts";
import type { Point } from "./state.ts";
import type { Store } from "./store.ts";

/** CSS pixels: what is smaller is not only shown in its place when it is opened, but gone to. */
const SMALL = 160;
/** Milliseconds after which the layer that one comes from is marked on the map. */
const MARK = 320;

export interface JourneyEvents {
  /** It is known what lies where on the map. */
  told(): void;
  failed(error: unknown): void;
}

/** Ways between the map of a whole model and the planes of its layers: what is seen stays in place. */
export class Journey implements Widget {
  #scene: Scene | null = null;
  #guide: Guide | null = null;
  #found: string | null = null;
  #towards: { readonly box: Box; readonly marked: readonly Region[] } | null = null;

  constructor(
    private readonly store: Store,
    private readonly map: PlaneMap,
    private readonly outline: Outline,
    private readonly events: JourneyEvents,
  ) {}

  update(scene: Scene): void {
    if (this.#scene?.model !== scene.model) this.#found = null;
    this.#scene = scene;
    this.#guide = null;
    this.showLabels();
    if (hasMap(scene.model)) this.#load(scene).catch(this.events.failed);
  }

  /** The guide to the map that is shown; null off the map, and until it has come. */
  get guide(): Guide | null {
    return this.#scene && isWhole(this.#scene) ? this.#guide : null;
  }

  /** What was looked for last, while on the map. */
  get found(): string | null {
    return this.#found;
  }

  showLabels(): void {
    this.outline.show(this.guide, this.store.state.labels);
  }

  /** More is known of the model: the norms of its branches. */
  async renew(): Promise<void> {
    const scene = this.#scene;
    if (scene && hasMap(scene.model)) await this.#load(scene, true);
  }

  async #load(scene: Scene, fresh = false): Promise<void> {
    const guide = await guideOf(await placesOf(scene), fresh);
    if (scene !== this.#scene) return;
    this.#guide = guide;
    this.showLabels();
    this.events.told();
  }

  /** Flies to a layer or a tensor on the map, and marks it. What is not on the map is opened. */
  async find(name: string): Promise<void> {
    const scene = this.#scene;
    if (!scene) return;
    const guide = await guideOf(await placesOf(scene));
    if (scene !== this.#scene) return;
    const regions = guide.find(name);
    if (regions.length === 0 || !isWhole(scene)) return await this.open(name);
    this.#found = name;
    this.map.flyTo(around(regions));
    this.outline.mark(regions);
  }

  /** A layer or a tensor in its own plane. */
  async open(name: string): Promise<void> {
    const scene = this.#scene;
    if (!scene) return;
    const { mode, options } = scene.subject;
    const from = { mode: isWhole(scene) ? mode : null, options };
    const state = await sameOn(name, scene.model, from);
    if (scene !== this.#scene) return;
    this.store.set({ layer: name, ...state, place: null, pin: null });
  }

  /** The plane of the tensor under a cell of the map, at the same place and of the same size. */
  async enter(cell: Point): Promise<void> {
    const [guide, scene] = [this.guide, this.#scene];
    const region = guide?.at(cell);
    const here = this.map.place;
    if (!guide || !scene || !region || !here) return;
    const { state } = this.store;
    const next = await onLayer(scene, region.tensor);
    if (scene !== this.#scene) return;
    const at = toPlane(region, here);
    const pin = state.pin && guide.at(state.pin) === region ? toPlane(region, state.pin) : null;
    const { width, height } = next.plane;
    if (Math.max(width, height) * this.map.scale < SMALL) {
      this.#towards = { box: { x: 0, y: 0, width, height }, marked: [] };
    }
    // Back returns to exactly here.
    this.store.set({ place: here }, "replace");
    this.store.set({
      // The layer's name where it is the layer's main tensor.
      layer: next.layer.name,
      mode: next.mode.name === scene.mode.name ? next.mode.name : null,
      options: next.subject.options,
      place: rescaled(at, here, guide.info.nativeZoom, next.plane.nativeZoom),
      pin: state.panels?.includes("inspector") ? pin : null,
    });
  }

  /** The map, from where one is on the plane of a layer to where that layer lies. */
  async leave(): Promise<void> {
    const scene = this.#scene;
    if (!scene || isWhole(scene) || !hasMap(scene.model)) return;
    const { layer, plane, model, subject } = scene;
    const guide = await guideOf(await placesOf(scene));
    const state = await sameOn(api.WHOLE, model, subject);
    if (scene !== this.#scene) return;
    const { tensor = layer.name } = layer;
    const regions = guide.find(tensor);
    const here = this.map.place;
    const { options } = this.store.state;
    let place = null;
    if (here && regions.length > 0 && options.axes === undefined) {
      const { cell } = toMap(regions, here);
      place = rescaled(cell, here, plane.nativeZoom, guide.info.nativeZoom);
    }
    this.#towards = regions.length > 0 ? { box: around(regions), marked: regions } : null;
    this.#found = layer.name;
    this.store.set({
      layer: api.WHOLE,
      ...state,
      place,
      pin: null,
    });
  }

  /** Where the view goes on the plane that is shown next: to the layer that it came from. */
  takeTowards(): Box | null {
    const { box = null, marked = [] } = this.#towards ?? {};
    this.#towards = null;
    // Marked once the map is there.
    if (marked.length > 0) setTimeout(() => this.guide && this.outline.mark(marked), MARK);
    return box;
  }
}
