import type { RayView, RayVolume } from "../src/compute/ray/ops.ts";
import { type TransferPoint, transferTable } from "../src/compute/ray/transfer.ts";

const SIDE = 256;
const SEED = 5;

/** Waves of which half is flat, with plateaus, and noise on one voxel in 200 of a quarter of its bricks. */
export function benchVolume(): RayVolume {
  let state = SEED;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const noisy = Array.from({ length: 512 }, () => next() < 0.25);
  const data = new Uint8Array(new SharedArrayBuffer(SIDE ** 3));
  for (let k = 0, at = 0; k < SIDE; k++) {
    const z = (k + 0.5) / SIDE;
    for (let j = 0; j < SIDE; j++) {
      const y = (j + 0.5) / SIDE;
      const across = Math.cos(6.3 * y) * Math.sin(6.3 * z + y);
      for (let i = 0; i < SIDE; i++, at++) {
        let value = Math.sin(6.3 * (i + 0.5) / SIDE + 2 * z) * across;
        if (Math.abs(value) < 0.25) value = 0;
        else if (value > 0.7) value = 0.75;
        if (noisy[(k >> 5) * 64 + (j >> 5) * 8 + (i >> 5)] && next() < 0.005) {
          value += (next() + next() + next() - 1.5) * 0.4;
        }
        data[at] = Math.min(255, Math.max(0, (value * 0.5 + 0.5) * 255));
      }
    }
  }
  return { size: [SIDE, SIDE, SIDE], channels: 1, data, spacing: [1, 1, 1] };
}

/** The same with a hue for every 32 slices, all of full weight. */
export function hued({ size, data, spacing }: RayVolume): RayVolume {
  const words = new Uint8Array(new SharedArrayBuffer(4 * data.length));
  for (const [i, value] of data.entries()) words.set([value, i >> 13, 255, 255], 4 * i);
  return { size, channels: 4, data: words, spacing };
}

const points: TransferPoint[] = ([
  [0, [0.1, 0.2, 0.9], 0.12],
  [100, [0.373, 0.564, 0.991], 0.02],
  [110, [0.4, 0.6, 1], 0.0089],
  [118, [0.578, 0.733, 1], 0],
  [128, [1, 1, 1], 0],
  [138, [1, 0.818, 0.618], 0],
  [150, [1, 0.6, 0.3], 0.0109],
  [160, [0.99, 0.552, 0.281], 0.02],
  [255, [0.9, 0.1, 0.1], 0.12],
] as const).map(([value, colour, opacity]) => ({ value: value / 255, colour, opacity }));

/** Frame i: the camera turns; the image has 512 × 512 pixels and the volume fills most of it. */
export function benchView(i: number): RayView {
  const distance = 1 / Math.sin(15 * Math.PI / 180);
  return {
    mode: "composite",
    camera: { yaw: 7 * (i + 1), pitch: 2 * (i + 1), fov: 30 / 1.4, distance },
    viewport: { size: 512, x: 0, y: 0, width: 512, height: 512 },
    transfer: transferTable(points),
  };
}

/** Squares of a tile's size, or what is left of them, of some rows of the image. */
export function tilesOf(view: RayView, first: number, rows: number, side: number): RayView[] {
  const { size } = view.viewport;
  const tiles: RayView[] = [];
  for (let y = first; y < first + rows; y += side) {
    for (let x = 0; x < size; x += side) {
      const [width, height] = [Math.min(side, size - x), Math.min(side, first + rows - y)];
      tiles.push({ ...view, viewport: { size, x, y, width, height } });
    }
  }
  return tiles;
}
