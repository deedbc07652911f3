import type { Rays, Viewport } from "./camera.ts";
import type { Triple } from "./ops.ts";

/**
 * Where points (x, y, z), in voxels, lie within `radius`, in units of the smallest side of a voxel, of what
 * rays may come by: those from one x to the other, none where the first is larger.
 */
export type Seen = (y: number, z: number, radius: number) => [from: number, to: number];

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
  return (y, z, radius) => {
    let from = -Infinity, to = Infinity;
    for (const [[i, j, k], distance] of planes) {
      const room = distance + radius - j * y - k * z;
      if (i > 0) to = Math.min(to, room / i);
      else if (i < 0) from = Math.max(from, room / i);
      else if (room < 0) to = -Infinity;
    }
    return [from, to];
  };
}

/** The plane of rays at a place along a side of the image: normal, towards `sign`, and distance. */
function plane(
  { perspective, forward, origin, spacing }: Rays,
  side: Triple,
  place: number,
  sign: 1 | -1,
): [normal: Triple, distance: number] {
  const square = side[0] ** 2 + side[1] ** 2 + side[2] ** 2;
  const along = side.map((x, i) => x / square - (perspective ? place * forward[i]! : 0));
  const scale = sign / Math.hypot(...along);
  const normal = along.map((x, i) => x * scale * spacing[i]!) as unknown as Triple;
  const distance = normal.reduce((sum, x, i) => sum + x * origin[i]!, 0);
  return [normal, distance + (perspective ? 0 : place * scale)];
}
