import { type ColormapName, colormaps } from "./colormaps.ts";
import type { Parameter } from "./mode.ts";

/** The parameters that every mode with a colour ramp shares. */
export const colourParameters = (usual: ColormapName = "synaptile"): readonly Parameter[] => [
  {
    name: "colormap",
    title: "Colours",
    about: "Diverging maps show sign, with zero at the middle; sequential ones size.",
    type: "choice",
    default: usual,
    choices: colormaps.map(({ name }) => name),
  },
  {
    name: "colormap_reverse",
    title: "Reverse colours",
    about: "Turns the colour map round.",
    type: "boolean",
    default: false,
  },
];
