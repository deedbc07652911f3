import { rayModes, type RayView, type RayVolume } from "./ops.ts";

/** Voxels a side that a volume may have. */
export const LARGEST_SIDE = 2048;

/** How much longer than its shortest side a voxel may be. */
export const LONGEST_VOXEL = 1000;

/** Pixels a side that an image may have: beyond, neighbouring rays are one in float32. */
export const LARGEST_IMAGE = 2 ** 24;

/** Throws `RangeError` unless sizes, spacing and bytes of a volume fit each other. */
export function checkVolume({ size, spacing, channels, data }: RayVolume): void {
  for (const side of size) {
    check(Number.isInteger(side) && side >= 1 && side <= LARGEST_SIDE, () => {
      return `a volume has 1…${LARGEST_SIDE} voxels a side, got ${size.join(" × ")}`;
    });
  }
  check(channels === 1 || channels === 4, () => `a voxel has 1 or 4 bytes, got ${channels}`);
  const need = size[0] * size[1] * size[2] * channels;
  check(data.length === need, () => {
    return `${size.join(" × ")} voxels of ${channels} bytes are ${need} bytes, got ${data.length}`;
  });
  const ratio = Math.max(...spacing) / Math.min(...spacing);
  check(
    spacing.every((side) => side > 0 && Number.isFinite(side)) && ratio <= LONGEST_VOXEL,
    () => {
      return `sides of a voxel must be above 0 and at most ${LONGEST_VOXEL} to 1, got ${
        spacing.join(" × ")
      }`;
    },
  );
}

/** Throws `RangeError` unless every number of a view is finite and in its range. */
export function checkView(view: RayView): void {
  const { camera, viewport, transfer, step = 1, level = 0.5, slice } = view;
  check(rayModes.includes(view.mode), () => `mode must be of ${rayModes}, got ${view.mode}`);
  within("yaw", camera.yaw, -1e6, 1e6);
  within("pitch", camera.pitch, -1e6, 1e6);
  within("fov", camera.fov, 0, 120);
  check(camera.fov === 0 || camera.fov >= 0.5, () => `fov must be 0 or 0.5…120, got ${camera.fov}`);
  if (camera.distance !== undefined) within("distance", camera.distance, 0, 1000);
  check(camera.fov > 0 || camera.distance !== 0, () => "distance must be above 0 where fov is 0");
  within("step", step, 1 / 16, 8);
  within("level", level, 0, 1);
  if (slice) {
    check([0, 1, 2].includes(slice.axis), () => `slice: axis must be 0, 1 or 2, got ${slice.axis}`);
    within("slice: position", slice.position, 0, 1);
  }
  check(transfer.length === 1024, () => {
    return `a transfer function has 256 entries of 4 numbers, got ${transfer.length} numbers`;
  });
  check(transfer.every((x) => x >= 0 && x <= 1), () => {
    const at = transfer.findIndex((x) => !(x >= 0 && x <= 1));
    return `a transfer function's numbers are 0…1, got ${transfer[at]} in entry ${at >> 2}`;
  });
  checkViewport(viewport);
}

function checkViewport({ size, x, y, width, height }: RayView["viewport"]): void {
  check(size >= 1 && size <= LARGEST_IMAGE && Number.isInteger(size), () => {
    return `an image's side must be a whole number up to ${LARGEST_IMAGE}, got ${size}`;
  });
  const whole = [x, y, width, height].every((n) => Number.isInteger(n) && n >= 0);
  check(whole && x + width <= size && y + height <= size, () => {
    return `${width} × ${height} pixels at (${x}, ${y}) asked of an image of ${size} × ${size}`;
  });
  check(width * height <= 2 ** 24, () => {
    return `at most ${2 ** 24} pixels at a time, got ${width} × ${height}`;
  });
}

function within(name: string, value: number, low: number, high: number): void {
  check(value >= low && value <= high, () => `${name} must be ${low}…${high}, got ${value}`);
}

function check(holds: boolean, message: () => string): asserts holds {
  if (!holds) throw new RangeError(`raymarch: ${message()}`);
}
