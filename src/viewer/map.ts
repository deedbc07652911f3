import OpenSeadragon from "openseadragon";
import type { PlaneInfo } from "./api.ts";
import type { Box } from "./box.ts";
import { Camera } from "./camera.ts";
import { reducedMotion } from "./dom.ts";
import { PixelDrawer } from "./drawer.ts";
import { Estimates } from "./estimates.ts";
import type { Seen } from "./framing.ts";
import { PlaneSource } from "./source.ts";
import type { Place, Point } from "./state.ts";
import type { Shot } from "./shot.ts";
import { Still } from "./still.ts";

/** A tile's address at a zoom, column, row. */
export type TileAddress = (z: number, x: number, y: number, density: 1 | 2) => string;

export interface MapEvents {
  /** The view moved, by hand or by flight. */
  moved(): void;
  clicked(cell: Point): void;
  /** A body was dragged by so many CSS pixels, and let go. */
  turned(x: number, y: number): void;
  released(): void;
  /** A cell was clicked twice: only where that does not zoom. */
  opened(cell: Point): void;
  failed(error: unknown): void;
  /** Whether tiles are on their way. */
  loading(busy: boolean): void;
  /** Tiles that were estimates are drawn better. */
  renewed(): void;
}

// Milliseconds for which a flight waits for the picture that it begins with.
const BEGIN = 500;

/** `PointerEvent.buttons` of the middle one alone. */
const MIDDLE = 4;

// CSS pixels a cell that can always be reached.
const TOUCHABLE = 48;

/** How a plane is first shown. */
export interface Arrival {
  /** All of it where it is null. */
  readonly place: Place | null;
  /** Where the view goes from there. */
  readonly towards?: Box | null;
  /** Whether a double click opens what is under it, rather than zooming. */
  readonly opens?: boolean;
  /** Whether it is a body, which a drag turns; with shift, or the middle button, it moves the view. */
  readonly turns?: boolean;
  /** Whether it is one picture of many: nothing coarser than what is seen is fetched before. */
  readonly passes?: boolean;
}

/** The map: one plane, shown by OpenSeadragon, in coordinates of its native cells. */
export class PlaneMap extends Camera {
  #image: OpenSeadragon.TiledImage | null = null;
  #source: PlaneSource | null = null;
  #request = 0;
  #opens = false;
  #turns = false;
  #isSuspended = false;
  #isLoaded = false;
  /** The zoom of the tiles that were last seen whole, one more where they have twice the pixels. */
  #zoom: number | null = null;
  #awaited: (() => void)[] = [];
  readonly #still: Still;
  readonly #estimates = new Estimates();

  constructor(element: HTMLElement, private readonly events: MapEvents) {
    const viewer = OpenSeadragon({
      element,
      drawer: PixelDrawer,
      showNavigationControl: false,
      keyboardNavEnabled: false,
      tabIndex: -1,
      animationTime: reducedMotion() ? 0 : 0.5,
      springStiffness: 8,
      zoomPerScroll: 1.25,
      zoomPerClick: 2,
      minZoomImageRatio: 0.25,
      visibilityRatio: 0.15,
      imageLoaderLimit: 6,
      maxTilesPerFrame: 6,
      maxImageCacheCount: 400,
      gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true, flickEnabled: true },
      gestureSettingsTouch: { clickToZoom: false, dblClickToZoom: true, pinchRotate: false },
    });
    super(viewer, element);
    this.#still = new Still(element);
    viewer.addHandler("update-viewport", () => {
      this.#chooseLevel();
      if (this.shown) this.#still.follow(this.#whole);
      this.events.moved();
    });
    const dragged = (event: OpenSeadragon.CanvasDragEvent) => {
      if (!this.#turns || event.shift) return;
      event.preventDefaultAction = true;
      this.events.turned(event.delta.x, event.delta.y);
    };
    viewer.addHandler("canvas-drag", dragged, undefined, 1);
    viewer.addHandler("canvas-drag-end", (event) => {
      if (!this.#turns || event.shift) return;
      event.preventDefaultAction = true;
      this.events.released();
    });
    element.addEventListener("pointermove", ({ buttons, movementX, movementY }) => {
      if (!this.#turns || buttons !== MIDDLE) return;
      const { width, height } = this.size, side = Math.min(width, height);
      this.pan(-movementX / side, -movementY / side, true);
    });
    // A browser's own scrolling with the middle button.
    element.addEventListener("mousedown", (event) => event.button === 1 && event.preventDefault());
    viewer.addHandler("canvas-click", ({ quick, position }) => {
      const cell = quick ? this.cellAt(position) : null;
      if (cell) this.events.clicked(cell);
    });
    viewer.addHandler("canvas-double-click", (event) => {
      if (!this.#opens) return;
      event.preventDefaultAction = true;
      const cell = this.cellAt(event.position);
      if (cell) this.events.opened(cell);
    });
  }

  protected override moving(): void {
    if (!this.#turns) this.#still.drop();
  }

  /** What is seen is about to change again and again: it stays, and nothing more of it is fetched. */
  suspend(): void {
    if (this.#isSuspended) return;
    this.#isSuspended = true;
    this.#still.hold(this.#canvas, true);
    this.#image?.setOpacity(0);
    this.#source?.stop();
    this.viewer.imageLoader.clear();
    this.events.loading(false);
  }

  /** Lays a picture of the plane over what is seen, until the plane that is shown next is. */
  cover(shot: Shot): void {
    if (this.#still.isHeld) this.#still.replace(shot, this.#whole);
    else shot.picture.close();
  }

  /** What is seen of the plane; null until all of that has come once. */
  get framing(): Seen | null {
    if (!this.shown || !this.isThere || this.#zoom === null) return null;
    return { whole: this.#whole, ...this.size, ratio: devicePixelRatio, zoom: this.#zoom };
  }

  /** Once all that is seen of the plane has come. */
  arrived(): Promise<void> {
    if (this.#isLoaded) return Promise.resolve();
    return new Promise((resolve) => this.#awaited.push(resolve));
  }

  get #whole(): Box {
    return this.rectOf(0, 0, this.shown!.width, this.shown!.height);
  }

  /** Shows a plane. The old picture stays until the new one has come. */
  show(plane: PlaneInfo, address: TileAddress, arrival: Arrival): void {
    const { place, towards, opens = false, turns = false, passes = false } = arrival;
    this.#estimates.forget();
    this.#opens = opens;
    const request = ++this.#request;
    if (this.#image) this.#still.hold(this.#canvas, turns && this.#turns);
    this.#turns = turns;
    this.#isSuspended = this.#isLoaded = false;
    const old = this.#image;
    const density = this.#density;
    const least = passes && place ? Math.max(0, Math.min(plane.maxZoom, Math.floor(place.z))) : 0;
    const source = new PlaneSource(plane, Math.max(plane.minZoom, least), {
      address: (z, x, y) => address(z, x, y, density),
      failed: (error) =>
        request === this.#request && !this.#isSuspended && this.events.failed(error),
      loaded: (tile, from, loaded) =>
        request === this.#request && this.#estimates.note(tile, from, loaded),
    });
    this.events.loading(true);
    // Twice the deepest tiles' own size, but at least cells that a finger can hit.
    const deepest = 2 ** (plane.maxZoom - plane.nativeZoom);
    this.viewer.viewport.setMaxZoomPixelRatio(Math.max(2, TOUCHABLE / deepest));
    PixelDrawer.nativeZoom = plane.nativeZoom;
    this.shown = plane;
    this.#source = source;
    if (old) this.viewer.world.removeItem(old);
    this.#image = null;
    this.viewer.addTiledImage({
      tileSource: source,
      width: 1,
      success: (event: unknown) => {
        const { item } = event as { item: OpenSeadragon.TiledImage };
        if (request !== this.#request) return this.viewer.world.removeItem(item);
        this.#image = item;
        this.#chooseLevel();
        if (place) this.go(place, true);
        else this.start();
        let begin = () => {
          begin = () => {};
          if (towards && request === this.#request) this.flyTo(towards);
        };
        setTimeout(() => begin(), BEGIN);
        item.addHandler("fully-loaded-change", ({ fullyLoaded }) => {
          if (request !== this.#request || this.#isSuspended) return;
          this.#isLoaded = fullyLoaded;
          if (fullyLoaded) {
            this.#zoom = Math.max(...this.seen.map(({ z, density }) => z + density - 1));
          }
          this.events.loading(!fullyLoaded);
          if (!fullyLoaded) return;
          this.#still.drop(passes || reducedMotion());
          for (const resolve of this.#awaited.splice(0)) resolve();
          begin();
        });
      },
    });
  }

  /** More has been read of what lies in the boxes: estimates there are drawn anew as they are seen. */
  outdate(boxes: readonly Box[] | "all"): void {
    const { nativeZoom, tileSize } = this.shown ?? { nativeZoom: 0, tileSize: 1 };
    this.#estimates.outdate(boxes, ({ level, x, y }) => {
      const side = tileSize * 2 ** (nativeZoom - level);
      return { x: x * side, y: y * side, width: side, height: side };
    });
    this.renew();
  }

  renew(): void {
    void this.#estimates.renew(() => this.#seen, () => {
      this.viewer.forceRedraw();
      this.events.renewed();
    });
  }

  /** How much of the truth is seen; null where all of it is exact. */
  get estimate(): { share: number; error: number | null } | null {
    return this.#estimates.of(this.#seen);
  }

  /** The tiles that are seen. */
  get seen(): { z: number; x: number; y: number; density: 1 | 2 }[] {
    const density = this.#density;
    return this.#seen.map(({ level, x, y }) => ({ z: level, x, y, density }));
  }

  /** How many times as large the plane is drawn as where all of it is just seen. */
  get magnification(): number {
    return this.scale / this.wholeScale;
  }

  get #seen(): OpenSeadragon.Tile[] {
    return this.#image?.getTilesToDraw().map(({ tile }) => tile) ?? [];
  }

  /** What is seen now, with what `above` shows, on the page's background, as PNG. */
  png(background: string, above: HTMLCanvasElement): Promise<Blob> {
    const drawn = this.#canvas;
    const canvas = document.createElement("canvas");
    canvas.width = drawn.width;
    canvas.height = drawn.height;
    const context = canvas.getContext("2d")!;
    context.fillStyle = background;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(drawn, 0, 0);
    if (above.width > 0) context.drawImage(above, 0, 0);
    return new Promise((resolve, reject) =>
      canvas.toBlob((blob) => blob ? resolve(blob) : reject(new Error("The picture is too large")))
    );
  }

  get #canvas(): HTMLCanvasElement {
    return this.element.querySelector<HTMLCanvasElement>(".openseadragon-canvas canvas")!;
  }

  get #density(): 1 | 2 {
    return devicePixelRatio > 1 ? 2 : 1;
  }

  #chooseLevel(): void {
    // Not in OpenSeadragon's types, though its documentation has it.
    const image = this.#image as OpenSeadragon.TiledImage & { minPixelRatio: number } | null;
    if (!image) return;
    image.minPixelRatio = screenShare(this.scale * devicePixelRatio) * this.#density;
  }
}

/**
 * Screen pixels that a pixel of a tile covers at least, given screen pixels a cell: this chooses the
 * level. Cells of one to three pixels would be unevenly wide, so a deeper level is drawn smaller;
 * larger ones are drawn larger until they are wide enough to be opened; else the closest level wins.
 */
function screenShare(pixels: number): number {
  if (pixels > 1.01 && pixels < 3) return 0.51;
  return pixels >= 3 && pixels < 32 ? 0.99 : Math.SQRT1_2;
}
