import type { Box } from "./box.ts";
import { throttle } from "./dom.ts";
import { guideOf } from "./guide.ts";
import type { PlaneMap } from "./map.ts";
import { isWhole, placesOf, type Scene, type Widget, withNewLegend } from "./scene.ts";

/** Milliseconds between two looks for better pictures, and for a better legend. */
const PULSE = 700, LEGEND = 2500;
/** Milliseconds that a tile is on its way at most, as a rule. */
const LATE = 3000;

export interface RefresherEvents {
  /** The legend says more than it did. */
  renewed(scene: Scene): void;
  /** Pictures are better than they were. */
  pulse(): void;
  failed(error: unknown): void;
}

/** Draws estimates anew as the server reads what they are of. */
export class Refresher implements Widget {
  #scene: Scene | null = null;
  #read = new Set<string>();
  #isDone = false;
  readonly #soon = throttle(PULSE, () => void this.#pulse().catch(this.events.failed));
  readonly #legendSoon = throttle(LEGEND, () => void this.#legend().catch(this.events.failed));

  constructor(private readonly map: PlaneMap, private readonly events: RefresherEvents) {}

  update(scene: Scene): void {
    if (scene.subject.model !== this.#scene?.subject.model) this.#read.clear();
    this.#scene = scene;
  }

  /** Pictures of a tensor are exact from now on. */
  read(tensor: string): void {
    this.#read.add(tensor);
    this.#soon();
  }

  /** Every picture is exact from now on. */
  done(): void {
    const all = () => {
      this.#isDone = true;
      this.#soon();
      this.#legendSoon();
    };
    all();
    // Once more for tiles that were on their way.
    setTimeout(all, LATE);
  }

  async #pulse(): Promise<void> {
    const scene = this.#scene;
    if (!scene) return;
    const tensors = [...this.#read];
    this.#read.clear();
    const boxes = this.#isDone ? "all" : await this.#boxes(scene, tensors);
    this.#isDone = false;
    if (scene !== this.#scene || boxes.length === 0) return;
    this.map.outdate(boxes);
    this.events.pulse();
    if (scene.legend.refinement !== undefined) this.#legendSoon();
  }

  async #boxes(scene: Scene, tensors: readonly string[]): Promise<"all" | readonly Box[]> {
    const { subject, layer } = scene;
    // On one scale for all, every value that is read changes every colour.
    if (subject.options.scope === "model") return "all";
    if (!isWhole(scene)) return tensors.includes(layer.tensor ?? layer.name) ? "all" : [];
    const guide = await guideOf(await placesOf(scene));
    return tensors.flatMap((tensor) => guide.find(tensor));
  }

  async #legend(): Promise<void> {
    const scene = this.#scene;
    if (!scene || scene.legend.refinement === undefined) return;
    const next = await withNewLegend(scene);
    if (scene !== this.#scene) return;
    this.#scene = next;
    this.events.renewed(next);
  }
}
