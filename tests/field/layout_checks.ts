import { assert, assertEquals } from "@std/assert";
import type { Layout } from "../../src/field/layout.ts";

export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export const overlap = (a: Rectangle, b: Rectangle) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
const contains = (a: Rectangle, b: Rectangle) =>
  a.x <= b.x && b.x + b.width <= a.x + a.width && a.y <= b.y && b.y + b.height <= a.y + a.height;

/** Whether no two overlap: each is compared with all that come near it. */
export function disjoint(rectangles: readonly Rectangle[]): boolean {
  const far = (of: (one: Rectangle) => number) =>
    rectangles.reduce((m, one) => Math.max(m, of(one)), 1);
  const side = Math.ceil(Math.sqrt(rectangles.length));
  const across = far(({ x, width }) => x + width) / side;
  const down = far(({ y, height }) => y + height) / side;
  const near = new Map<number, Rectangle[]>();
  for (const one of rectangles) {
    const [left, top] = [Math.floor(one.x / across), Math.floor(one.y / down)];
    for (let row = top; row * down < one.y + one.height; row++) {
      for (let column = left; column * across < one.x + one.width; column++) {
        const others = near.get(row * (side + 1) + column);
        if (!others) near.set(row * (side + 1) + column, [one]);
        else if (others.some((other) => overlap(one, other))) return false;
        else others.push(one);
      }
    }
  }
  return true;
}

/** All that must hold for any layout. */
export function check(layout: Layout) {
  const { width, height, align, regions, frames, planes, nativeZoom } = layout;
  const canvas = { x: 0, y: 0, width, height };
  const grid = 2 ** align;
  assert(align >= 0 && align <= Math.max(0, nativeZoom));
  assert(256 * 2 ** nativeZoom >= Math.max(width, height));
  for (const region of regions) {
    const { x, y, left, top } = region;
    assert(contains(canvas, region), "a region leaves the map");
    assert([x, y, left, top].every((at) => at % grid === 0), "a region is off the grid");
  }
  for (const frame of frames) {
    assert(contains(canvas, frame), "a frame leaves the map");
    assert([frame.x, frame.y, frame.width, frame.height].every((at) => at % grid === 0));
  }
  assertEquals([width % grid, height % grid], [0, 0]);
  assert(disjoint(regions), "regions overlap");
  const byPlane = Map.groupBy(regions, ({ plane }) => plane);
  for (const [i, { plane }] of planes.entries()) {
    const own = byPlane.get(i)!;
    const whole = { x: 0, y: 0, width: plane.width, height: plane.height };
    const shown = own.map(({ left, top, width, height }) => ({ x: left, y: top, width, height }));
    assert(shown.every((part) => contains(whole, part)) && disjoint(shown));
    const cells = own.reduce((sum, { width, height }) => sum + width * height, 0);
    assertEquals(cells, plane.width * plane.height, "a plane is not shown once and whole");
  }
  for (const [i, frame] of frames.entries()) {
    assert(frame.parent < i && frame.planes.length > 0);
    for (const plane of frame.planes) {
      assert(byPlane.get(plane)!.every((region) => contains(frame, region)));
    }
    const parent = frames[frame.parent];
    if (!parent) continue;
    assert(contains(parent, frame));
    const enclosed = new Set(parent.planes);
    assert(frame.planes.every((plane) => enclosed.has(plane)));
  }
  for (const siblings of Map.groupBy(frames, ({ parent }) => parent).values()) {
    assert(disjoint(siblings), "frames beside each other overlap");
  }
  for (const frame of frames) {
    const inside = new Set(frame.planes);
    const foreign = regions.filter(({ plane }) => !inside.has(plane));
    assert(!foreign.some((region) => overlap(region, frame)), "a frame holds what is not its own");
  }
}
