import type { Ops, VoxelTarget } from "../../../compute/ops.ts";
import { modulo, type Region, type Span } from "../region.ts";
import type { BorderedCells, Moment, Rule } from "../rule.ts";
import type { Alive, Network } from "./network.ts";

export interface LearnedOptions {
  /** The share of cells that are updated in a step, 0 to 1. */
  readonly fireRate: number;
  /** Which cells those are follows from it, the step and the cell's place on the plane. */
  readonly seed: number;
  readonly alive: Alive | null;
}

/**
 * A neural automaton (Mordvintsev, Randazzo, Niklasson and Levin, "Growing Neural Cellular Automata",
 * Distill 2020): a cell perceives its channels and their slopes (Sobel's, divided by 8), two dense layers
 * with relu between make an update of that, and the cells that fire add it. Arithmetic is float32's.
 */
export function learned(network: Network, options: LearnedOptions): Rule {
  const { channels } = network, { fireRate, alive } = options;
  if (!(fireRate >= 0 && fireRate <= 1)) {
    throw new RangeError(`the fire rate must be from 0 to 1, got ${fireRate}`);
  }
  if (
    alive && !(Number.isInteger(alive.channel) && alive.channel >= 0 && alive.channel < channels)
  ) {
    throw new RangeError(`alive.channel must be from 0 to ${channels - 1}, got ${alive.channel}`);
  }
  return {
    // Whether a cell lives depends on what its neighbours become, and that on theirs.
    reach: alive ? 2 : 1,
    groups: [Array.from({ length: channels }, (_, channel) => channel)],
    driven: false,
    step(ops, cells, moment, out) {
      const margin = alive ? 1 : 0;
      const wide = cells.region.map(({ first, count }) => {
        return { first: first - margin, count: count + 2 * margin };
      });
      const next = update(ops, network, options, cells, wide, moment);
      const [x, y] = cells.region as [Span, Span], pitch = wide[0]!.count;
      const lives = alive && living(cells, wide, next, alive, moment);
      for (const [channel, { values, start, pitch: apart }] of out.entries()) {
        for (let row = 0; row < y.count; row++) {
          for (let column = 0; column < x.count; column++) {
            const at = (row + margin) * pitch + column + margin;
            const dead = lives && !lives[row * x.count + column];
            values[start + row * apart + column] = dead ? 0 : next[channel]![at]!;
          }
        }
      }
    },
  };
}

/** Whether a cell is updated in a step: a hash of where it is and when (Murmur 3's finalizer, thrice). */
export function fires(rate: number, seed: number, step: number, x: number, y: number): boolean {
  let hash = seed | 0;
  for (const number of [step, x, y]) {
    hash = Math.imul(hash ^ number, 0x9e3779b1);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    hash ^= hash >>> 16;
  }
  return (hash >>> 0) < rate * 2 ** 32;
}

/** Whether cells at a place lie on the plane. */
const isOn = ({ size, edges }: Moment, x: number, y: number): boolean =>
  edges === "wrap" || (x >= 0 && x < size[0]! && y >= 0 && y < size[1]!);

/** All channels of a region after a step in which nothing dies: row by row, in scratch. */
function update(
  ops: Ops,
  { channels, hidden, update }: Network,
  { fireRate, seed, alive }: LearnedOptions,
  { fields, region, counts }: BorderedCells,
  wide: Region,
  moment: Moment,
): Float32Array[] {
  const [x, y] = wide as [Span, Span], pitch = counts[0]!;
  // Where the region begins in the border.
  const [left, top] = region.map((span, axis) => (counts[axis]! - span.count) / 2 - span.first) as [
    number,
    number,
  ];
  const floats = (length: number) => {
    const { buffer, byteOffset } = ops.scratch(length * 4);
    return new Float32Array(buffer, byteOffset, length);
  };
  const next = fields.map(() => floats(x.count * y.count));
  const weights = [hidden, update].map(({ weights, bias, ...layer }) => {
    const [w, b] = [floats(weights.length), floats(bias.length)] as const;
    w.set(weights);
    b.set(bias);
    return { ...layer, weights: w, bias: b };
  }) as [typeof hidden, typeof update];
  const perceived = floats(x.count * hidden.inputs), inner = floats(x.count * hidden.outputs);
  const change = floats(x.count * channels), firing = new Int32Array(x.count);
  const concerns = alive && nearLife(fields[alive.channel]!, counts, alive.threshold);
  for (let row = 0; row < y.count; row++) {
    const below = y.first + row, start = (below + top) * pitch + x.first + left;
    for (const [channel, values] of fields.entries()) {
      next[channel]!.set(values.subarray(start, start + x.count), row * x.count);
    }
    let count = 0;
    for (let column = 0; column < x.count; column++) {
      if (concerns && !concerns[start + column]) continue;
      const across = x.first + column;
      const [placeX, placeY] = [modulo(across, moment.size[0]!), modulo(below, moment.size[1]!)];
      if (!fires(fireRate, seed, moment.step, placeX, placeY)) continue;
      perceive(fields, start + column, pitch, perceived, count * 3 * channels);
      firing[count++] = column;
    }
    const inputs = perceived.subarray(0, count * hidden.inputs);
    const neurons = inner.subarray(0, count * hidden.outputs);
    ops.dense(inputs, weights[0], true, neurons);
    ops.dense(neurons, weights[1], false, change);
    for (let i = 0; i < count; i++) {
      const at = row * x.count + firing[i]!;
      for (const [channel, values] of next.entries()) {
        values[at]! += change[i * channels + channel]!;
      }
    }
  }
  return next;
}

/**
 * Cells that have life within two cells of them, as far as the array tells. What becomes of others changes
 * nothing: they die, and whether a neighbour lives after the step matters only if it lives before.
 */
function nearLife(
  values: Float32Array,
  [width, height]: readonly number[],
  threshold: number,
): Uint8Array {
  const across = new Uint8Array(width! * height!), near = new Uint8Array(width! * height!);
  for (let i = 0; i < across.length; i++) {
    // Marks reach around the ends of rows: more cells than need be are looked at there.
    if (values[i]! > threshold) across.fill(1, Math.max(0, i - 2), i + 3);
  }
  for (let row = 0; row < height!; row++) {
    for (let other = Math.max(0, row - 2); other <= Math.min(height! - 1, row + 2); other++) {
      for (let column = 0; column < width!; column++) {
        near[row * width! + column]! |= across[other * width! + column]!;
      }
    }
  }
  return near;
}

/** A cell's channels, then their slopes along x, then those along y. */
function perceive(
  fields: readonly Float32Array[],
  at: number,
  pitch: number,
  out: Float32Array,
  start: number,
): void {
  const { fround } = Math, { length } = fields;
  for (const [channel, v] of fields.entries()) {
    const to = start + channel, [above, below] = [at - pitch, at + pitch];
    // Differences of the lines on either side, the middle one twice.
    const slope = (a: number, b: number, c: number, d: number, e: number, f: number) => {
      const middle = fround(v[e]! - v[b]!), outer = fround(v[d]! - v[a]!) + fround(v[f]! - v[c]!);
      return fround(fround(fround(outer) + fround(2 * middle)) / 8);
    };
    out[to] = v[at]!;
    out[to + length] = slope(above - 1, at - 1, below - 1, above + 1, at + 1, below + 1);
    out[to + 2 * length] = slope(above - 1, above, above + 1, below - 1, below, below + 1);
  }
}

/** Which of a region's cells live, before the step and after it. */
function living(
  { fields, region, counts }: BorderedCells,
  wide: Region,
  next: readonly Float32Array[],
  { channel, threshold }: Alive,
  moment: Moment,
): Uint8Array {
  const [x, y] = region as [Span, Span];
  const inside = (values: Float32Array, pitch: number, border: number): VoxelTarget => {
    return { values, start: border * pitch + border, pitch, layer: 0 };
  };
  const before = inside(fields[channel]!, counts[0]!, (counts[0]! - x.count) / 2);
  const after = inside(next[channel]!, wide[0]!.count, 1);
  const near = ({ values, start, pitch }: VoxelTarget, column: number, row: number): boolean => {
    for (let dy = -1; dy <= 1; dy++) {
      for (let dx = -1; dx <= 1; dx++) {
        if (!isOn(moment, x.first + column + dx, y.first + row + dy)) continue;
        if (values[start + (row + dy) * pitch + column + dx]! > threshold) return true;
      }
    }
    return false;
  };
  return Uint8Array.from({ length: x.count * y.count }, (_, i) => {
    const column = i % x.count, row = Math.floor(i / x.count);
    return near(before, column, row) && near(after, column, row) ? 1 : 0;
  });
}
