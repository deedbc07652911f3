import type { Ends, Ops } from "../../../src/compute/ops.ts";
import { reference } from "../../../src/compute/reference.ts";
import { assertSameBits } from "../same_bits.ts";
import { normal, withEdges } from "../samples.ts";

/** Rows with a cell more at each end. */
function bordered(rows: Float32Array, width: number, ends: Ends): Float32Array {
  return Float32Array.from({ length: rows.length / width * (width + 2) }, (_, i) => {
    const x = i % (width + 2) - 1, start = Math.floor(i / (width + 2)) * width;
    if (x >= 0 && x < width) return rows[start + x]!;
    if (ends === "zero") return 0;
    return rows[start + (ends === "wrap" ? (x + width) % width : x < 0 ? 0 : width - 1)]!;
  });
}

/** stepCells and stepVoxels of rows without a border left and right: the same bits as with what lies there. */
export function conformStepEnds(ops: Ops): void {
  const rule = { alpha: 0.37, beta: 0.8, gamma: -0.21, nonlinearity: "tanh" } as const;
  for (const ends of ["clamp", "wrap", "zero"] as const) {
    for (const width of [1, 2, 3, 5, 15, 16, 18, 31, 66]) {
      Deno.test(`${ops.name} steps rows of ${width} without a border left and right, ${ends}`, () => {
        const [height, depth] = [3, 4], cells = width * (height + 2) * (depth + 2);
        const target = (values: Float32Array) => {
          return { values, start: 0, pitch: width, layer: width * height };
        };
        const count = width * height * depth;
        const weight = target(normal(count, 3)), gradient = target(normal(count, 4));
        const room = () => target(new Float32Array(count).fill(-77));
        for (const rows of [normal(cells, width, 0.7), withEdges(cells, width)]) {
          const size = { width, height, depth };
          const whole = { ...size, values: bordered(rows, width, ends) };
          const open = { ...size, values: rows, ends };
          for (const step of ["stepCells", "stepVoxels"] as const) {
            ops.frame(() => {
              const [want, got] = [room(), room()];
              reference[step](whole, weight, gradient, rule, want);
              ops[step](open, weight, gradient, rule, got);
              assertSameBits(got.values, want.values, step);
            });
          }
        }
      });
    }
  }
}
