import type { Viewport } from "../compute/ray/camera.ts";
import type { Box } from "./box.ts";

/** What is seen of a square plane. */
export interface Seen {
  /** Where all of the plane lies on the map, in CSS pixels. */
  readonly whole: Box;
  /** The map's size in CSS pixels. */
  readonly width: number;
  readonly height: number;
  /** Device pixels a CSS pixel. */
  readonly ratio: number;
  /** The zoom whose tiles are seen at rest, one more where they have twice the pixels. */
  readonly zoom: number;
}

/** What is seen, as a part of an image with a share of the screen's pixels a side; null of nothing. */
export function frameOf({ whole, width, height, ratio }: Seen, share: number): Viewport | null {
  const size = Math.max(1, Math.round(whole.width * ratio * share));
  const scale = size / whole.width;
  const within = (at: number) => Math.max(0, Math.min(size, at));
  const x = within(Math.floor(-whole.x * scale)), y = within(Math.floor(-whole.y * scale));
  const right = within(Math.ceil((width - whole.x) * scale));
  const bottom = within(Math.ceil((height - whole.y) * scale));
  return right > x && bottom > y ? { size, x, y, width: right - x, height: bottom - y } : null;
}

/** Where a frame lies on its plane, whose sides are 1. */
export const partOf = ({ size, x, y, width, height }: Viewport): Box => ({
  ...{ x: x / size, y: y / size, width: width / size, height: height / size },
});
