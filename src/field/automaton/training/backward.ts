import type { Dense, Ops } from "../../../compute/ops.ts";
import type { Network } from "../rules/network.ts";
import type { Trace } from "./forward.ts";
import { type Grid, pitchOf } from "./grid.ts";

/** Slopes of the loss by a network's numbers, in the order of `numbersOf`. */
export type Gradients = readonly Float32Array[];

/** All that a network learns: its layers' weights and biases. */
export const numbersOf = ({ hidden, update }: Network): Float32Array[] => [
  hidden.weights,
  hidden.bias,
  update.weights,
  update.bias,
];

/**
 * Backpropagation through time: from the slopes of the loss by the last state's numbers, which are
 * overwritten, those by the network's, added to `gradients`. Which cells fire and which live counts as
 * given.
 */
export function backward(
  ops: Ops,
  { channels, hidden, update }: Network,
  grid: Grid,
  { steps }: Trace,
  slopes: Float32Array,
  gradients: Gradients,
): void {
  const [hiddenWeights, hiddenBias, updateWeights, updateBias] = gradients as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const fromUpdate = turned(update), fromHidden = turned(hidden);
  for (const { firing, perceived, neurons, lives } of steps.toReversed()) {
    if (lives) {
      for (let cell = 0; cell < lives.length; cell++) {
        if (!lives[cell]) slopes.fill(0, cell * channels, (cell + 1) * channels);
      }
    }
    const change = new Float32Array(firing.length * channels);
    for (const [i, cell] of firing.entries()) {
      change.set(slopes.subarray(cell * channels, (cell + 1) * channels), i * channels);
    }
    addProducts(ops, neurons, hidden.outputs, change, channels, updateWeights);
    addRows(change, updateBias);

    const inner = new Float32Array(neurons.length);
    ops.dense(change, fromUpdate, false, inner);
    for (let i = 0; i < inner.length; i++) if (!(neurons[i]! > 0)) inner[i] = 0;
    addProducts(ops, perceived, hidden.inputs, inner, hidden.outputs, hiddenWeights);
    addRows(inner, hiddenBias);

    const felt = new Float32Array(perceived.length);
    ops.dense(inner, fromHidden, false, felt);
    for (const [i, cell] of firing.entries()) {
      scatter(slopes, cell, pitchOf(grid), channels, felt, i * hidden.inputs);
    }
  }
}

/** The layer that takes slopes by its outputs to slopes by its inputs. */
function turned({ inputs, outputs, weights }: Dense): Dense {
  const back = new Float32Array(weights.length);
  for (let k = 0; k < inputs; k++) {
    for (let j = 0; j < outputs; j++) back[j * inputs + k] = weights[k * outputs + j]!;
  }
  return { inputs: outputs, outputs: inputs, weights: back, bias: new Float32Array(inputs) };
}

/** Adds the sum over all rows of each input times each slope. */
function addProducts(
  ops: Ops,
  inputs: Float32Array,
  width: number,
  slopes: Float32Array,
  outputs: number,
  sums: Float32Array,
): void {
  const rows = inputs.length / width;
  if (rows === 0) return;
  const columns = new Float32Array(inputs.length), products = new Float32Array(width * outputs);
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < width; k++) columns[k * rows + row] = inputs[row * width + k]!;
  }
  const layer = { inputs: rows, outputs, weights: slopes, bias: new Float32Array(outputs) };
  ops.dense(columns, layer, false, products);
  for (let i = 0; i < sums.length; i++) sums[i]! += products[i]!;
}

function addRows(rows: Float32Array, sums: Float32Array): void {
  for (let i = 0; i < rows.length;) {
    for (let j = 0; j < sums.length; j++, i++) sums[j]! += rows[i]!;
  }
}

/** Adds slopes by what a cell perceived to those by the nine cells that it perceived; nobody asks for the border's. */
function scatter(
  slopes: Float32Array,
  cell: number,
  pitch: number,
  channels: number,
  felt: Float32Array,
  start: number,
): void {
  const right = channels, down = pitch * channels;
  for (let c = 0; c < channels; c++) {
    const at = cell * channels + c, above = at - down, below = at + down;
    const own = felt[start + c]!;
    const along = felt[start + channels + c]! / 8, across = felt[start + 2 * channels + c]! / 8;
    slopes[at]! += own;
    slopes[above - right]! -= along + across;
    slopes[above]! -= 2 * across;
    slopes[above + right]! += along - across;
    slopes[at - right]! -= 2 * along;
    slopes[at + right]! += 2 * along;
    slopes[below - right]! += across - along;
    slopes[below]! += 2 * across;
    slopes[below + right]! += along + across;
  }
}
