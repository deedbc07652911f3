import type { Ops } from "../compute/ops.ts";
import type { Matrix, Opened, Products } from "./matrix.ts";
import { RowBands, scaleFor, WIDTH } from "./row_bands.ts";

// Two threads multiply with a matrix, each with half of its rows: one leads, and asks for products of
// vectors in shared memory; the other helps. Sums are of the same halves whoever makes them, so
// that it makes no difference to the figures whether there was help.

/** What both threads see: plain data. */
export interface PairMemory {
  /** By `AT`. */
  readonly control: Int32Array<SharedArrayBuffer>;
  /** The largest magnitude of the helper's half, and what both halves are multiplied by. */
  readonly figures: Float64Array<SharedArrayBuffer>;
  readonly vectors: Float64Array<SharedArrayBuffer>;
  /** The helper's part of the products. */
  readonly products: Float32Array<SharedArrayBuffer>;
  readonly normals: Float64Array<SharedArrayBuffer>;
}

/** Words of control: who is there, rounds asked for and done, and of how many vectors the last is. */
const AT = { state: 0, asked: 1, done: 2, count: 3 } as const;
const STATE = { alone: 0, helped: 1, over: 2 } as const;
/** Milliseconds of waiting awake, as most rounds are shorter than falling asleep is; and of each sleep. */
const AWAKE = 0.5, ASLEEP = 20;

/** Rows that the leader multiplies with. */
const leading = (rows: number): number => Math.min(rows, 4 * Math.ceil(rows / 8));

export function pairMemory(rows: number, columns: number): PairMemory {
  const shared = (bytes: number) => new SharedArrayBuffer(bytes);
  return {
    control: new Int32Array(shared(16)),
    figures: new Float64Array(shared(16)),
    vectors: new Float64Array(shared(8 * columns * WIDTH)),
    products: new Float32Array(shared(4 * (rows - leading(rows)) * WIDTH)),
    normals: new Float64Array(shared(8 * columns * WIDTH)),
  };
}

/** Sends the helper home, or tells the leader that there is none any more. */
export function dissolve({ control }: PairMemory): void {
  Atomics.store(control, AT.state, STATE.over);
  Atomics.notify(control, AT.asked);
  Atomics.notify(control, AT.done);
}

/** Rows `from` ≤ i < `to` of a matrix. */
const part = ({ columns, read }: Matrix, from: number, to: number): Matrix => ({
  rows: to - from,
  columns,
  read: (at, count) => read(from * columns + at, count),
});

/** Multiplies for a leader until there is none; at once where it came too late. */
export async function help(
  matrix: Matrix,
  memory: PairMemory,
  ops: Ops,
  cancelled: () => void,
): Promise<void> {
  const { control, figures, vectors, products, normals } = memory;
  if (Atomics.compareExchange(control, AT.state, STATE.alone, STATE.helped) !== STATE.alone) return;
  const bands = new RowBands(part(matrix, leading(matrix.rows), matrix.rows), ops, cancelled);
  const { rows, columns } = bands;
  try {
    await bands.load();
    figures[0] = bands.largest;
    for (let round = 1;; round++) {
      finish(control, round);
      if (!waitFor(control, AT.asked, round, cancelled)) return;
      if (round === 1) {
        await bands.scaleBy(figures[1]!);
        continue;
      }
      const count = Atomics.load(control, AT.count);
      const asked = Array.from({ length: count }, (_, i) => {
        return vectors.subarray(i * columns, (i + 1) * columns);
      });
      for (const [i, { product, normal }] of (await bands.multiply(asked)).entries()) {
        products.set(product, i * rows);
        normals.set(normal, i * columns);
      }
    }
  } finally {
    bands.close();
    dissolve(memory);
  }
}

/** The products of a matrix by a leader and, if it has come by the time the leader is ready, a helper. */
export async function openPair(
  matrix: Matrix,
  memory: PairMemory,
  ops: Ops,
  cancelled: () => void,
): Promise<Opened> {
  const { control, figures } = memory, { rows, columns } = matrix;
  const own = new RowBands(part(matrix, 0, leading(rows)), ops, cancelled);
  const other = new RowBands(part(matrix, leading(rows), rows), ops, cancelled);
  const close = () => {
    dissolve(memory);
    own.close();
    other.close();
  };
  try {
    await own.load();
    const { alone, over } = STATE;
    let helped = Atomics.compareExchange(control, AT.state, alone, over) === STATE.helped &&
      waitFor(control, AT.done, 1, cancelled);
    if (!helped) await other.load();
    const scale = scaleFor(Math.max(own.largest, helped ? figures[0]! : other.largest));
    await own.scaleBy(scale);
    figures[1] = scale;
    if (helped) ask(control, 1);
    else await other.scaleBy(scale);

    let round = 1;
    const multiply = async (vectors: readonly Float64Array[]): Promise<readonly Products[]> => {
      if (helped) {
        for (const [i, each] of vectors.entries()) memory.vectors.set(each, i * columns);
        Atomics.store(control, AT.count, vectors.length);
        ask(control, ++round);
      }
      const upper = await own.multiply(vectors);
      if (helped && waitFor(control, AT.done, round + 1, cancelled)) {
        return upper.map((each, i) => joined(each, helpersPart(memory, rows, columns, i)));
      }
      if (helped) {
        // It is gone: the rest is done alone.
        helped = false;
        await other.load();
        await other.scaleBy(scale);
      }
      const lower = await other.multiply(vectors);
      return upper.map((each, i) => joined(each, lower[i]!));
    };
    return { rows, columns, scale, width: own.width, multiply, close };
  } catch (error) {
    close();
    throw error;
  }
}

function helpersPart(
  { products, normals }: PairMemory,
  rows: number,
  columns: number,
  i: number,
): Products {
  const height = rows - leading(rows);
  return {
    product: products.subarray(i * height, (i + 1) * height),
    normal: normals.subarray(i * columns, (i + 1) * columns),
  };
}

function joined(upper: Products, lower: Products): Products {
  const product = new Float32Array(upper.product.length + lower.product.length);
  product.set(upper.product);
  product.set(lower.product, upper.product.length);
  const { normal } = upper;
  for (let i = 0; i < normal.length; i++) normal[i]! += lower.normal[i]!;
  return { product, normal };
}

function ask(control: Int32Array, round: number): void {
  Atomics.store(control, AT.asked, round);
  Atomics.notify(control, AT.asked);
}

function finish(control: Int32Array, round: number): void {
  Atomics.store(control, AT.done, round);
  Atomics.notify(control, AT.done);
}

/** Whether a round comes, before the pair is dissolved. */
function waitFor(
  control: Int32Array,
  at: number,
  round: number,
  cancelled: () => void,
): boolean {
  const began = performance.now();
  for (;;) {
    const now = Atomics.load(control, at);
    if (now >= round) return true;
    if (Atomics.load(control, AT.state) !== STATE.helped) return false;
    if (performance.now() - began < AWAKE) continue;
    cancelled();
    Atomics.wait(control, at, now, ASLEEP);
  }
}
