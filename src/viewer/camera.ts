import OpenSeadragon from "openseadragon";
import type { PlaneInfo } from "./api.ts";
import type { Box } from "./box.ts";
import { reducedMotion } from "./dom.ts";
import { type Flight, flight } from "./flight.ts";
import type { Place, Point } from "./state.ts";

const { Point: Spot, Rect } = OpenSeadragon;

// CSS pixels that the shorter side of a plane shows at least at first, where it is long.
const THIN = 96, LONG = 8;

// What a flight to something shows of it: its share of the view, and CSS pixels a cell at most.
const SHARE = 0.6, NEAREST = 8;

/** Where one looks at a plane from, in coordinates of its native cells. */
export class Camera {
  protected shown: PlaneInfo | null = null;
  #flight: { readonly goal: Place; readonly way: Flight; readonly began: number } | null = null;
  #frame = 0;

  constructor(
    protected readonly viewer: OpenSeadragon.Viewer,
    protected readonly element: HTMLElement,
  ) {
    for (const motion of ["canvas-drag", "canvas-scroll", "canvas-pinch"] as const) {
      viewer.addHandler(motion, (event) => {
        if (!("preventDefaultAction" in event && event.preventDefaultAction)) this.land();
      });
    }
  }

  get plane(): PlaneInfo | null {
    return this.shown;
  }

  /** The map's size in CSS pixels. */
  get size(): { width: number; height: number } {
    const { clientWidth, clientHeight } = this.element;
    return { width: clientWidth, height: clientHeight };
  }

  /** Whether the plane that is shown can be seen yet. */
  protected get isThere(): boolean {
    return this.viewer.world.getItemCount() > 0;
  }

  /** Moves no further by itself: a person has taken over. */
  protected land(): void {
    this.#flight = null;
    this.moving();
  }

  /** What is seen begins to move. */
  protected moving(): void {}

  /** CSS pixels a cell. */
  get scale(): number {
    if (!this.shown) return 1;
    return this.size.width * this.viewer.viewport.getZoom(true) / this.shown.width;
  }

  /** Where the view is going, once it is at rest where it is. */
  get place(): Place | null {
    const plane = this.shown;
    if (!plane || !this.isThere) return null;
    if (this.#flight) return this.#flight.goal;
    return this.#placeNow(plane, false);
  }

  /** Where the view is, or where its springs pull it. */
  #placeNow(plane: PlaneInfo, current: boolean): Place {
    const centre = this.viewer.viewport.getCenter(current);
    const scale = this.size.width * this.viewer.viewport.getZoom(current) / plane.width;
    const z = plane.nativeZoom + Math.log2(scale);
    return { x: centre.x * plane.width, y: centre.y * plane.width, z };
  }

  go(place: Place, immediately = reducedMotion()): void {
    this.#flight = null;
    this.#move(place, immediately);
  }

  /** Flies to where a box of cells is seen with what lies around it. */
  flyTo(box: Box): void {
    const plane = this.shown;
    if (!plane || !this.isThere) return;
    const goal = this.#fitting(box, SHARE, NEAREST);
    if (reducedMotion()) return this.go(goal);
    const { width, height } = this.size;
    const from = this.#placeNow(plane, true);
    const way = flight(from, goal, plane.nativeZoom, Math.min(width, height));
    this.#flight = { goal, way, began: performance.now() };
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(this.#fly);
  }

  readonly #fly = (): void => {
    if (!this.#flight) return;
    const { way, began, goal } = this.#flight;
    const share = (performance.now() - began) / way.duration;
    if (share >= 1) return this.go(goal, true);
    this.moving();
    this.#move(way.at(share), true);
    this.#frame = requestAnimationFrame(this.#fly);
  };

  #move(place: Place, immediately: boolean): void {
    const plane = this.shown;
    if (!plane) return;
    const { viewport } = this.viewer;
    const zoom = 2 ** (place.z - plane.nativeZoom) * plane.width / this.size.width;
    viewport.zoomTo(zoom, undefined, immediately);
    viewport.panTo(new Spot(place.x / plane.width, place.y / plane.width), immediately);
  }

  /** The whole plane, within the margins that panels leave free. */
  home(immediately = reducedMotion()): void {
    const plane = this.shown;
    if (plane) this.go(this.#fitting({ x: 0, y: 0, ...plane }), immediately);
  }

  /** CSS pixels a cell where all of the plane is just seen. */
  protected get wholeScale(): number {
    const { shown } = this;
    return shown ? 2 ** (this.#fitting({ x: 0, y: 0, ...shown }).z - shown.nativeZoom) : 1;
  }

  /** The place at which a box takes that share of what panels leave free. */
  #fitting(box: Box, share = 1, nearest = Infinity): Place {
    const { top, right, bottom, left } = this.margins();
    const { width, height } = this.size;
    const free = { x: Math.max(80, width - left - right), y: Math.max(80, height - top - bottom) };
    const fits = share * Math.min(free.x / box.width, free.y / box.height);
    const scale = Math.min(fits, nearest);
    return {
      x: box.x + box.width / 2 - (left - right) / 2 / scale,
      y: box.y + box.height / 2 - (top - bottom) / 2 / scale,
      z: this.shown!.nativeZoom + Math.log2(scale),
    };
  }

  /** The whole plane, or the beginning of one so long that all of it would be a hair. */
  start(): void {
    this.home(true);
    const plane = this.shown;
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
    this.land();
    const z = direction > 0 ? Math.floor(place.z + 1.01) : Math.ceil(place.z - 1.01);
    this.go({ ...place, z });
    this.viewer.viewport.applyConstraints();
  }

  /** By a share of the view. */
  pan(x: number, y: number, immediately = reducedMotion()): void {
    this.land();
    const bounds = this.viewer.viewport.getBounds();
    const side = Math.min(bounds.width, bounds.height);
    this.viewer.viewport.panBy(new Spot(x * side, y * side), immediately);
    this.viewer.viewport.applyConstraints();
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
    const { viewport } = this.viewer;
    viewport.panBy(viewport.deltaPointsFromPixels(new Spot(dx, dy)), reducedMotion());
  }

  /** The native cell under a point of the map, in CSS pixels; null off the plane. */
  cellAt({ x, y }: Point): Point | null {
    const plane = this.shown;
    if (!plane || !this.isThere) return null;
    const at = this.viewer.viewport.pointFromPixel(new Spot(x, y), true);
    const cell = { x: Math.floor(at.x * plane.width), y: Math.floor(at.y * plane.width) };
    const inside = cell.x >= 0 && cell.y >= 0 && cell.x < plane.width && cell.y < plane.height;
    return inside ? cell : null;
  }

  /** Where cells lie on the map, in CSS pixels. */
  rectOf(x: number, y: number, width: number, height: number) {
    const plane = this.shown!;
    const corner = this.viewer.viewport.pixelFromPoint(
      new Spot(x / plane.width, y / plane.width),
      true,
    );
    return new Rect(corner.x, corner.y, width * this.scale, height * this.scale);
  }

  /** What is in view, in cells. */
  get view(): Box {
    const { x, y, width, height } = this.viewer.viewport.getBounds(true);
    const cells = this.shown!.width;
    return { x: x * cells, y: y * cells, width: width * cells, height: height * cells };
  }
}
