import { assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { coarseRows, coarseSides, type Sides } from "../../src/field/volume/coarse.ts";
import { foldVolume } from "../../src/field/volume.ts";
import { tensorOf } from "./planes.ts";
import { cellsOf, volumeReader, wholeBox } from "./volumes.ts";

Deno.test("slices of blocks are means of the finite cells of each block, of any shape", () => {
  const side = fc.integer({ min: 1, max: 9 }), log2 = fc.integer({ min: 0, max: 4 });
  fc.assert(
    fc.property(
      side,
      fc.integer({ min: 1, max: 40 }),
      fc.tuple(log2, log2, log2),
      (out, inputs, log2) => {
        const made = tensorOf(
          [out, inputs],
          (i) => i % 7 === 3 ? NaN : i % 11 === 5 ? Infinity : Math.sin(i),
        );
        const volume = foldVolume(made.tensor);
        const reader = volumeReader(volume, [made.source]);
        const cells = cellsOf(reader, wholeBox(volume));
        const [across, down, through] = coarseSides(volume, log2 as Sides);
        for (let z = 0; z < through; z++) {
          const found = new Float32Array(across * down).fill(-99);
          coarseRows(reader, log2 as Sides, z, (means, first) => found.set(means, first));
          for (let y = 0; y < down; y++) {
            for (let x = 0; x < across; x++) {
              let sum = 0, count = 0;
              for (let c = z << log2[2]; c < Math.min(volume.depth, (z + 1) << log2[2]); c++) {
                for (let b = y << log2[1]; b < Math.min(volume.height, (y + 1) << log2[1]); b++) {
                  for (let a = x << log2[0]; a < Math.min(volume.width, (x + 1) << log2[0]); a++) {
                    const value = cells[(c * volume.height + b) * volume.width + a]!;
                    if (Number.isFinite(value)) [sum, count] = [sum + value, count + 1];
                  }
                }
              }
              const mean = found[y * across + x]!;
              if (count === 0) assertEquals(mean - mean, NaN); // not finite
              else assertAlmostEquals(mean, sum / count, 1e-6);
            }
          }
        }
      },
    ),
  );
});
