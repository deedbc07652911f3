import { raymarch } from "../../../assembly/build/kernels.wasm";
import { checkView, checkVolume } from "../ray/bounds.ts";
import { raysOf } from "../ray/camera.ts";
import { BISECTIONS, levelOf, type Occupancy, rayModes, type RayScene } from "../ray/ops.ts";
import type { RayImage, RayView, RayVolume } from "../ray/ops.ts";
import { opaqueBelow, quartersOf, samplesOf } from "../ray/transfer.ts";
import { Bricks } from "./bricks.ts";
import { floats, frame, place, scratch, words } from "./memory.ts";
import { occupancyOf } from "./occupancy.ts";

/**
 * A volume in bricks, in the kernels' memory until it is freed: 1.3 KB for each block of bytes that
 * has more than one value or borders on another, 7.2 KB for each such block and each that has weight
 * where voxels have four bytes. Weights are kept in steps of 1/32767: the hue of cubes that weigh
 * less than 1/255 is less exact. Bricks are written when they are first needed: until the scene is
 * freed the volume's bytes must stay what they are. Throws `RangeError` where there is no room.
 */
export function rayScene(volume: RayVolume): RayScene {
  checkVolume(volume);
  const occupancy = occupancyOf(volume);
  const bricks = new Bricks(volume, occupancy);
  return {
    occupancy,
    render: (view) => frame(() => render(volume, occupancy, bricks, view)),
    free: () => bricks.free(),
  };
}

function render(
  volume: RayVolume,
  { min, max, present }: Occupancy,
  bricks: Bricks,
  view: RayView,
): RayImage {
  checkView(view);
  const { viewport, transfer, step = 1 } = view;
  const { size, x, y, width, height } = viewport;
  const rays = raysOf(volume, view);
  bricks.see(rays, viewport);
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
    ...[bricks.places, min, max, present, opaqueBelow(transfer)].map(place),
    ...[transfer, quarters, through].map(place),
    ...[scratch(min.length), rgba, values].map((array) => array.byteOffset),
  ];
  const block = words(2 * numbers.length + whole.length);
  new Float64Array(block.buffer, block.byteOffset, numbers.length).set(numbers);
  block.set(whole, 2 * numbers.length);
  raymarch(block.byteOffset);
  return { width, height, rgba: rgba.slice(), values: values.slice() };
}
