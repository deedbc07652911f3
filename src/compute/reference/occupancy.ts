import { BLOCK, type Occupancy, type RayVolume, type Triple } from "../ray/ops.ts";

/** What is in each block of a volume. */
export function occupancyOf({ size, channels, data }: RayVolume): Occupancy {
  const blocks = size.map((side) => Math.ceil(side / BLOCK)) as unknown as Triple;
  const length = blocks[0] * blocks[1] * blocks[2];
  const min = new Uint8Array(length).fill(255), max = new Uint8Array(length);
  const present = new Uint8Array(length);
  const reach = (block: number, side: number) => Math.min(side - 1, block * BLOCK + BLOCK);
  let at = 0;
  for (let z = 0; z < blocks[2]; z++) {
    for (let y = 0; y < blocks[1]; y++) {
      for (let x = 0; x < blocks[0]; x++, at++) {
        for (let k = z * BLOCK; k <= reach(z, size[2]); k++) {
          for (let j = y * BLOCK; j <= reach(y, size[1]); j++) {
            for (let i = x * BLOCK; i <= reach(x, size[0]); i++) {
              const from = ((k * size[1] + j) * size[0] + i) * channels;
              const value = data[from]!;
              min[at] = Math.min(min[at]!, value);
              max[at] = Math.max(max[at]!, value);
              if (channels === 1 || data[from + 2]! * data[from + 3]! > 0) present[at] = 1;
            }
          }
        }
      }
    }
  }
  return { blocks, min, max, present };
}
