import OpenSeadragon from "openseadragon";
import type { PlaneInfo } from "./api.ts";
import type { Box } from "./box.ts";
import { Camera } from "./camera.ts";
import { reducedMotion } from "./dom.ts";
import { PixelDrawer } from "./drawer.ts";
import { Estimates } from "./estimates.ts";
import { PlaneSource } from "./source.ts";
import type { Place, Point } from "./state.ts";
import { Still } from "./still.ts";

/** A tile's address at a zoom, column, row. */
export type TileAddress = (z: number, x: number, y: number, density: 1 | 2) => string;

export interface MapEvents {
  /** The view moved, by hand or by flight. */
  moved(): void;
  clicked(cell: Point): void;
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
}

/** The map: one plane, shown by OpenSeadragon, in coordinates of its native cells. */
export class PlaneMap extends Camera {
  #image: OpenSeadragon.TiledImage | null = null;
  #request = 0;
  #opens = false;
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
      this.events.moved();
    });
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
    this.#still.drop();
  }

  /** Shows a plane. The old picture stays until the new one has come. */
  show(plane: PlaneInfo, address: TileAddress, { place, towards, opens = false }: Arrival): void {
    this.#estimates.forget();
    this.#opens = opens;
    const request = ++this.#request;
    if (this.#image) this.#still.hold(this.#canvas);
    const old = this.#image;
    const density = this.#density;
    const source = new PlaneSource(plane, {
      address: (z, x, y) => address(z, x, y, density),
      failed: (error) => request === this.#request && this.events.failed(error),
      loaded: (tile, from, loaded) =>
        request === this.#request && this.#estimates.note(tile, from, loaded),
    });
    this.events.loading(true);
    // Twice the deepest tiles' own size, but at least cells that a finger can hit.
    const deepest = 2 ** (plane.maxZoom - plane.nativeZoom);
    this.viewer.viewport.setMaxZoomPixelRatio(Math.max(2, TOUCHABLE / deepest));
    PixelDrawer.nativeZoom = plane.nativeZoom;
    this.shown = plane;
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
          this.events.loading(!fullyLoaded);
          if (!fullyLoaded) return;
          this.#still.drop();
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
