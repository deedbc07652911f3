import { assert, assertThrows } from "@std/assert";
import type { BorderedVoxels, CellRule, Ops, VoxelTarget } from "../../../src/compute/ops.ts";
import { reference } from "../../../src/compute/reference.ts";
import { assertSameBits } from "../same_bits.ts";
import { normal, withEdges } from "../samples.ts";

type Size = readonly [width: number, height: number, depth: number];

/** Voxels in the ops' scratch or not, with a margin between rows and between layers. */
function voxelsOf(
  ops: Ops,
  [width, height, depth]: Size,
  near: boolean,
  from: Float32Array | null,
) {
  const pitch = width + 3, layer = pitch * height + 2, length = 1 + layer * depth + 5;
  const { buffer, byteOffset } = ops.scratch(length * 4);
  const values = near ? new Float32Array(buffer, byteOffset, length) : new Float32Array(length);
  values.fill(-77);
  for (let i = 0; from && i < from.length; i++) {
    const x = i % width, y = Math.floor(i / width) % height, z = Math.floor(i / (width * height));
    values[1 + z * layer + y * pitch + x] = from[i]!;
  }
  return { values, start: 1, pitch, layer };
}

/** stepVoxels: bit for bit what the reference gives; that within 1e-6 of the formula in float64. */
export function conformStepVoxels(ops: Ops): void {
  const small: Size[] = [[1, 1, 1], [1, 1, 5], [3, 1, 2], [2, 5, 3], [4, 4, 4]];
  // 16: with their border, rows end in the vector behind.
  const sizes: Size[] = [...small, [9, 3, 2], [16, 2, 3], [33, 2, 3]];
  for (const size of sizes) {
    const [width, height, depth] = size;
    Deno.test(`${ops.name} stepVoxels() of ${size.join(" × ")} voxels`, () => {
      const count = width * height * depth;
      const bordered = (width + 2) * (height + 2) * (depth + 2);
      const w = normal(count, 3), g = normal(count, 4);
      for (const nonlinearity of ["none", "tanh", "relu"] as const) {
        const rule = { alpha: 0.6, beta: 0.8, gamma: -0.21, nonlinearity };
        for (const values of [normal(bordered, count, 0.7), withEdges(bordered, count)]) {
          for (const [near, driven] of [[true, true], [false, true], [true, false]]) {
            ops.frame(() => {
              const weight = voxelsOf(ops, size, near!, w);
              const gradient = driven ? voxelsOf(ops, size, near!, g) : null;
              const voxels = { values, width, height, depth };
              const out = voxelsOf(ops, size, near!, null);
              const want = { ...out, values: out.values.slice() };
              reference.stepVoxels(voxels, weight, gradient, rule, want);
              ops.stepVoxels(voxels, weight, gradient, rule, out);
              assertSameBits(out.values, want.values, "the target, its margin too");
              if (nonlinearity === "none" && driven) follow(voxels, out, rule, w, g);
            });
          }
        }
      }
    });
  }

  Deno.test(`${ops.name} stepVoxels() refuses voxels that do not exist`, () => {
    const rule = { alpha: 0.5, beta: 0, gamma: 1, nonlinearity: "none" } as const;
    const voxels = { values: new Float32Array(80), width: 3, height: 2, depth: 2 };
    const of = (length: number): VoxelTarget => {
      return { values: new Float32Array(length), start: 0, pitch: 3, layer: 6 };
    };
    const refuse = (voxels: BorderedVoxels, w: number, out: number, text: string) =>
      assertThrows(() => ops.stepVoxels(voxels, of(w), null, rule, of(out)), RangeError, text);
    refuse({ ...voxels, depth: 3 }, 18, 18, "100 values; 80");
    refuse({ ...voxels, width: 6, ends: "wrap" }, 24, 24, "96 values; 80");
    refuse(voxels, 11, 12, "6..11 of 11");
    refuse(voxels, 12, 11, "6..11 of 11");
  });
}

/** Holds voxels to the formula, in float64, wherever that is finite. */
function follow(
  { values, width, height, depth }: BorderedVoxels,
  out: VoxelTarget,
  rule: CellRule,
  w: Float32Array,
  g: Float32Array,
): void {
  for (let i = 0; i < width * height * depth; i++) {
    const x = i % width, y = Math.floor(i / width) % height, z = Math.floor(i / (width * height));
    let sum = 0, largest = 0, cell = 0;
    for (let n = 0; n < 27; n++) {
      const [dx, dy, dz] = [n % 3, Math.floor(n / 3) % 3, Math.floor(n / 9)] as const;
      const value = values[((z + dz) * (height + 2) + y + dy) * (width + 2) + x + dx]!;
      if (n === 13) cell = value;
      else sum += value;
      largest = Math.max(largest, Math.abs(value));
    }
    const moved = cell + rule.alpha * (sum / 26 - cell) + rule.gamma * g[i]!;
    const formula = moved * (1 + rule.beta * w[i]!);
    const got = out.values[out.start + z * out.layer + y * out.pitch + x]!;
    if (!(largest < 1e30)) continue;
    const bound = 1e-6 * Math.max(1, largest) * Math.max(1, Math.abs(1 + rule.beta * w[i]!));
    assert(Math.abs(got - formula) <= bound, `${x}, ${y}, ${z}: ${got}, formula ${formula}`);
  }
}
