import { fires, type LearnedOptions } from "../../../src/field/automaton/rules/learned.ts";
import type { Network } from "../../../src/field/automaton/rules/network.ts";

/** A network's four arrays of numbers, as float64. */
export type Numbers = readonly Float64Array[];

/**
 * The mean of the squares by which the first channels miss `wanted` after some steps: cell by cell, in
 * float64, with zeros around the plane. States are channel by channel, row by row.
 */
export function lossByHand(
  numbers: Numbers,
  { channels, hidden }: Pick<Network, "channels" | "hidden">,
  { fireRate, seed, alive }: LearnedOptions,
  [width, height]: readonly [number, number],
  first: readonly Float64Array[],
  steps: number,
  wanted: readonly ArrayLike<number>[],
): number {
  const [w1, b1, w2, b2] = numbers as [Float64Array, Float64Array, Float64Array, Float64Array];
  const on = (x: number, y: number) => x >= 0 && x < width && y >= 0 && y < height;
  const near = [-1, 0, 1].flatMap((dy) => [-1, 0, 1].map((dx) => [dx, dy] as const));
  let state = first.map((field) => field.slice());
  for (let step = 0; step < steps; step++) {
    const next = state.map((field) => field.slice());
    const at = (c: number, x: number, y: number) => on(x, y) ? state[c]![y * width + x]! : 0;
    for (let i = 0; i < width * height; i++) {
      const x = i % width, y = Math.floor(i / width);
      if (!fires(fireRate, seed, step, x, y)) continue;
      const felt = [0, 1, 2].flatMap((kind) =>
        Array.from({ length: channels }, (_, c) => {
          if (kind === 0) return at(c, x, y);
          return near.reduce((sum, [dx, dy]) => {
            const factor = kind === 1 ? dx * (2 - Math.abs(dy)) : dy * (2 - Math.abs(dx));
            return sum + factor * at(c, x + dx, y + dy) / 8;
          }, 0);
        })
      );
      const count = hidden.outputs;
      const neurons = Array.from({ length: count }, (_, j) => {
        return Math.max(
          0,
          felt.reduce((sum, value, k) => sum + value * w1[k * count + j]!, b1[j]!),
        );
      });
      for (let c = 0; c < channels; c++) {
        next[c]![i]! += neurons.reduce((sum, v, k) => sum + v * w2[k * channels + c]!, b2[c]!);
      }
    }
    if (alive) {
      const lives = (field: Float64Array, x: number, y: number) =>
        near.some(([dx, dy]) =>
          on(x + dx, y + dy) && field[(y + dy) * width + x + dx]! > alive.threshold
        );
      const { channel } = alive, after = next[channel]!.slice();
      for (let i = 0; i < width * height; i++) {
        const x = i % width, y = Math.floor(i / width);
        if (lives(state[channel]!, x, y) && lives(after, x, y)) continue;
        for (const field of next) field[i] = 0;
      }
    }
    state = next;
  }
  let sum = 0;
  for (const [c, values] of wanted.entries()) {
    for (let i = 0; i < width * height; i++) sum += (state[c]![i]! - values[i]!) ** 2;
  }
  return sum / (wanted.length * width * height);
}
