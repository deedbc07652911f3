import { brickFirst, brickSize, rayBricks, raymarch } from "../../../assembly/build/kernels.wasm";
import { checkView, checkVolume } from "../ray/bounds.ts";
import { raysOf } from "../ray/camera.ts";
import { BISECTIONS, levelOf, type Occupancy, rayModes, type RayScene } from "../ray/ops.ts";
import type { RayImage, RayView, RayVolume } from "../ray/ops.ts";
import { hueTable, opaqueBelow, quartersOf, samplesOf } from "../ray/transfer.ts";
import { floats, frame, keep, place, release, scratch, words } from "./memory.ts";
import { layers, occupancyOf } from "./occupancy.ts";

/** What kernels may read behind the last brick: a step of 8 voxels leads four samples out of it. */
const SLACK = 8192;

/**
 * A volume in bricks, in the kernels' memory until it is freed: 1.3 KB for each block of bytes that
 * has more than one value or borders on another, 7.2 KB for each such block and each that has weight
 * where voxels have four bytes. Weights are kept in steps of 1/32767: the hue of cubes that weigh
 * less than 1/255 is less exact. Throws `RangeError` where there is no room.
 */
export function rayScene(volume: RayVolume): RayScene {
  checkVolume(volume);
  const occupancy = occupancyOf(volume);
  const { bricks, places } = bricksOf(volume, occupancy);
  return {
    occupancy,
    render: (view) => frame(() => render(volume, occupancy, places, view)),
    free: () => release(bricks),
  };
}

/** Bricks of all blocks that need one. */
function bricksOf(volume: RayVolume, occupancy: Occupancy) {
  const { channels, size: [x, y] } = volume;
  const size = brickSize(channels), first = brickFirst();
  const needed = changing(occupancy);
  if (channels === 4) occupancy.present.forEach((some, i) => needed[i]! |= some);
  const bricks = keep(needed.reduce((sum, one) => sum + one, 0) * size + SLACK);
  let next = bricks.byteOffset + first;
  const places = Uint32Array.from(needed, (one) => one ? (next += size) - size : 0);
  const area = occupancy.blocks[0] * occupancy.blocks[1];
  const hues = Int16Array.from(hueTable(), (share) => Math.round(32767 * share));
  // Differences reach one voxel further than interpolation.
  layers(volume, 1, 2, (slices, depth, layer, before) => {
    const here = place(places.subarray(layer * area, (layer + 1) * area));
    rayBricks(slices, x, y, before, depth, channels, place(hues), here);
  });
  return { bricks, places };
}

/** Which blocks have more than one value, or border on another value: gradients are 0 in the others. */
function changing({ min, max, blocks: [across, down, deep] }: Occupancy): Uint8Array {
  const needed = min.map((low, i) => low === max[i] ? 0 : 1);
  const joins = [[1, across], [across, down], [across * down, deep]] as const;
  for (let i = 0; i < min.length; i++) {
    for (const [stride, side] of joins) {
      const j = i + stride;
      if (Math.floor(i / stride) % side === side - 1) continue;
      if (min[i] === min[j] && max[i] === max[j]) continue;
      needed[i] = needed[j] = 1;
    }
  }
  return needed;
}

function render(
  volume: RayVolume,
  { min, max, present }: Occupancy,
  places: Uint32Array,
  view: RayView,
): RayImage {
  checkView(view);
  const { viewport, transfer, step = 1 } = view;
  const { size, x, y, width, height } = viewport;
  const rays = raysOf(volume, view);
  const quarters = quartersOf(samplesOf(transfer, step));
  const through = Float32Array.from({ length: 1024 }, (_, i) => 1 - quarters[4 * i + 3]!);
  const rgba = scratch(width * height * 4), values = floats(width * height);
  // In the order of assembly/ray_view.ts.
  const numbers = [
    ...[rays.origin, rays.forward, rays.across, rays.down, rays.spacing, rays.low, rays.high]
      .flat(),
    ...[step, levelOf(view), size],
  ];
  const whole = [
    ...[x, y, width, height, rays.perspective ? 1 : 0, rayModes.indexOf(view.mode)],
    ...[view.shading ? 1 : 0, volume.channels, ...volume.size, BISECTIONS],
    ...[places, min, max, present, opaqueBelow(transfer)].map(place),
    ...[transfer, quarters, through].map(place),
    ...[scratch(min.length), rgba, values].map((array) => array.byteOffset),
  ];
  const block = words(2 * numbers.length + whole.length);
  new Float64Array(block.buffer, block.byteOffset, numbers.length).set(numbers);
  block.set(whole, 2 * numbers.length);
  raymarch(block.byteOffset);
  return { width, height, rgba: rgba.slice(), values: values.slice() };
}
