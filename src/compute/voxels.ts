import type { VoxelTarget } from "./ops.ts";

/** Copies voxels to where no memory is shared: as few runs as they lie in, rows otherwise. */
export function copyVoxels(
  from: VoxelTarget,
  to: VoxelTarget,
  width: number,
  height: number,
  depth: number,
): void {
  if (width !== from.pitch || width !== to.pitch) return copyRows(from, to, width, height, depth);
  const layer = width * height;
  if (layer === from.layer && layer === to.layer) copyRows(from, to, layer * depth, 1, 1);
  else copyRows(from, to, layer, 1, depth);
}

function copyRows(
  from: VoxelTarget,
  to: VoxelTarget,
  width: number,
  height: number,
  depth: number,
): void {
  for (let z = 0; z < depth; z++) {
    let source = from.start + z * from.layer, target = to.start + z * to.layer;
    for (let y = 0; y < height; y++, source += from.pitch, target += to.pitch) {
      to.values.set(from.values.subarray(source, source + width), target);
    }
  }
}
