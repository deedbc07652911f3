import type { Rays, Viewport } from "./camera.ts";
import type { Triple } from "./ops.ts";

/** Whether some ray may come within `radius`, in units of the smallest side of a voxel, of a point, in voxels. */
export type Seen = (x: number, y: number, z: number, radius: number) => boolean;

/**
 * What the rays of a rectangle may come by: what is not wholly beyond one of the four planes through its
 * outermost rows and columns of pixels.
 */
export function seenFrom(rays: Rays, { size, x, y, width, height }: Viewport): Seen {
  const place = (pixel: number) => (2 * pixel + 1 - size) / size;
  const planes = [
    plane(rays, rays.across, place(x), -1),
    plane(rays, rays.across, place(x + width - 1), 1),
    plane(rays, rays.down, place(y), -1),
    plane(rays, rays.down, place(y + height - 1), 1),
  ];
  return (x, y, z, radius) =>
    planes.every(([[i, j, k], from]) => i * x + j * y + k * z - from <= radius);
}

/** The plane of rays at a place along a side of the image: normal, towards `sign`, and distance. */
function plane(
  { perspective, forward, origin, spacing }: Rays,
  side: Triple,
  place: number,
  sign: 1 | -1,
): [normal: Triple, from: number] {
  const square = side[0] ** 2 + side[1] ** 2 + side[2] ** 2;
  const along = side.map((x, i) => x / square - (perspective ? place * forward[i]! : 0));
  const scale = sign / Math.hypot(...along);
  const normal = along.map((x, i) => x * scale * spacing[i]!) as unknown as Triple;
  const from = normal.reduce((sum, x, i) => sum + x * origin[i]!, 0);
  return [normal, from + (perspective ? 0 : place * scale)];
}
