import { colourParameters } from "./colour_parameters.ts";
import { BadRequest } from "../errors.ts";
import type { Axis } from "../field/octree/slice.ts";
import type { Volume } from "../field/volume.ts";
import type { Legend, Option, Options, Parameter, Picture } from "./mode.ts";
import type { OctreeMode } from "./solid_mode.ts";
import { normalizationParameters, short, special, stops } from "./normalize.ts";
import { parseVolumeAxes } from "./options.ts";
import { edgesOf, sliced, spread } from "./slice_pixels.ts";
import { stackedIn } from "./stack_legend.ts";
import { volumeParameters } from "./volume_parameters.ts";
import { tintOf } from "./weights.ts";

/** Cells of a volume, across, down and through. */
type Extents = Pick<Volume, "width" | "height" | "depth">;

/** What octrees are merged by, and how the grid is folded. */
const mergeParameters: readonly Parameter[] = [
  {
    name: "epsilon",
    title: "Merge within",
    about: "ε: eight neighbours become one where all their cells differ by less.",
    type: "number",
    default: 4,
    minimum: 1e-6,
    maximum: 1e6,
    unit: "s",
  },
  {
    name: "tau",
    title: "Variance below",
    about: "τ: and where their variance is less; without it ε alone counts.",
    type: "number",
    default: null,
    minimum: 1e-12,
    maximum: 1e12,
    unit: "s²",
  },
  {
    name: "kappa",
    title: "Density",
    about: "κ: large values are kept finer, by ε / (1 + κρ), ρ being their share of the largest.",
    type: "number",
    default: 0,
    minimum: 0,
    maximum: 1e6,
  },
  ...volumeParameters,
];

/** Slices of the octree that a layer's 3-D grid is merged into. */
export const octree: OctreeMode = {
  solid: "octree",
  name: "octree",
  title: "Octree",
  about:
    "A slice of the layer's 3-D grid, whose cells are merged into cubes where they are alike; " +
    "one flat colour a cube.",
  overzoom: 5,
  parameters: [
    {
      name: "axis",
      title: "Slice across",
      about: "The axis that slices lie across.",
      type: "choice",
      default: "z",
      choices: ["x", "y", "z"],
      refolds: true,
    },
    {
      name: "slice",
      title: "Slice",
      about: "Which slice, from 0 on; the middle one unless given.",
      type: "integer",
      default: null,
      minimum: 0,
      plays: { step: 1, pace: 8, along: "axis" },
    },
    ...mergeParameters,
    {
      name: "edges",
      title: "Edges",
      about: "Draws the edges of cubes that are wide enough.",
      type: "boolean",
      default: true,
    },
    ...colourParameters(),
    ...normalizationParameters,
  ],

  missing: ({ main }) => main.shape.includes(0) ? "elements: this tensor has none" : null,
  axes: (options) => parseVolumeAxes(options.axes),

  extent(options, volume) {
    sliceOf(options, volume);
    const [width, height] = sidesOf(options, volume);
    return { width, height };
  },

  ranges({ axis }, volume) {
    const count = slicesOf(axis, volume);
    return { slice: { minimum: 0, maximum: count - 1, default: Math.floor(count / 2) } };
  },

  cellAt(options, volume, x, y) {
    const at = sliceOf(options, volume);
    const { axis } = options;
    return axis === "x" ? [at, x, y] : axis === "y" ? [x, at, y] : [x, y, at];
  },

  rule({ epsilon, tau, kappa }, { robust, min, max }) {
    const s = robust || 1, largest = Math.max(Math.abs(min), Math.abs(max));
    return {
      epsilon: Number(epsilon) * s,
      ...(tau === null ? {} : { tau: Number(tau) * s * s }),
      kappa: Number(kappa),
      largest: Number.isFinite(largest) ? largest : 0,
    };
  },

  legend(options, { scale }, volume): Legend {
    const normal = tintOf(options, scale);
    const { epsilon, kappa } = options;
    const merged = `cells within ${short(Number(epsilon))}·s${
      kappa === 0 ? "" : ` / (1 + ${short(Number(kappa))}·ρ)`
    } are one`;
    const at = sliceOf(options, volume);
    const stacked = stackedIn(volume, options.axis === "z" ? at : undefined);
    return {
      title: `Mean of a cube, slice ${options.axis} = ${at}`,
      style: "scientific",
      normalization: `${normal.about}; ${merged}, s = ${short(scale.robust || 1)}${stacked}`,
      ramp: {
        colormap: String(options.colormap),
        reverse: Boolean(options.colormap_reverse),
        stops: stops(normal),
      },
      special: special(scale),
    };
  },

  prepare(options, scale, [width, height, depth]) {
    const { shade, clamp } = tintOf(options, scale);
    const looks = {
      ...{ shade, clamp, colormap: String(options.colormap) },
      reverse: Boolean(options.colormap_reverse),
    };
    const at = { axis: options.axis as Axis, index: sliceOf(options, { width, height, depth }) };
    return (octree, window, ops): Picture => {
      const { means, levels } = sliced(octree, window, at);
      return {
        kind: "scalar",
        values: spread(means, window, ops),
        ...looks,
        ...(options.edges ? { lines: edgesOf(levels, window) } : {}),
      };
    };
  },
};

/** Cells across and down of a slice. */
function sidesOf({ axis }: Options, { width, height, depth }: Volume): [number, number] {
  return axis === "x" ? [height, depth] : axis === "y" ? [width, depth] : [width, height];
}

const slicesOf = (axis: Option | undefined, { width, height, depth }: Extents): number =>
  axis === "x" ? width : axis === "y" ? height : depth;

/** Which slice the options mean. Throws `BadRequest` where there is none. */
function sliceOf({ axis, slice }: Options, volume: Extents): number {
  const count = slicesOf(axis, volume);
  if (slice === null) return Math.floor(count / 2);
  if (Number(slice) < count) return Number(slice);
  throw new BadRequest(`slice=${slice} is beyond the ${count} slices across ${axis}`, {
    parameter: "slice",
    found: slice ?? null,
    minimum: 0,
    maximum: count - 1,
  });
}
