import { rayOccupancy } from "../../../assembly/build/kernels.wasm";
import { checkVolume } from "../ray/bounds.ts";
import { BLOCK, type Occupancy, type RayVolume, type Triple } from "../ray/ops.ts";
import { frame, place, scratch } from "./memory.ts";

/** What is in each block of a volume, layer of blocks by layer. */
export function occupancyOf(volume: RayVolume): Occupancy {
  checkVolume(volume);
  const blocks = volume.size.map((side) => Math.ceil(side / BLOCK)) as unknown as Triple;
  const area = blocks[0] * blocks[1];
  const [min, max, present] = [0, 1, 2].map(() => new Uint8Array(area * blocks[2])) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  layers(volume, 0, 1, (slices, depth, z) => {
    const [low, high, some] = [0, 1, 2].map(() => scratch(area)) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    const [x, y] = volume.size;
    const { channels } = volume;
    const to = [low.byteOffset, high.byteOffset, some.byteOffset] as const;
    rayOccupancy(slices, x, y, depth, channels, ...to);
    min.set(low, z * area);
    max.set(high, z * area);
    present.set(some, z * area);
  });
  return { blocks, min, max, present };
}

/**
 * Has `work` do each layer of blocks: address and number of its slices, with up to so many before and
 * after those of the layer, and how many there are before. Layers that are not `wanted` are left out.
 */
export function layers(
  { size, channels, data }: RayVolume,
  before: number,
  after: number,
  work: (slices: number, depth: number, layer: number, before: number) => void,
  wanted: (layer: number) => boolean = () => true,
): void {
  const slice = size[0] * size[1] * channels;
  for (let z = 0; z * BLOCK < size[2]; z++) {
    if (!wanted(z)) continue;
    const from = Math.max(0, z * BLOCK - before);
    const to = Math.min(size[2], (z + 1) * BLOCK + after);
    const slices = data.subarray(from * slice, to * slice);
    frame(() => work(place(slices), to - from, z, z * BLOCK - from));
  }
}
