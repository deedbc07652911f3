import { axesOf, channelOf, indexOf, type Plane } from "../field/plane.ts";
import type { Facts } from "./mode.ts";

/** s_c / max(s_c) of the channel that a row of cells belongs to. */
export function channelFactor({ channels }: Facts, plane: Plane): (row: number) => number {
  if (!channels) return () => 1;
  const { norms } = channels;
  const largest = norms.reduce((most, norm) => Math.max(most, norm), 0) || 1;
  return (row) => norms[channelOf(plane, Math.max(0, Math.min(row, plane.height - 1)))]! / largest;
}

/** What the dominant singular component contributes to a cell, as a magnitude; 0 where it is not known. */
export function spectralWeight(
  { channels }: Facts,
  plane: Plane,
): (x: number, y: number) => number {
  const dominant = channels?.dominant;
  if (!dominant) return () => 0;
  const { shape } = plane.tensor;
  const [output = 0, ...others] = axesOf(plane.tensor);
  return (x, y) => {
    const index = indexOf(plane, x, y);
    if (!index) return 0;
    const column = others.reduce((at, axis) => at * shape[axis]! + index[axis]!, 0);
    return Math.abs(dominant.left[index[output]!]! * dominant.right[column]!);
  };
}
