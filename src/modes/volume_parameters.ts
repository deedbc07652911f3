import { placeOf, type Volume } from "../field/volume.ts";
import type { Parameter } from "./mode.ts";

/** How tensors become a 3-D grid. */
export const volumeParameters: readonly Parameter[] = [
  {
    name: "axes",
    title: "Axes",
    about: "Tensor axes across, down and through, outermost first, such as 3|1,2|0.",
    type: "axes3",
    default: null,
    refolds: true,
  },
  {
    name: "stack",
    title: "Stack",
    about:
      "blocks: the same layer of each repeated block, one behind the other, so that the third " +
      "axis is depth through the network; or names of layers of one shape, with commas between.",
    type: "layers",
    default: null,
    choices: ["blocks"],
    refolds: true,
  },
];

/** What a legend says of a stack, after the rest; of slice z of it, where one is meant. */
export function stackedIn(volume: Volume, z?: number): string {
  const { planes } = volume, nameOf = (tensor: number) => planes[tensor]!.tensor.name;
  if (planes.length < 2) return "";
  const all = `${planes.length} layers, z from ${nameOf(0)} to ${nameOf(planes.length - 1)}`;
  return z === undefined
    ? `; ${all}`
    : `; slice of ${nameOf(placeOf(volume, z).tensor)}, of ${all}`;
}
