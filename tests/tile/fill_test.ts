import { assertEquals } from "@std/assert";
import { RAMP } from "../../src/compute/ops.ts";
import { shade as shadeOf } from "../../src/compute/reference/shade.ts";
import { coarseSides, type Sides } from "../../src/field/volume/coarse.ts";
import { foldVolume } from "../../src/field/volume.ts";
import { fillVoxels } from "../../src/tile/solid.ts";
import { tensorOf } from "../field/planes.ts";
import { cellsOf, volumeReader, wholeBox } from "../field/volumes.ts";

const shade = { curve: "linear", center: 0.2, scale: 1.5, gain: 0.9 } as const;
const special = new Map([[3, NaN], [40, Infinity], [41, -Infinity], [5, 1e30]]);

for (const clamp of [null, [-0.4, 0.5], [0.3, 0.5], [-Infinity, 0.1]] as const) {
  for (const log2 of [[0, 0, 0], [1, 0, 0], [0, 1, 2], [3, 3, 3]] as const) {
    Deno.test(`voxels are places on the ramp, clamped to ${clamp}, of blocks of 2^[${log2}]`, () => {
      const made = tensorOf([13, 77], (i) => special.get(i % 97) ?? Math.sin(i));
      const volume = foldVolume(made.tensor);
      const reader = volumeReader(volume, [made.source]);
      const cells = cellsOf(reader, wholeBox(volume));
      const size = coarseSides(volume, log2);
      const bytes = new SharedArrayBuffer(size[0] * size[1] * size[2]);
      const job = {
        kind: "fill",
        context: "",
        axes: undefined,
        log2,
        weights: null,
        tint: { shade, clamp },
      } as const;
      const half = size[2] >> 1;
      fillVoxels(reader, { ...job, from: 0, to: half, bytes });
      fillVoxels(reader, { ...job, from: half, to: size[2], bytes });
      const want = meansOf(cells, [volume.width, volume.height, volume.depth], log2).map((mean) => {
        const [low, high] = clamp ?? [-Infinity, Infinity];
        const value = Number.isNaN(mean) ? 0 : Math.min(high, Math.max(low, mean));
        return Math.round(shadeOf(Float32Array.of(value), shade)[0]! * 255 / (RAMP - 1));
      });
      assertEquals([...new Uint8Array(bytes)], want);
    });
  }
}

/** Means of the finite cells of blocks, x fastest; NaN where there is none. */
function meansOf(cells: Float32Array, [width, height, depth]: Sides, log2: Sides): number[] {
  const blocks = new Map<string, number[]>();
  for (let z = 0, i = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) {
        const key = [z >> log2[2], y >> log2[1], x >> log2[0]].join();
        blocks.set(key, [...blocks.get(key) ?? [], cells[i]!].filter(Number.isFinite));
      }
    }
  }
  const order = (key: string) => key.split(",").map(Number);
  const sorted = [...blocks].sort(([a], [b]) => {
    const [p, q] = [order(a), order(b)];
    return p[0]! - q[0]! || p[1]! - q[1]! || p[2]! - q[2]!;
  });
  return sorted.map(([, values]) =>
    Math.fround(values.reduce((sum, value) => sum + value, 0) / values.length)
  );
}
