import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { type Content, hash, numbers, tileAt, withTensors } from "./models.ts";

const width = 2200, height = 704;

const matrix = (value: (x: number, y: number) => number): Content => ({
  shape: [height, width],
  values: Float32Array.from(
    { length: width * height },
    (_, i) => value(i % width, Math.floor(i / width)),
  ),
});

const tensors = {
  /** Neighbouring rows differ in norm by up to a hundred times. */
  jagged: matrix((x, y) => (0.01 + hash(y)) * (hash(x + 31 * y) - 0.3)),
  /** Norms climb from 1 to 2 over all rows. */
  smooth: matrix((x, y) => (1 + y / height) * (1 + 0.5 * Math.sin(x / 5))),
  kernels: {
    shape: [20, 12, 3, 3],
    values: Float32Array.from({ length: 20 * 12 * 9 }, (_, i) => (1 + i / 500) * (hash(i) - 0.4)),
  },
};

/** s_c / max(s_c), s_c being the norm of a slice along the first axis, in float64. */
function factors({ shape, values }: Content): number[] {
  const [count = 0] = shape;
  const size = values.length / count;
  const norms = Array.from({ length: count }, (_, c) => {
    let squares = 0;
    for (const value of values.subarray(c * size, (c + 1) * size)) squares += value * value;
    return Math.sqrt(squares);
  });
  const largest = Math.max(...norms);
  return norms.map((norm) => norm / largest);
}

/** The mean of the scaled cells in one block, in float64. */
function scaledMean(values: Float32Array, factor: number[], block: number, bx: number, by: number) {
  let sum = 0, n = 0;
  for (let y = by * block; y < Math.min((by + 1) * block, height); y++) {
    for (let x = bx * block; x < Math.min((bx + 1) * block, width); x++, n++) {
      sum += values[y * width + x]! * factor[y]!;
    }
  }
  return sum / n;
}

// 2,200 cells across make native zoom 4.
Deno.test("near by, rows are scaled by their channel's norm against the largest before blocks are made", () =>
  withTensors(tensors, async (engine) => {
    const { jagged } = tensors;
    const factor = factors(jagged);
    for (const [log2, x, y] of [[0, 1, 2], [0, 8, 0], [1, 3, 1], [2, 1, 0], [3, 0, 0], [3, 1, 0]]) {
      for (const crop of [false, true]) {
        const address = tileAt("jagged", [4 - log2!, x!, y!], "scientific=0", { crop });
        const tile = await numbers(engine, address);
        const block = 2 ** log2!;
        const across = Math.min(256, Math.ceil(width / block) - 256 * x!);
        const down = Math.min(256, Math.ceil(height / block) - 256 * y!);
        if (crop) assertEquals([tile.width, tile.height], [across, down]);
        for (let at = 0; at < across * down; at += 37) {
          const i = at % across, j = Math.floor(at / across);
          const want = scaledMean(jagged.values, factor, block, 256 * x! + i, 256 * y! + j);
          const got = tile.values[j * tile.width + i]!;
          assertAlmostEquals(got, want, 1e-6, `log2 ${log2}, tile (${x}, ${y}), (${i}, ${j})`);
        }
      }
    }
  }));

Deno.test("far out, a block's mean is scaled by the factor of its middle row", () =>
  withTensors(tensors, async (engine) => {
    const { smooth } = tensors;
    const factor = factors(smooth);
    for (const [log2, crop] of [[4, false], [4, true], [5, true], [6, true]] as const) {
      const address = tileAt("smooth", [4 - log2, 0, 0], "scientific=0", { crop });
      const tile = await numbers(engine, address);
      const block = 2 ** log2;
      const across = Math.ceil(width / block), down = height / block;
      for (let j = 0; j < down; j++) {
        for (let i = 0; i < across; i++) {
          const got = tile.values[j * tile.width + i]!;
          const want = scaledMean(smooth.values, factor, block, i, j);
          // Norms climb by 1 / 704 of the least a row. The middle row lies half a row beside the
          // block's centre, and misses the covariance of norms and rows' means; half a block away
          // would be ten times that.
          const reach = want * (0.5 / height + (block / height) ** 2 / 12 + 1e-4);
          assertAlmostEquals(got, want, reach, `log2 ${log2}, (${i}, ${j})`);
        }
      }
    }
  }));

Deno.test("in a mosaic of kernels a row of cells has the factor of its output channel", () =>
  withTensors(tensors, async (engine) => {
    const { kernels: { values }, kernels } = tensors;
    const factor = factors(kernels);
    const tile = await numbers(engine, tileAt("kernels", [0, 0, 0], "scientific=0"));
    for (let y = 0; y < 60; y++) {
      for (let x = 0; x < 36; x++) {
        const o = Math.floor(y / 3), i = Math.floor(x / 3);
        const want = values[((o * 12 + i) * 3 + y % 3) * 3 + x % 3]! * factor[o]!;
        assertAlmostEquals(tile.values[y * 256 + x]!, want, 1e-6, `cell (${x}, ${y})`);
      }
    }
    const plain = await numbers(engine, tileAt("kernels", [0, 0, 0]));
    assert(tile.values[0] !== plain.values[0] && plain.values[0] === values[0]);
  }));
