import OpenSeadragon from "openseadragon";
import type { PlaneInfo } from "./api.ts";
import { reducedMotion } from "./dom.ts";
import { PixelDrawer } from "./drawer.ts";
import { PlaneSource } from "./source.ts";
import type { Place, Point } from "./state.ts";

const { Point: Spot, Rect } = OpenSeadragon;

/** A tile's address at a zoom, column, row. */
export type TileAddress = (z: number, x: number, y: number, density: 1 | 2) => string;

export interface MapEvents {
  /** The view moved, by hand or by flight. */
  moved(): void;
  clicked(cell: Point): void;
  failed(error: unknown): void;
  /** Whether tiles are on their way. */
  loading(busy: boolean): void;
}

// CSS pixels that the shorter side of a plane shows at least at first, where it is long.
const THIN = 96, LONG = 8;

// CSS pixels a cell that can always be reached.
const TOUCHABLE = 48;

/** The map: one plane, shown by OpenSeadragon, in coordinates of its native cells. */
export class PlaneMap {
  readonly #viewer: OpenSeadragon.Viewer;
  readonly #element: HTMLElement;
  #plane: PlaneInfo | null = null;
  #image: OpenSeadragon.TiledImage | null = null;
  #still: HTMLCanvasElement | null = null;
  #request = 0;

  constructor(element: HTMLElement, private readonly events: MapEvents) {
    this.#element = element;
    this.#viewer = OpenSeadragon({
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
    const viewer = this.#viewer;
    viewer.addHandler("update-viewport", () => {
      this.#chooseLevel();
      this.events.moved();
    });
    viewer.addHandler("canvas-click", ({ quick, position }) => {
      const cell = quick ? this.cellAt(position) : null;
      if (cell) this.events.clicked(cell);
    });
    for (const motion of ["canvas-drag", "canvas-scroll", "canvas-pinch"] as const) {
      viewer.addHandler(motion, () => this.#dropStill());
    }
  }

  get plane(): PlaneInfo | null {
    return this.#plane;
  }

  /** The map's size in CSS pixels. */
  get size(): { width: number; height: number } {
    const { clientWidth, clientHeight } = this.#element;
    return { width: clientWidth, height: clientHeight };
  }

  /** Shows a plane at a place, or all of it. The old picture stays until the new one has come. */
  show(plane: PlaneInfo, address: TileAddress, place: Place | null): void {
    const request = ++this.#request;
    this.#holdStill();
    const old = this.#image;
    const density = this.#density;
    const source = new PlaneSource(plane, {
      address: (z, x, y) => address(z, x, y, density),
      failed: (error) => request === this.#request && this.events.failed(error),
    });
    this.events.loading(true);
    // Twice the deepest tiles' own size, but at least cells that a finger can hit.
    const deepest = 2 ** (plane.maxZoom - plane.nativeZoom);
    this.#viewer.viewport.setMaxZoomPixelRatio(Math.max(2, TOUCHABLE / deepest));
    PixelDrawer.nativeZoom = plane.nativeZoom;
    this.#plane = plane;
    if (old) this.#viewer.world.removeItem(old);
    this.#image = null;
    this.#viewer.addTiledImage({
      tileSource: source,
      width: 1,
      success: (event: unknown) => {
        const { item } = event as { item: OpenSeadragon.TiledImage };
        if (request !== this.#request) return this.#viewer.world.removeItem(item);
        this.#image = item;
        this.#chooseLevel();
        if (place) this.go(place, true);
        else this.start();
        item.addHandler("fully-loaded-change", ({ fullyLoaded }) => {
          this.events.loading(!fullyLoaded);
          if (fullyLoaded) this.#dropStill();
        });
      },
    });
  }

  /** CSS pixels a cell. */
  get scale(): number {
    if (!this.#plane) return 1;
    return this.size.width * this.#viewer.viewport.getZoom(true) / this.#plane.width;
  }

  /** Where the view is going, once it is at rest where it is. */
  get place(): Place | null {
    const plane = this.#plane;
    if (!plane || !this.#image) return null;
    const centre = this.#viewer.viewport.getCenter(false);
    const scale = this.size.width * this.#viewer.viewport.getZoom(false) / plane.width;
    const z = plane.nativeZoom + Math.log2(scale);
    return { x: centre.x * plane.width, y: centre.y * plane.width, z };
  }

  go(place: Place, immediately = reducedMotion()): void {
    const plane = this.#plane;
    if (!plane) return;
    const { viewport } = this.#viewer;
    const zoom = 2 ** (place.z - plane.nativeZoom) * plane.width / this.size.width;
    viewport.zoomTo(zoom, undefined, immediately);
    viewport.panTo(new Spot(place.x / plane.width, place.y / plane.width), immediately);
  }

  /** The whole plane, within the margins that panels leave free. */
  home(immediately = reducedMotion()): void {
    const plane = this.#plane;
    if (!plane) return;
    const { top, right, bottom, left } = this.margins();
    const { width, height } = this.size;
    const free = { x: Math.max(80, width - left - right), y: Math.max(80, height - top - bottom) };
    const scale = Math.min(free.x / plane.width, free.y / plane.height);
    this.go({
      x: plane.width / 2 - (left - right) / 2 / scale,
      y: plane.height / 2 - (top - bottom) / 2 / scale,
      z: plane.nativeZoom + Math.log2(scale),
    }, immediately);
  }

  /** The whole plane, or the beginning of one so long that all of it would be a hair. */
  start(): void {
    this.home(true);
    const plane = this.#plane;
    const place = this.place;
    if (!plane || !place) return;
    const [short, long] = [plane.width, plane.height].toSorted((a, b) => a - b) as [number, number];
    if (short * this.scale >= THIN || long < LONG * short) return;
    const { top, left } = this.margins();
    const scale = THIN / short;
    const { width, height } = this.size;
    const z = plane.nativeZoom + Math.log2(scale);
    const across = plane.width > plane.height;
    this.go({
      x: across ? (width / 2 - left) / scale : plane.width / 2,
      y: across ? plane.height / 2 : (height / 2 - top) / scale,
      z,
    }, true);
  }

  /** CSS pixels that panels cover at each edge; the page sets it. */
  margins = () => ({ top: 24, right: 24, bottom: 24, left: 24 });

  /** To the next whole zoom level, where tiles are drawn pixel by pixel. */
  zoomStep(direction: 1 | -1): void {
    const place = this.place;
    if (!place) return;
    this.#dropStill();
    const z = direction > 0 ? Math.floor(place.z + 1.01) : Math.ceil(place.z - 1.01);
    this.go({ ...place, z });
    this.#viewer.viewport.applyConstraints();
  }

  /** By a share of the view. */
  pan(x: number, y: number): void {
    this.#dropStill();
    const bounds = this.#viewer.viewport.getBounds();
    const side = Math.min(bounds.width, bounds.height);
    this.#viewer.viewport.panBy(new Spot(x * side, y * side), reducedMotion());
    this.#viewer.viewport.applyConstraints();
  }

  /** Moves as little as brings a cell out from under the panels. */
  reveal({ x, y }: Point): void {
    const rect = this.rectOf(x, y, 1, 1);
    const { top, right, bottom, left } = this.margins();
    const { width, height } = this.size;
    const out = (at: number, from: number, to: number) =>
      Math.min(0, at - from) + Math.max(0, at - to);
    const dx = out(rect.x, left, width - right), dy = out(rect.y, top, height - bottom);
    if (dx === 0 && dy === 0) return;
    const { viewport } = this.#viewer;
    viewport.panBy(viewport.deltaPointsFromPixels(new Spot(dx, dy)), reducedMotion());
  }

  /** The native cell under a point of the map, in CSS pixels; null off the plane. */
  cellAt({ x, y }: Point): Point | null {
    const plane = this.#plane;
    if (!plane || !this.#image) return null;
    const at = this.#viewer.viewport.pointFromPixel(new Spot(x, y), true);
    const cell = { x: Math.floor(at.x * plane.width), y: Math.floor(at.y * plane.width) };
    const inside = cell.x >= 0 && cell.y >= 0 && cell.x < plane.width && cell.y < plane.height;
    return inside ? cell : null;
  }

  /** Where cells lie on the map, in CSS pixels. */
  rectOf(x: number, y: number, width: number, height: number) {
    const plane = this.#plane!;
    const corner = this.#viewer.viewport.pixelFromPoint(
      new Spot(x / plane.width, y / plane.width),
      true,
    );
    return new Rect(corner.x, corner.y, width * this.scale, height * this.scale);
  }

  /** What is seen now, on the page's background, as PNG. */
  png(background: string): Promise<Blob> {
    const drawn = this.#canvas;
    const canvas = document.createElement("canvas");
    canvas.width = drawn.width;
    canvas.height = drawn.height;
    const context = canvas.getContext("2d")!;
    context.fillStyle = background;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(drawn, 0, 0);
    return new Promise((resolve, reject) =>
      canvas.toBlob((blob) => blob ? resolve(blob) : reject(new Error("The picture is too large")))
    );
  }

  get #canvas(): HTMLCanvasElement {
    return this.#element.querySelector<HTMLCanvasElement>(".openseadragon-canvas canvas")!;
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

  /** Keeps a copy of what is seen over the map, so that a change of tiles never blanks it. */
  #holdStill(): void {
    if (!this.#image || this.#still) return;
    const drawn = this.#canvas;
    const still = document.createElement("canvas");
    still.className = "still";
    still.width = drawn.width;
    still.height = drawn.height;
    still.getContext("2d")!.drawImage(drawn, 0, 0);
    this.#element.append(still);
    this.#still = still;
  }

  #dropStill(): void {
    const still = this.#still;
    if (!still) return;
    this.#still = null;
    if (reducedMotion()) return still.remove();
    still.animate([{ opacity: 1 }, { opacity: 0 }], { duration: 180, easing: "ease-out" })
      .finished.then(() => still.remove());
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
