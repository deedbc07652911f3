import { BadRequest } from "../errors.ts";

/** Opacity of a voxel at a place on the ramp: pairs in ascending order, linear between. */
type Points = readonly (readonly [at: number, opacity: number])[];

/** Opacities by name. */
export const opacities = {
  /** What is far from the middle, to both sides. */
  ends: [[0, 0.35], [0.25, 0.06], [0.42, 0], [0.58, 0], [0.75, 0.06], [1, 0.35]],
  /** What is high. */
  rise: [[0, 0], [0.25, 0.03], [1, 0.6]],
  /** What is low. */
  fall: [[0, 0.6], [0.75, 0.03], [1, 0]],
  /** All of it, as a fog. */
  haze: [[0, 0.03], [1, 0.03]],
} as const satisfies Record<string, Points>;

export type OpacityName = keyof typeof opacities;

/** Points as they stand in a query: "0:0.3,0.5:0,1:0.3". Throws `BadRequest`. */
export function parsePoints(text: string): Points {
  const points = text.split(",").map((pair) => pair.split(":").map(Number));
  const isPoint = ([at, opacity, ...rest]: number[]) =>
    at! >= 0 && at! <= 1 && opacity! >= 0 && opacity! <= 1 && rest.length === 0;
  const ascends = points.every(([at], i) => i === 0 || at! >= points[i - 1]![0]!);
  if (points.every(isPoint) && ascends) return points as unknown as Points;
  const expected =
    'pairs "place:opacity", both 0 to 1, places ascending, such as 0:0.3,0.5:0,1:0.3';
  throw new BadRequest(`points=${text} is not ${expected}`, {
    parameter: "points",
    found: text,
    expected,
  });
}

/** 256 entries of (r, g, b, opacity) of values along a palette's ramp, as rays want them. */
export function transferOf(colours: Uint8Array, points: Points, strength: number): Float32Array {
  const table = new Float32Array(1024);
  for (let i = 0; i < 256; i++) {
    const entry = 4 * Math.round(i / 255 * 250);
    for (let j = 0; j < 3; j++) table[4 * i + j] = colours[entry + j]! / 255;
    table[4 * i + 3] = Math.min(1, strength * between(points, i / 255));
  }
  return table;
}

function between(points: Points, at: number): number {
  const after = points.findIndex(([place]) => place > at);
  if (after === 0) return points[0]![1];
  const [from, low] = points.at(after < 0 ? -1 : after - 1)!;
  if (after < 0) return low;
  const [to, high] = points[after]!;
  return low + (high - low) * (at - from) / (to - from);
}
