import { placeOf, type Volume } from "../field/volume.ts";

/** What a legend says of a stack, after the rest; of slice z of it, where one is meant. */
export function stackedIn(volume: Volume, z?: number): string {
  const { planes } = volume, nameOf = (tensor: number) => planes[tensor]!.tensor.name;
  if (planes.length < 2) return "";
  const all = `${planes.length} layers, z from ${nameOf(0)} to ${nameOf(planes.length - 1)}`;
  return z === undefined
    ? `; ${all}`
    : `; slice of ${nameOf(placeOf(volume, z).tensor)}, of ${all}`;
}
