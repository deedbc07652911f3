import { BadRequest } from "../../errors.ts";
import { stepBlock } from "./block.ts";
import { copyRegion } from "./border.ts";
import { blocksOf } from "./blocks.ts";
import { cellsOf, covers, type Edges, haloOf, type Region, type Span } from "./region.ts";
import type { Automaton, Rule } from "./rule.ts";
import type { CellState } from "./state.ts";

/** The most steps there are. */
export const MAX_STEPS = 4096;

/**
 * Steps that a block takes while it is in the cache: more of them are more cells of its margin, fewer are
 * more copies.
 */
const stepsAPass = ({ groups }: Rule, axes: number): number =>
  groups.every(({ length }) => length === 1) ? (axes === 2 ? 5 : 3) : 1;

/** Throws `BadRequest` unless `t` is a whole number of steps, 0 to `MAX_STEPS`. */
export function checkSteps(t: number): void {
  if (Number.isInteger(t) && t >= 0 && t <= MAX_STEPS) return;
  throw new BadRequest(`t must be a whole number from 0 to ${MAX_STEPS}, got ${t}`, {
    parameter: "t",
    found: t,
    limit: MAX_STEPS,
  });
}

/**
 * The cells of a region at step `t`, from a state of at least those that they depend on (`haloOf`). Beyond
 * the plane lies what `edges` says; at any other side cells are lost, one ring a step, and only what is
 * still needed is computed. So tiles agree at their seams, to the bit, however they are cut.
 */
export function advance(
  automaton: Automaton,
  state: CellState,
  region: Region,
  t: number,
): CellState {
  checkSteps(t);
  const { rule, edges } = automaton, { size } = state;
  if (t < state.step) throw new RangeError(`step ${t} lies before ${state.step}`);
  const halo = haloOf(region, t - state.step, size, edges, rule.reach);
  // Weights are looked at in the cells that are stepped, which are those known after one step.
  const stepped = haloOf(region, Math.max(0, t - state.step - 1), size, edges, rule.reach);
  refuseGaps(state.region, halo);
  if (t > state.step) {
    for (const numbers of [state.weight, state.gradient]) refuseGaps(numbers.region, stepped);
  }

  if (t === state.step) return crop(state, region, edges);
  let now = state;
  // Two sets of arrays, of the first pass and of the second: later ones need no more room.
  const spare: Float32Array[][] = [];
  while (now.step < t) {
    const step = Math.min(t, now.step + stepsAPass(rule, size.length));
    const to = haloOf(region, t - step, size, edges, rule.reach);
    const fields = spare.length < 2 ? allocate(state.fields.length, to) : spare.shift()!;
    const next = { ...state, step, region: to, fields };
    pass(automaton, now, next);
    spare.push(fields);
    now = next;
  }
  return { ...now, fields: now.fields.map((field) => field.subarray(0, cellsOf(region))) };

  function refuseGaps(outer: Region, inner: Region): void {
    if (covers(outer, inner, size, edges)) return;
    const text = (region: Region) =>
      region.map(({ first, count }) => `${first}..${first + count - 1}`).join(" × ");
    throw new RangeError(`cells ${text(inner)} are needed, ${text(outer)} are there`);
  }
}

const allocate = (fields: number, region: Region): Float32Array[] =>
  Array.from({ length: fields }, () => new Float32Array(cellsOf(region)));

/** The cells of a region as they are. */
function crop(state: CellState, region: Region, edges: Edges): CellState {
  const fields = allocate(state.fields.length, region);
  const [x, y] = region as [Span, Span];
  for (const [i, values] of fields.entries()) {
    const target = { values, start: 0, pitch: x.count, layer: x.count * y.count };
    const from = { region: state.region, values: state.fields[i]! };
    copyRegion(from, region, state.size, edges, target);
  }
  return { ...state, region, fields };
}

/**
 * Takes cells from one state to another that is some steps later; of several workers that share memory,
 * the one `which` of `of` takes its share of the rows, or of a volume's layers.
 */
export function pass(
  automaton: Automaton,
  from: CellState,
  to: CellState,
  which = 0,
  of = 1,
): void {
  const { rule, cancelled } = automaton, steps = to.step - from.step;
  const largest = Math.max(...rule.groups.map(({ length }) => length));
  const arrays = 2 * largest + (rule.driven ? 2 : 1);
  const last = to.region.at(-1)!, start = (i: number) => Math.floor(i * last.count / of);
  const span = { first: last.first + start(which), count: start(which + 1) - start(which) };
  if (span.count === 0) return;
  const share = [...to.region.slice(0, -1), span];
  for (const block of blocksOf(share, arrays, steps * rule.reach)) {
    cancelled();
    stepBlock(automaton, from, to, block, steps);
  }
}
