import type { Ops } from "../../../compute/ops.ts";
import { fires, type LearnedOptions } from "../rules/learned.ts";
import type { Alive, Network } from "../rules/network.ts";
import { eachCell, type Grid, pitchOf, roomOf, spread } from "./grid.ts";

/** What a step has to leave behind for its gradient. */
export interface StepTrace {
  /** Cells that were updated. */
  readonly firing: Int32Array;
  /** What each of them perceived, and its hidden neurons after relu. */
  readonly perceived: Float32Array;
  readonly neurons: Float32Array;
  /** Cells that live after the step; null where none die. */
  readonly lives: Uint8Array | null;
}

/** Steps that were taken, and the state after them. */
export interface Trace {
  readonly steps: readonly StepTrace[];
  readonly last: Float32Array;
}

/**
 * Takes a state `count` steps further on a plane with zeros around it, as `learned` does, to the bit, and
 * keeps what `backward` needs. A threshold of life must not be negative.
 */
export function forward(
  ops: Ops,
  network: Network,
  options: LearnedOptions,
  grid: Grid,
  first: Float32Array,
  count: number,
): Trace {
  const steps: StepTrace[] = [];
  let last = first;
  for (let step = 0; step < count; step++) {
    const taken = stepOnce(ops, network, options, grid, last, step);
    steps.push(taken.trace);
    last = taken.next;
  }
  return { steps, last };
}

function stepOnce(
  ops: Ops,
  { channels, hidden, update }: Network,
  { fireRate, seed, alive }: LearnedOptions,
  grid: Grid,
  state: Float32Array,
  step: number,
): { trace: StepTrace; next: Float32Array } {
  const before = alive && spread(grid, living(grid, state, alive));
  // What becomes of cells further from those that live is nobody's concern: they die.
  const concerns = before && spread(grid, before);
  const places: number[] = [];
  eachCell(grid, (cell, x, y) => {
    if ((!concerns || concerns[cell]) && fires(fireRate, seed, step, x, y)) places.push(cell);
  });
  const firing = Int32Array.from(places);
  const perceived = new Float32Array(firing.length * hidden.inputs);
  const neurons = new Float32Array(firing.length * hidden.outputs);
  const change = new Float32Array(firing.length * channels);
  for (const [i, cell] of firing.entries()) {
    perceive(state, cell, pitchOf(grid), channels, perceived, i * hidden.inputs);
  }
  ops.dense(perceived, hidden, true, neurons);
  ops.dense(neurons, update, false, change);

  const next = state.slice();
  for (const [i, cell] of firing.entries()) {
    for (let c = 0; c < channels; c++) next[cell * channels + c]! += change[i * channels + c]!;
  }
  const lives = alive && spread(grid, living(grid, next, alive));
  if (lives && before) {
    for (let cell = 0; cell < lives.length; cell++) {
      lives[cell]! &= before[cell]!;
      if (lives[cell] === 1) continue;
      next.fill(0, cell * channels, (cell + 1) * channels);
    }
  }
  return { trace: { firing, perceived, neurons, lives }, next };
}

/** Cells that have enough of the channel of life. */
function living(
  grid: Grid,
  state: Float32Array,
  { channel, threshold }: Alive,
): Uint8Array {
  const marks = new Uint8Array(roomOf(grid));
  for (let cell = 0; cell < marks.length; cell++) {
    if (state[cell * grid.channels + channel]! > threshold) marks[cell] = 1;
  }
  return marks;
}

/** A cell's channels, then their slopes along x, then those along y, added up as `learned` does. */
function perceive(
  v: Float32Array,
  cell: number,
  pitch: number,
  channels: number,
  out: Float32Array,
  start: number,
): void {
  const { fround } = Math, right = channels, down = pitch * channels;
  for (let c = 0; c < channels; c++) {
    const at = cell * channels + c, above = at - down, below = at + down, to = start + c;
    const nw = v[above - right]!, ne = v[above + right]!;
    const sw = v[below - right]!, se = v[below + right]!;
    const along = fround(v[at + right]! - v[at - right]!), across = fround(v[below]! - v[above]!);
    const alongs = fround(fround(ne - nw) + fround(se - sw));
    const acrosses = fround(fround(sw - nw) + fround(se - ne));
    out[to] = v[at]!;
    out[to + channels] = fround(fround(alongs + fround(2 * along)) / 8);
    out[to + 2 * channels] = fround(fround(acrosses + fround(2 * across)) / 8);
  }
}
