import { colourParameters } from "./colour_parameters.ts";
import { rayModes } from "../compute/ray/ops.ts";
import type { Parameter } from "./mode.ts";
import { normalizationParameters } from "./normalize.ts";
import { opacities } from "./opacity.ts";
import { volumeParameters } from "./volume_parameters.ts";

const angle = (name: string, title: string, about: string, value: number): Parameter => ({
  ...{ name, title, about, type: "number", default: value, minimum: -360, maximum: 360 },
  unit: "°",
});

const turntable = { step: 3, pace: 20, from: -180, to: 180, wraps: true };

/** What can be asked of a volume. */
export const voxelParameters: readonly Parameter[] = [
  {
    name: "render",
    title: "Shown",
    about:
      "composite: all along a ray, by its opacity; maximum: its largest value; iso: the surface " +
      "at a level; cubes: the first voxels that are not transparent.",
    type: "choice",
    default: "composite",
    choices: rayModes,
  },
  {
    ...angle("yaw", "Turn", "How far the camera has gone around, to the right.", 35),
    ...{ turns: "across", plays: turntable },
  },
  { ...angle("pitch", "Tilt", "How far the camera has gone up.", 25), turns: "down" },
  {
    ...{ name: "fov", title: "Field of view", about: "Of the camera; 0 is without perspective." },
    ...{ type: "number", default: 30, minimum: 0, maximum: 120, unit: "°" },
  },
  {
    ...{ name: "distance", title: "Distance" },
    about: "From the centre, in radii of the box around all; as far as it takes to see all of it " +
      "unless given.",
    ...{ type: "number", default: null, minimum: 0, maximum: 1000 },
  },
  {
    name: "colour",
    title: "Colour by",
    about:
      "value: the ramp's colours; direction: brightness by magnitude, hue by where the gradient " +
      "points within a slice, opacity by magnitude and the channel's norm.",
    type: "choice",
    default: "value",
    choices: ["value", "direction"],
  },
  {
    name: "opacity",
    title: "Opacity",
    about:
      "ends: what is far from the middle of the ramp; rise: what is high; fall: what is low; " +
      "haze: all alike. Of directions ends is rise, since magnitudes have one end.",
    type: "choice",
    default: "ends",
    choices: Object.keys(opacities),
  },
  {
    ...{ name: "points", title: "Opacity points", type: "points", default: null },
    about: "The same as pairs place:opacity along the ramp, such as 0:0.3,0.5:0,1:0.3.",
  },
  {
    ...{ name: "density", title: "Density", about: "Factor of all opacities." },
    ...{ type: "number", default: 1, minimum: 0.001, maximum: 1000 },
  },
  {
    ...{ name: "shading", title: "Light", type: "boolean", default: true },
    about: "Lights the composite by its gradient.",
  },
  {
    ...{ name: "level", title: "Surface", about: "Of iso: a place on the ramp." },
    ...{ type: "number", default: 0.75, minimum: 0, maximum: 1 },
  },
  {
    ...{ name: "axis", title: "Cut across", about: "The axis that the volume is cut across." },
    ...{ type: "choice", default: "none", choices: ["none", "x", "y", "z"] },
  },
  {
    ...{ name: "slice", title: "Cut at", about: "Where: what lies before it is gone." },
    ...{ type: "number", default: 0.5, minimum: 0, maximum: 1 },
    plays: { step: 0.01, pace: 20, along: "axis", except: "none" },
  },
  {
    name: "stretch",
    title: "Stretch",
    about: "Stretches a long or flat volume, so that no side is more than three times another.",
    type: "boolean",
    default: true,
  },
  ...volumeParameters,
  ...colourParameters("ember-ice"),
  ...normalizationParameters,
];
