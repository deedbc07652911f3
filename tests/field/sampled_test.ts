import { assert, assertEquals } from "@std/assert";
import { wasm } from "../../src/compute/wasm.ts";
import type { Rect } from "../../src/field/cells.ts";
import { sampledLevels } from "../../src/field/levels/sampled.ts";
import { survey } from "../../src/tile/survey.ts";
import { normal, random } from "../compute/samples.ts";
import { readerOf, tensorOf } from "./planes.ts";

const WIDTH = 300, HEIGHT = 520;
const noise = normal(WIDTH * HEIGHT, 1);
const rowsOf = (seed: number) => normal(HEIGHT, seed);

/** Values by row and column. */
const kinds: Readonly<Record<string, (row: number, column: number) => number>> = {
  "rough noise": (row, column) => 0.3 + noise[row * WIDTH + column]!,
  "rows of their own means":
    ((means) => (row: number, column: number) => means[row]! + 0.2 * noise[row * WIDTH + column]!)(
      rowsOf(2),
    ),
  "a low rank, outlier rows and dead columns": (([a, b, c]) => (row: number, column: number) => {
    if (column % 37 === 0) return 0;
    const outlier = row % 61 === 5 ? 4 : 1;
    const i = row * WIDTH + column;
    return outlier * (a![row]! * b![column % HEIGHT]! + c![row]! * 0.3 + 0.1 * noise[i]!);
  })([3, 4, 5].map(rowsOf)),
};

/** Blocks asked for at once, the levels they are of, and their true means. */
function blocksAt(value: (row: number, column: number) => number, log2: number) {
  const side = 2 ** log2;
  const width = Math.ceil(WIDTH / side), height = Math.ceil(HEIGHT / side);
  const means = new Float64Array(width * height), counts = new Float64Array(width * height);
  for (let row = 0; row < HEIGHT; row++) {
    for (let column = 0; column < WIDTH; column++) {
      const block = Math.floor(row / side) * width + Math.floor(column / side);
      means[block]! += Math.fround(value(row, column));
      counts[block]!++;
    }
  }
  return { rect: { x: 0, y: 0, width, height }, means: means.map((sum, i) => sum / counts[i]!) };
}

/** Estimates of a rectangle of blocks under a name, and the error that is stated of them. */
function estimate(
  value: (row: number, column: number) => number,
  order: "C" | "Fortran",
  log2: number,
  rect: Rect,
) {
  const held = tensorOf(
    [HEIGHT, WIDTH],
    (i) => value(Math.floor(i / WIDTH), i % WIDTH),
    order,
  );
  return (name: string) => {
    const reader = readerOf({ ...held, tensor: { ...held.tensor, name } }, undefined, wasm);
    const levels = sampledLevels(reader);
    const values = new Float32Array(rect.width * rect.height);
    levels.means(log2, rect, { values, start: 0, pitch: rect.width });
    return { values, error: Math.sqrt(levels.squaredError!()) };
  };
}

const SEEDS = 200;

for (const [kind, value] of Object.entries(kinds)) {
  for (const order of ["C", "Fortran"] as const) {
    Deno.test(`estimates of ${kind} are right on average, and as far off as they say (${order})`, () => {
      for (const log2 of [4, 5, 6, 7]) {
        const { rect, means } = blocksAt(value, log2);
        const look = estimate(value, order, log2, rect);
        // By block: errors over many names, each of which draws other lines.
        const sums = new Float64Array(means.length), squares = new Float64Array(means.length);
        let stated = 0, within = 0, all = 0, actual = 0;
        for (let seed = 0; seed < SEEDS; seed++) {
          const { values, error } = look(`layer ${seed}`);
          assert(error > 0, `${error}`);
          for (const [i, mean] of means.entries()) {
            const off = values[i]! - mean;
            sums[i]! += off;
            squares[i]! += off * off;
            actual += off * off;
            if (Math.abs(off) <= 2 * error) within++;
            all++;
          }
          stated += error;
        }
        const place = `2^${log2}`;
        // Sums of errors are about normal: of all blocks together, and of none much beyond chance.
        for (let i = 0; i < means.length; i++) {
          const spread = Math.sqrt(squares[i]! / SEEDS / SEEDS);
          const off = Math.abs(sums[i]! / SEEDS);
          assert(
            off <= 5 * spread + 1e-6,
            `${place}, block ${i}: ${off}, standard error ${spread}`,
          );
        }
        const bias = sums.reduce((sum, off) => sum + off, 0) / all;
        const error = Math.sqrt(actual / all);
        assert(Math.abs(bias) <= 4 * error / Math.sqrt(SEEDS * rect.height), `${place}: ${bias}`);
        stated /= SEEDS;
        assert(stated >= 0.8 * error, `${place}: ${stated} is stated, it is ${error}`);
        // Where blocks differ much in what they vary, one figure for all is too small for some.
        const share = kind === "rough noise" ? 0.9 : 0.8;
        assert(within >= share * all, `${place}: ${within} of ${all} within two stated errors`);
      }
    });
  }
}

Deno.test("a first look takes any line of a block, so that it is right on average", () => {
  // Rows of a block differ by their place in it: the middle is its mean.
  const value = (row: number) => row % 32;
  const held = tensorOf([HEIGHT, WIDTH], (i) => value(Math.floor(i / WIDTH)));
  const { means } = blocksAt(value, 5);
  const sums = new Float64Array(means.length);
  for (let seed = 0; seed < SEEDS; seed++) {
    const tensor = { ...held.tensor, name: `layer ${seed}` };
    const found = survey(readerOf({ ...held, tensor }, undefined, wasm), 5);
    for (const [i, mean] of found.means.entries()) sums[i]! += mean - means[i]!;
  }
  const error = Math.sqrt((32 ** 2 - 1) / 12 / SEEDS);
  for (const sum of sums) assert(Math.abs(sum / SEEDS) <= 4 * error, `${sum / SEEDS}`);
});

Deno.test("a single block states an error too", () => {
  const value = kinds["rows of their own means"]!;
  for (const order of ["C", "Fortran"] as const) {
    for (const log2 of [4, 6, 8]) {
      const look = estimate(value, order, log2, { x: 0, y: 0, width: 1, height: 1 });
      assert(look("a layer").error > 0, `2^${log2}`);
    }
  }
});

Deno.test("the same block of the same layer is the same estimate, whatever is asked for with it", () => {
  const value = kinds["rough noise"]!;
  const { rect } = blocksAt(value, 5);
  const whole = estimate(value, "C", 5, rect)("a layer");
  const next = random(9);
  for (let i = 0; i < 20; i++) {
    const x = Math.floor(next() * rect.width), y = Math.floor(next() * rect.height);
    const part = { x, y, width: rect.width - x, height: rect.height - y };
    const { values } = estimate(value, "C", 5, part)("a layer");
    for (let row = 0; row < part.height; row++) {
      const from = (y + row) * rect.width + x;
      assertEquals(
        values.subarray(row * part.width, (row + 1) * part.width),
        whole.values.subarray(from, from + part.width),
      );
    }
  }
});
