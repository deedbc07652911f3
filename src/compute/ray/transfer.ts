/** What a value looks like: values between points have what lies between. */
export interface TransferPoint {
  /** 0…1, in ascending order; two points of one value are a step. */
  readonly value: number;
  /** Red, green, blue, 0…1 each. */
  readonly colour: readonly [number, number, number];
  /** Of a voxel passed through along one side, 0…1. */
  readonly opacity: number;
}

const point = (
  value: number,
  colour: TransferPoint["colour"],
  opacity: number,
): TransferPoint => ({ value, colour, opacity });

/** Transfer functions by name. */
export const transfers = {
  /** Weights about 0 (the middle): blue below, red above, nothing near it. */
  diverging: [
    point(0, [0.1, 0.2, 0.9], 0.12),
    point(0.4, [0.4, 0.6, 1], 0.02),
    point(0.47, [0.8, 0.9, 1], 0),
    point(0.53, [1, 0.9, 0.8], 0),
    point(0.6, [1, 0.6, 0.3], 0.02),
    point(1, [0.9, 0.1, 0.1], 0.12),
  ],
  /** Magnitudes from 0: the more, the denser and the brighter. */
  density: [
    point(0, [0.1, 0.15, 0.3], 0),
    point(0.05, [0.2, 0.3, 0.6], 0),
    point(0.5, [0.3, 0.7, 0.8], 0.03),
    point(1, [1, 1, 0.9], 0.2),
  ],
  /** A thin veil about a hard core. */
  bone: [
    point(0, [0.5, 0.2, 0.1], 0),
    point(0.3, [0.7, 0.35, 0.25], 0),
    point(0.4, [0.8, 0.5, 0.4], 0.015),
    point(0.6, [0.9, 0.8, 0.65], 0.02),
    point(0.7, [1, 0.97, 0.9], 0.5),
    point(1, [1, 1, 1], 0.9),
  ],
  /** Black, red, yellow, white. */
  fire: [
    point(0, [0, 0, 0], 0),
    point(0.1, [0.2, 0, 0], 0),
    point(0.4, [0.85, 0.1, 0], 0.03),
    point(0.7, [1, 0.7, 0.1], 0.08),
    point(1, [1, 1, 0.9], 0.25),
  ],
} as const satisfies Record<string, readonly TransferPoint[]>;

export type TransferName = keyof typeof transfers;

/**
 * 256 entries of (r, g, b, opacity) of the values 0…255. Throws `RangeError` unless there is a point,
 * values ascend and all numbers are 0…1.
 */
export function transferTable(points: readonly TransferPoint[]): Float32Array {
  if (points.length === 0) throw new RangeError("a transfer function needs at least one point");
  for (const [i, { value, colour, opacity }] of points.entries()) {
    const numbers = [value, ...colour, opacity];
    if (!numbers.every((x) => x >= 0 && x <= 1)) {
      throw new RangeError(`point ${i} of a transfer function has ${numbers}: not all are 0…1`);
    }
    if (i > 0 && value < points[i - 1]!.value) {
      throw new RangeError(
        `point ${i} of a transfer function has ${value}, less than the one before`,
      );
    }
  }
  const table = new Float32Array(1024);
  for (let i = 0; i < 256; i++) table.set(between(points, i / 255), 4 * i);
  return table;
}

function between(points: readonly TransferPoint[], value: number): number[] {
  const after = points.findIndex((point) => point.value > value);
  const [a, b] = after < 0
    ? [points.at(-1)!, points.at(-1)!]
    : [points[Math.max(0, after - 1)]!, points[after]!];
  const share = b.value > a.value ? Math.max(0, (value - a.value) / (b.value - a.value)) : 0;
  const [from, to] = [[...a.colour, a.opacity], [...b.colour, b.opacity]];
  return from.map((x, i) => x + (to[i]! - x) * share);
}

/**
 * What a sample adds: (r·α, g·α, b·α, α) of each entry, α = 1 − (1 − opacity)^step, in float32. Samples
 * between two values have what lies between their entries.
 */
export function samplesOf(transfer: Float32Array, step: number): Float32Array {
  const samples = new Float32Array(1024);
  for (let i = 0; i < 1024; i += 4) {
    const opacity = 1 - (1 - transfer[i + 3]!) ** step;
    for (let j = 0; j < 3; j++) samples[i + j] = transfer[i + j]! * opacity;
    samples[i + 3] = opacity;
  }
  return samples;
}

/** How many entries below each value, 0…256, have opacity: [a, b] is empty if entries a and b + 1 agree. */
export function opaqueBelow(transfer: Float32Array): Uint32Array {
  const counts = new Uint32Array(257);
  for (let i = 0; i < 256; i++) counts[i + 1] = counts[i]! + (transfer[4 * i + 3]! > 0 ? 1 : 0);
  return counts;
}

/** Colours of the 256 hues, (r, g, b, 1) each: full saturation, full value. */
export function hueTable(): Float32Array {
  const table = new Float32Array(1024);
  for (let i = 0; i < 256; i++) {
    for (const [j, phase] of [0, 2, 4].entries()) {
      const t = (i * 6 / 256 - phase + 9) % 6 - 3;
      table[4 * i + j] = Math.min(1, Math.max(0, 2 - Math.abs(t)));
    }
    table[4 * i + 3] = 1;
  }
  return table;
}

/** `samplesOf` at every quarter of an entry: 1021 of them, then three that add nothing. */
export function quartersOf(samples: Float32Array): Float32Array {
  const quarters = new Float32Array(4096);
  for (let i = 0; i <= 1020; i++) {
    const entry = Math.min(254, i >> 2), share = i / 4 - entry;
    for (let j = 0; j < 4; j++) {
      const from = samples[4 * entry + j]!;
      quarters[4 * i + j] = from + (samples[4 * entry + 4 + j]! - from) * share;
    }
  }
  return quarters;
}
