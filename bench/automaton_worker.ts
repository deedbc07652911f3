/// <reference lib="webworker" />
import { wasm as ops } from "../src/compute/wasm.ts";
import { pass } from "../src/field/automaton/advance.ts";
import { relax } from "../src/field/automaton/rules/relax.ts";
import type { CellState } from "../src/field/automaton/state.ts";

/** A pass from one state to another in shared memory, of which a worker does its share of the blocks. */
export interface Share {
  readonly from: CellState;
  readonly to: CellState;
  readonly which: number;
  readonly of: number;
}

self.onmessage = ({ data: { from, to, which, of } }: MessageEvent<Share>) => {
  const rule = { alpha: 0.5, beta: 0.8, gamma: 0, nonlinearity: "tanh" } as const;
  const work = { ops, rule: relax(rule, from.fields.length), edges: "wrap", cancelled } as const;
  pass(work, from, to, which, of);
  self.postMessage(null);
};

function cancelled(): void {}
