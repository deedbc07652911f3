import { advance, checkSteps } from "./advance.ts";
import { cellsOf, wholeOf } from "./region.ts";
import type { Automaton } from "./rule.ts";
import type { CellState } from "./state.ts";

/** Steps from one state that is kept to the next, as long as there is room. */
const EVERY = 16;

/**
 * All states of a whole plane, or volume, from its first on. Some are kept, within a number of bytes, so
 * that a later step goes on from the nearest before it: those at equal distances, which double whenever
 * there is no more room, and the last that was asked for.
 */
export class Evolution {
  readonly #first: CellState;
  readonly #room: number;
  readonly #kept = new Map<number, CellState>();
  #last: CellState;
  #every = EVERY;

  /** `first` is the state of the whole plane before the first step; `bytes` bounds what is kept beside it. */
  constructor(first: CellState, bytes: number) {
    this.#first = this.#last = first;
    this.#room = Math.floor(bytes / (first.fields.length * cellsOf(first.region) * 4));
  }

  /** Steps of which the states are kept, in ascending order. */
  get kept(): number[] {
    return [...this.#kept.keys()].sort((a, b) => a - b);
  }

  /** The last step up to `t` whose state need not be computed. */
  nearest(t: number): number {
    return this.#nearest(t).step;
  }

  /** The plane at step `t`; `BadRequest` where there is no such step. */
  at(automaton: Automaton, t: number): CellState {
    checkSteps(t);
    let state = this.#nearest(t);
    while (state.step < t) {
      const next = Math.min(t, (Math.floor(state.step / this.#every) + 1) * this.#every);
      state = advance(automaton, state, wholeOf(state.size), next);
      if (next % this.#every === 0) this.#keep(state);
    }
    // The last one takes the room of one that is kept.
    if (this.#room > 0) this.#last = state;
    return state;
  }

  #nearest(t: number): CellState {
    return [this.#first, this.#last, ...this.#kept.values()]
      .filter(({ step }) => step <= t)
      .reduce((best, state) => state.step > best.step ? state : best);
  }

  #keep(state: CellState): void {
    this.#kept.set(state.step, state);
    while (this.#kept.size > Math.max(0, this.#room - 1)) {
      this.#every *= 2;
      for (const step of this.#kept.keys()) {
        if (step % this.#every !== 0) this.#kept.delete(step);
      }
    }
  }
}
