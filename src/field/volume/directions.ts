/** Bytes of a voxel that has a direction. */
export const DIRECTED = 4;

/**
 * Voxels of a slice with their direction, of four bytes each: `magnitudes`, the angle of the gradient
 * within the slice as a hue (256 steps once around, 0 along x, 64 along y), the slice's weight, and
 * 255 where there is a finite value. The gradient is the central difference, one-sided at the sides and next
 * to values that are not there.
 */
export function directed(
  means: Float32Array,
  magnitudes: Uint8Array,
  across: number,
  weight: number,
  into: Uint8Array,
): void {
  const down = means.length / across;
  for (let i = 0, y = 0; y < down; y++) {
    for (let x = 0; x < across; x++, i++) {
      const value = means[i]!;
      if (!Number.isFinite(value)) {
        into.fill(0, DIRECTED * i, DIRECTED * i + DIRECTED);
        continue;
      }
      const at = (inside: boolean, step: number) => {
        const other = inside ? means[i + step]! : NaN;
        return Number.isFinite(other) ? other : value;
      };
      const dx = at(x + 1 < across, 1) - at(x > 0, -1);
      const dy = at(y + 1 < down, across) - at(y > 0, -across);
      const hue = Math.round(Math.atan2(dy, dx) / (2 * Math.PI) * 256) & 255;
      into.set([magnitudes[i]!, hue, weight, 255], DIRECTED * i);
    }
  }
}
