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
