import { brickSize, rayBricks, raymarch } from "../../../assembly/build/kernels.wasm";
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
 * A volume in bricks, in the kernels' memory until it is freed: 0.7 KB for each block of bytes that
 * has more than one value, 2.9 KB where voxels have four bytes. Throws `RangeError` where there is no
 * room.
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

/** Bricks of all blocks that have more than one value, or weight where there are four channels. */
function bricksOf(volume: RayVolume, { min, max, present, blocks }: Occupancy) {
  const size = brickSize(volume.channels);
  const mixed = min.map((low, i) => {
    return low !== max[i] || (volume.channels === 4 && present[i]) ? 1 : 0;
  });
  const bricks = keep(mixed.reduce((sum, one) => sum + one, 0) * size + SLACK);
  let next = bricks.byteOffset;
  const places = Uint32Array.from(mixed, (one) => one ? (next += size) - size : 0);
  const area = blocks[0] * blocks[1];
  const [x, y] = volume.size;
  layers(volume, (slices, depth, layer) => {
    const here = place(places.subarray(layer * area, (layer + 1) * area));
    rayBricks(slices, x, y, depth, volume.channels, here);
  });
  return { bricks, places };
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
  const samples = samplesOf(transfer, step);
  const quarters = quartersOf(samples);
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
    ...[transfer, samples, quarters, through, hueTable()].map(place),
    ...[scratch(min.length), rgba, values].map((array) => array.byteOffset),
  ];
  const block = words(2 * numbers.length + whole.length);
  new Float64Array(block.buffer, block.byteOffset, numbers.length).set(numbers);
  block.set(whole, 2 * numbers.length);
  raymarch(block.byteOffset);
  return { width, height, rgba: rgba.slice(), values: values.slice() };
}
