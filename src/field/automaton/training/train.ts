import type { Ops } from "../../../compute/ops.ts";
import type { Alive, Network } from "../rules/network.ts";
import { Adam } from "./adam.ts";
import { backward, numbersOf } from "./backward.ts";
import { forward } from "./forward.ts";
import { type Grid, seedState } from "./grid.ts";
import { Random } from "./random.ts";
import { type Cells, gridOf, laidOut, lossOf, slopesOf, type Target } from "./target.ts";

/** States that training goes on from, and how many of them at once. */
const POOL = 32, BATCH = 4;
/** Adam's rate at first; it falls to a tenth, evenly, over the last half. */
const RATE = 2e-3;
/** Cells die that have, and whose neighbours have, no more opacity. */
const THRESHOLD = 0.1;
/** Milliseconds after which others get their turn. */
const TURN = 40;

export interface TrainOptions {
  readonly channels: number;
  readonly hidden: number;
  /** How often weights are changed. */
  readonly steps: number;
  readonly seed: number;
  readonly fireRate: number;
  /** What to grow from, as large as the target; one cell where it is not there. */
  readonly start?: Cells;
}

/** How far training has come: weights were changed so often, and what was grown missed by this loss. */
export interface Progress {
  readonly step: number;
  readonly loss: number;
}

/** What was learned. */
export interface Trained {
  readonly network: Network;
  /** Steps taken: fewer than asked for where training was interrupted. */
  readonly steps: number;
  /** Loss of the start itself, and of what grows from it in as many steps as a rollout has at most. */
  readonly before: number;
  readonly loss: number;
}

/**
 * Trains a neural automaton to grow a target from one cell, or from cells that are given, and to keep it
 * (Mordvintsev et al., see `learned`): states are taken from a pool, the worst of them replaced by the
 * start, grown for a random number of steps, and go back there. Beyond the plane lie zeros. From one cell a
 * network is learned by which cells die, from others one by which none does. The same options make the
 * same network. Ends early, with what there is, once `signal` aborts. Throws `RangeError` where there are
 * too few channels, or the start is of another size.
 */
export async function train(
  ops: Ops,
  target: Target,
  options: TrainOptions,
  signal: AbortSignal,
  tell: (progress: Progress) => void = () => {},
): Promise<Trained> {
  const { channels, steps, fireRate, start } = options, visible = target.channels.length;
  checkSizes(target, options);
  const random = new Random(options.seed);
  const grid = start ? gridOf(target, channels, 0) : gridOf(target, channels);
  const alive = start ? null : { channel: visible - 1, threshold: THRESHOLD };
  const network = untrained(channels, options.hidden, alive, random);
  const numbers = numbersOf(network);
  const wanted = laidOut(target, grid);
  const first = start ? laidOut(start, grid, channels) : seedState(grid, visible - 1);
  const longest = longestOf(grid), adam = new Adam(numbers);
  const pool = Array.from({ length: POOL }, () => first);
  let step = 0, turn = performance.now();
  for (; step < steps && !signal.aborted; step++) {
    const gradients = numbers.map(({ length }) => new Float32Array(length));
    let loss = 0;
    for (const [i, place] of batchOf(pool, grid, wanted, random).entries()) {
      const count = random.below(longest - (longest >> 1) + 1) + (longest >> 1);
      const way = { fireRate, seed: random.word() | 0, alive };
      const trace = forward(ops, network, way, grid, i === 0 ? first : pool[place]!, count);
      const missed = lossOf(grid, trace.last, wanted);
      loss += missed / BATCH;
      // What has run away is begun anew, and nothing is learned from it.
      pool[place] = Number.isFinite(missed) ? trace.last : first;
      if (!Number.isFinite(missed)) continue;
      backward(ops, network, grid, trace, slopesOf(grid, trace.last, wanted), gradients);
    }
    gradients.forEach(normalize);
    adam.step(gradients, RATE * Math.min(1, 0.1 + 1.8 * (1 - step / steps)));
    tell({ step: step + 1, loss });
    if (performance.now() - turn < TURN) continue;
    await new Promise((resolve) => setTimeout(resolve));
    turn = performance.now();
  }
  const way = { fireRate, seed: 0, alive };
  const grown = forward(ops, network, way, grid, first, longest).last;
  const [before, loss] = [lossOf(grid, first, wanted), lossOf(grid, grown, wanted)];
  return { network, steps: step, before, loss };
}

function checkSizes(target: Target, { channels, start }: TrainOptions): void {
  const most = Math.max(target.channels.length, start?.channels.length ?? 0);
  if (channels < most) {
    throw new RangeError(`${channels} channels cannot hold the ${most} of what is given`);
  }
  if (!start || (start.width === target.width && start.height === target.height)) return;
  const size = ({ width, height }: Cells) => `${width} × ${height}`;
  throw new RangeError(`a target of ${size(target)} cells cannot grow from ${size(start)}`);
}

/** The most steps of a rollout: what reaches from the middle to a corner, or back, where half of the cells fire. */
const longestOf = ({ width, height }: Grid): number => 2 * Math.max(width, height);

/** Places of the pool, that of the worst state first. */
function batchOf(
  pool: readonly Float32Array[],
  grid: Grid,
  wanted: Float32Array,
  random: Random,
): number[] {
  const places = new Set<number>();
  while (places.size < BATCH) places.add(random.below(pool.length));
  const losses = new Map([...places].map((place) => [place, lossOf(grid, pool[place]!, wanted)]));
  return [...places].sort((a, b) => losses.get(b)! - losses.get(a)!);
}

/** A network that changes nothing yet: its second layer is 0. */
function untrained(channels: number, hidden: number, alive: Alive | null, random: Random): Network {
  const inputs = 3 * channels, most = Math.sqrt(6 / (inputs + hidden));
  const weights = Float32Array.from({ length: inputs * hidden }, () => random.uniform(-most, most));
  return {
    channels,
    alive,
    hidden: { inputs, outputs: hidden, weights, bias: new Float32Array(hidden) },
    update: {
      ...{ inputs: hidden, outputs: channels },
      weights: new Float32Array(hidden * channels),
      bias: new Float32Array(channels),
    },
  };
}

/** Makes slopes a vector of length 1, which keeps long rollouts from making steps of any size. */
function normalize(slopes: Float32Array): void {
  const length = Math.sqrt(slopes.reduce((sum, slope) => sum + slope * slope, 0));
  for (let i = 0; i < slopes.length; i++) slopes[i]! /= length + 1e-8;
}
