import { BadRequest } from "../errors.ts";
import { fitting } from "../compute/ray/camera.ts";
import { type RayMode, rayModes, type RayView } from "../compute/ray/ops.ts";
import { coarseSides, type Sides } from "../field/volume/coarse.ts";
import { TILE } from "../field/plane.ts";
import { colormaps } from "./colormaps.ts";
import type { Legend, Options, Parameter, VoxelMode } from "./mode.ts";
import { normalizationParameters, special, stops } from "./normalize.ts";
import { opacities, type OpacityName, parsePoints, transferOf } from "./opacity.ts";
import { parseVolumeAxes } from "./options.ts";
import { tintOf } from "./weights.ts";

/** Voxels of a volume that rays march through, at most. */
const MOST = 1 << 24;
/** Zoom levels: the image of the last is 32,768 pixels wide. */
const ZOOMS = 7;
/** The least angle of view of a perspective, in degrees. */
const LEAST = 0.5;
/** How much longer than its shortest side a box is drawn, where it is stretched. */
const OBLONG = 3;

const angle = (name: string, title: string, about: string, value: number): Parameter => ({
  ...{ name, title, about, type: "number", default: value, minimum: -360, maximum: 360 },
  unit: "°",
});

const parameters: readonly Parameter[] = [
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
  angle("yaw", "Turn", "How far the camera has gone around, to the right.", 35),
  angle("pitch", "Tilt", "How far the camera has gone up.", 25),
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
    name: "opacity",
    title: "Opacity",
    about:
      "ends: what is far from the middle of the ramp; rise: what is high; fall: what is low; " +
      "haze: all alike.",
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
  },
  {
    name: "stretch",
    title: "Stretch",
    about: "Stretches a long or flat volume, so that no side is more than three times another.",
    type: "boolean",
    default: true,
  },
  {
    name: "axes",
    title: "Axes",
    about: "Tensor axes across, down and through, outermost first, such as 3|1,2|0.",
    type: "axes3",
    default: null,
  },
  {
    name: "colormap",
    title: "Colours",
    about: "Diverging maps show sign, with zero at the middle; sequential ones size.",
    type: "choice",
    default: "ember-ice",
    choices: colormaps.map(({ name }) => name),
  },
  {
    name: "colormap_reverse",
    title: "Reverse colours",
    about: "Turns the colour map round.",
    type: "boolean",
    default: false,
  },
  ...normalizationParameters,
];

/** The layer's 3-D grid as a body that rays march through. */
export const voxels: VoxelMode = {
  solid: "voxels",
  name: "voxels",
  title: "Volume",
  about: "The layer's 3-D grid, seen from outside; zoomed in, finer voxels of it.",
  overzoom: 0,
  cells: false,
  parameters,
  transparent: () => true,

  missing: ({ main }) => main.shape.includes(0) ? "elements: this tensor has none" : null,
  axes: (options) => parseVolumeAxes(options.axes),

  extent(options) {
    // Checked when the view is opened, not when its first tile is drawn.
    pointsOf(options);
    checkCamera(options);
    const side = TILE * 2 ** ZOOMS;
    return { width: side, height: side };
  },

  levelAt(volume, z) {
    const pixels = TILE * 2 ** Math.max(0, z);
    const log2 = [volume.width, volume.height, volume.depth].map((side) =>
      Math.max(0, Math.ceil(Math.log2(side / pixels)))
    ) as [number, number, number];
    for (;;) {
      const sides = coarseSides(volume, log2);
      if (voxelsIn(sides) <= MOST) return log2;
      log2[sides.indexOf(Math.max(...sides))]!++;
    }
  },

  tint: (options, { scale }) => tintOf(options, scale),

  legend(options, { scale }): Legend {
    const normal = tintOf(options, scale);
    const shown = options.render === "composite" || options.render === "cubes"
      ? `; opacity ${options.points === null ? options.opacity : `by ${options.points}`}`
      : "";
    return {
      title: "Volume",
      style: "scientific",
      normalization: `${normal.about}${shown}`,
      ramp: {
        colormap: String(options.colormap),
        reverse: Boolean(options.colormap_reverse),
        stops: stops(normal),
      },
      special: special(scale),
    };
  },

  spacing: ({ stretch }, volume, sides) => {
    const extents = [volume.width, volume.height, volume.depth];
    const least = stretch ? Math.max(...extents) / OBLONG : 0;
    return sides.map((side, i) => Math.max(extents[i]!, least) / side) as unknown as Sides;
  },

  look(options, viewport): RayView {
    const { yaw, pitch, fov, distance, colormap, colormap_reverse, density, axis, slice } = options;
    const camera = {
      ...{ yaw: Number(yaw), pitch: Number(pitch), fov: Number(fov) },
      distance: distance === null ? fitting(Number(fov)) : Number(distance),
    };
    return {
      ...{ mode: options.render as RayMode, camera, viewport },
      transfer: transferOf(
        String(colormap),
        Boolean(colormap_reverse),
        pointsOf(options),
        Number(density),
      ),
      level: Number(options.level),
      shading: Boolean(options.shading),
      ...(axis === "none"
        ? {}
        : { slice: { axis: "xyz".indexOf(String(axis)) as 0 | 1 | 2, position: Number(slice) } }),
    };
  },
};

/** Throws `BadRequest` for a camera that no ray can leave. */
function checkCamera({ fov, distance }: Options): void {
  if (Number(fov) > 0 && Number(fov) < LEAST) {
    throw new BadRequest(`fov=${fov} is neither 0 nor from ${LEAST} to 120`, {
      ...{ parameter: "fov", found: fov ?? null, minimum: LEAST, maximum: 120 },
    });
  }
  if (fov === 0 && distance === 0) {
    throw new BadRequest("distance=0 shows nothing without perspective: it must be above 0", {
      ...{ parameter: "distance", found: 0 },
    });
  }
}

const voxelsIn = (sides: Sides): number => sides.reduce((product, side) => product * side, 1);

const pointsOf = ({ points, opacity }: Options) =>
  typeof points === "string" ? parsePoints(points) : opacities[opacity as OpacityName];
