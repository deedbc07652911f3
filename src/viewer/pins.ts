import type { Journey } from "./journey.ts";
import type { PlaneMap } from "./map.ts";
import type { Panels } from "./panels.ts";
import { isWhole, type Scene, type Widget } from "./scene.ts";
import type { Point } from "./state.ts";
import type { Store } from "./store.ts";

/** Milliseconds in which a click may turn out to be the first of two. */
const DOUBLE = 300;

/** Chooses the cell that the inspector reads; on the map of a whole model, opens its layer. */
export class Pins implements Widget {
  #scene: Scene | null = null;
  #clicking: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly store: Store,
    private readonly map: PlaneMap,
    private readonly panels: Panels,
    private readonly journey: Journey,
    private readonly failed: (error: unknown) => void,
  ) {}

  update(scene: Scene): void {
    this.#scene = scene;
  }

  /** Reads the cell in the middle; on the map of a whole model, opens what is pinned. */
  pin(): void {
    const { pin } = this.store.state;
    const { place } = this.map;
    if (pin && this.#scene && isWhole(this.#scene)) this.opened(pin);
    else if (place) this.#set({ x: Math.floor(place.x), y: Math.floor(place.y) });
  }

  clicked(pin: Point): void {
    clearTimeout(this.#clicking);
    const isOpen = this.panels.shown.includes("inspector");
    if (!this.#scene || !isWhole(this.#scene) || isOpen) return this.#set(pin);
    this.store.set({ pin }, "replace");
    // The panel would open under a double click.
    this.#clicking = setTimeout(() => this.#set(pin), DOUBLE);
  }

  opened(cell: Point): void {
    clearTimeout(this.#clicking);
    this.journey.enter(cell).catch(this.failed);
  }

  #set(pin: Point): void {
    if (this.#scene && !this.#scene.mode.readable) return;
    this.store.set({ pin, panels: this.panels.with("inspector", true) }, "replace");
    this.map.reveal(pin);
  }
}
