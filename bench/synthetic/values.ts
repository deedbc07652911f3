import type { Matrix, Plan, Size } from "./llama.ts";
import { Clouds, normal, type Octave, type Random, rough, seeded, smooth } from "./noise.ts";
import { type Recipe, recipes, type Side } from "./recipes.ts";

/** What all tensors of a model have in common. */
export interface Making {
  readonly size: Size;
  readonly seed: number;
  /** Whether the last norm has a few NaN. */
  readonly nan: boolean;
}

/** Writes the next row of a tensor, from the first on. */
export type NextRow = (row: Float32Array) => void;

/** Normal deviates that all noise is taken from, each row's from another place. */
const pool = rough(seeded(0, "pool"), 1 << 20);

/** Rows between which the clouds are interpolated. */
const STEP = 16;

/** Channels of the residual stream that are far larger than others in every tensor, and how far. */
export function outliersOf({ size, seed }: Making): Map<number, number> {
  const random = seeded(seed, "outliers");
  const count = size.hidden < 256 ? 2 : 5;
  return new Map(Array.from({ length: count }, () => {
    return [Math.floor(random() * size.hidden), 8 + 10 * random()];
  }));
}

/** Neurons of a block that are zero in all three matrices of its MLP: some strewn, some side by side. */
export function deadNeuronsOf({ size, seed }: Making, block: number): Set<number> {
  const random = seeded(seed, `neurons of ${block}`);
  const any = () => Math.floor(random() * size.intermediate);
  const strewn = Array.from({ length: size.intermediate >> 7 }, any);
  const run = size.intermediate >> 6, first = Math.min(any(), size.intermediate - run);
  return new Set([...strewn, ...Array.from({ length: run }, (_, i) => first + i)]);
}

/** The attention head whose values are zero; every eighth block has one. */
export function deadHeadOf({ size, seed }: Making, block: number): number | null {
  if (block % 8 !== 1) return null;
  return Math.floor(seeded(seed, `heads of ${block}`)() * size.hidden / size.head);
}

/** How a tensor's rows are made, whatever others there are: the same for the same seed and name. */
export function rowsOf(making: Making, plan: Plan): NextRow {
  const { kind, block } = plan;
  const random = seeded(making.seed, plan.name);
  const depth = block === null ? 0.5 : block / Math.max(1, making.size.blocks - 1);
  if (kind === "norm") return (row) => norm(making, plan, random, depth, row);
  return matrix(making, kind, plan, random, depth);
}

function norm(making: Making, { block }: Plan, random: Random, depth: number, row: Float32Array) {
  for (let x = 0; x < row.length; x++) row[x] = 0.3 + 0.6 * depth + 0.04 * normal(random);
  for (const [channel, gain] of outliersOf(making)) row[channel]! *= gain / 4;
  if (making.nan && block === null) { for (const x of [1, 7, 8]) row[x] = NaN; }
}

/**
 * gain · (noise + mean + biases + clouds + a matrix of rank 6), where the gain is a product of one
 * of the row and one of the column: heads, neurons, words and outliers are rows or columns.
 */
function matrix(
  making: Making,
  kind: Matrix,
  plan: Plan,
  random: Random,
  depth: number,
): NextRow {
  const [height = 1, width = 1] = plan.shape;
  const recipe = recipes[kind];
  const rows = side(making, kind, plan.block, random, "rows", height);
  const columns = side(making, kind, plan.block, random, "columns", width);
  const clouds = new Clouds(random, octaves(recipe, height, width), width);
  const { left, right: [a, b, c, d, e, f] } = lowRank(recipe, random, depth, height, width);
  const scale = recipe.scale * (0.75 + 0.5 * depth + 0.15 * Math.sin(9 * depth));
  // The clouds at the last step, and what a row adds to them.
  const ground = new Float32Array(width), slope = new Float32Array(width);
  clouds.row(0, slope);
  let y = 0;
  return (row) => {
    const t = (y % STEP) / STEP;
    if (t === 0) {
      ground.set(slope);
      clouds.row(y + STEP, slope);
      for (let x = 0; x < width; x++) slope[x]! -= ground[x]!;
    }
    const [p, q, r, s, u, v] = left.map((vector) => vector[y]!) as Six<number>;
    const gain = scale * rows.gain[y]!, bias = recipe.mean + rows.bias[y]!;
    const from = Math.floor(random() * (pool.length - width));
    for (let x = 0; x < width; x++) {
      const low = p * a[x]! + q * b[x]! + r * c[x]! + s * d[x]! + u * e[x]! + v * f[x]!;
      const smooth = ground[x]! + t * slope[x]! + bias + columns.bias[x]!;
      row[x] = gain * columns.gain[x]! * (pool[from + x]! + smooth + low);
    }
    y++;
    if (y % STEP === 0) { for (let x = 0; x < width; x++) slope[x]! += ground[x]!; }
  };
}

function octaves({ clouds, stretch: [down, across] }: Recipe, height: number, width: number) {
  const octave = (rows: number, columns: number, amplitude: number): Octave => ({
    rows: Math.max(4, rows * down),
    columns: Math.max(4, columns * across),
    amplitude: amplitude * clouds,
  });
  return [
    octave(height / 4, width / 4, 0.8),
    octave(height / 16, width / 16, 0.5),
    octave(Math.min(100, height / 16), Math.min(100, width / 16), 0.3),
  ];
}

type Six<T> = [T, T, T, T, T, T];

/** Two terms are waves, which get shorter with depth; two are smooth along both sides, two rough. */
function lowRank(recipe: Recipe, random: Random, depth: number, height: number, width: number) {
  const { waves, cycles: [down, across], rank } = recipe;
  const wave = (length: number, cycles: number, phase: number) =>
    Float32Array.from({ length }, (_, i) => {
      return Math.sin(2 * Math.PI * (cycles * (0.5 + depth) * i / length + phase));
    });
  const term = (index: number): [Float32Array, Float32Array] => {
    const [left, right] = index < 2
      ? [smooth(random, height, height / 12), smooth(random, width, width / 12)]
      : [rough(random, height), rough(random, width)];
    return [left.map((value) => rank * 0.6 ** index * value), right];
  };
  // sin(α + β) = sin α cos β + cos α sin β
  const start = random();
  const terms: [Float32Array, Float32Array][] = [
    [wave(height, down, start).map((value) => waves * value), wave(width, across, 0.25)],
    [wave(height, down, start + 0.25).map((value) => waves * value), wave(width, across, 0)],
    ...[0, 1, 2, 3].map(term),
  ];
  return {
    left: terms.map(([left]) => left) as Six<Float32Array>,
    right: terms.map(([, right]) => right) as Six<Float32Array>,
  };
}

/** Gains and biases of each row, or of each column. */
function side(
  making: Making,
  kind: Matrix,
  block: number | null,
  random: Random,
  which: Side,
  length: number,
): { gain: Float32Array; bias: Float32Array } {
  const recipe = recipes[kind];
  const gain = new Float32Array(length).fill(1), bias = new Float32Array(length);
  if (recipe.heads === which) heads(making, recipe, random, gain, bias);
  if (recipe.neurons === which) {
    const shared = smooth(random, length, Math.min(100, length / 16));
    for (let i = 0; i < length; i++) {
      gain[i] = Math.exp(0.25 * normal(random) + 0.3 * shared[i]!);
      bias[i] = 0.3 * shared[i]!;
    }
    for (const neuron of deadNeuronsOf(making, block!)) gain[neuron] = 0;
  }
  const { words } = recipe;
  if (words && which === "rows") {
    // Words stand in the order of how often they occur.
    for (let i = 0; i < length; i++) {
      const rarity = Math.sqrt(i / length);
      gain[i] = words[0] + (words[1] - words[0]) * rarity + 0.1 * random();
    }
  }
  const dead = kind === "v_proj" || kind === "o_proj" ? deadHeadOf(making, block!) : null;
  const { head } = making.size;
  if (dead !== null && recipe.heads === which) gain.fill(0, dead * head, (dead + 1) * head);
  if (recipe.channels === which) {
    for (const [channel, factor] of outliersOf(making)) {
      gain[channel] = factor;
      bias[channel] = channel % 2 ? 0.5 : -0.5;
    }
  }
  return { gain, bias };
}

/** A scale and a mean for each head; what rotary embeddings turn slowly is larger than the rest. */
function heads(
  { size: { head } }: Making,
  { rotary = 0 }: Recipe,
  random: Random,
  gain: Float32Array,
  bias: Float32Array,
): void {
  for (let first = 0; first < gain.length; first += head) {
    const scale = Math.exp(0.45 * normal(random)), mean = 0.35 * normal(random);
    for (let i = 0; i < head; i++) {
      const pair = (i % (head / 2)) / (head / 2);
      gain[first + i] = scale * (1 + rotary * (pair - 0.5));
      bias[first + i] = mean * (1 + 2 * rotary * (pair - 0.5));
    }
  }
}
