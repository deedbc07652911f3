import { occupancyOf } from "../compute/reference/occupancy.ts";
import { BLOCK, type Occupancy, type RayVolume, type Triple } from "../compute/ray/ops.ts";

/** Milliseconds of work after which the page has its turn. */
const TURN = 8;

/** What is in each block of a volume, found without holding up the page. */
export async function surveyed(volume: RayVolume): Promise<Occupancy> {
  const { size: [width, height, depth], channels, data } = volume;
  const blocks = [width, height, depth].map((side) => Math.ceil(side / BLOCK)) as unknown as Triple;
  const area = blocks[0] * blocks[1], slice = width * height * channels;
  const all = { blocks, min: bytes(), max: bytes(), present: bytes() };
  let began = performance.now();
  for (let layer = 0; layer < blocks[2]; layer++) {
    // One slice more than a block has, since interpolation reaches it.
    const from = layer * BLOCK, to = Math.min(depth, from + BLOCK + 1);
    const part = data.subarray(from * slice, to * slice);
    const found = occupancyOf({ ...volume, size: [width, height, to - from], data: part });
    for (const name of ["min", "max", "present"] as const) {
      all[name].set(found[name].subarray(0, area), layer * area);
    }
    if (performance.now() - began < TURN) continue;
    await new Promise((next) => setTimeout(next));
    began = performance.now();
  }
  return all;

  function bytes(): Uint8Array {
    return new Uint8Array(area * blocks[2]);
  }
}
