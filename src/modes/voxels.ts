import { normOf } from "../analysis/scale.ts";
import { BadRequest } from "../errors.ts";
import { LARGEST_SIDE, LONGEST_VOXEL } from "../compute/ray/bounds.ts";
import { coarseSides, type Sides } from "../field/volume/coarse.ts";
import { axesOf, TILE } from "../field/plane.ts";
import { DIRECTED } from "../field/volume/directions.ts";
import { elementOf, type Volume } from "../field/volume.ts";
import { palette } from "./colour.ts";
import type { Facts, Legend, Options } from "./mode.ts";
import type { VoxelMode } from "./solid_mode.ts";
import { normalizationParameters, special, stops } from "./normalize.ts";
import { parseVolumeAxes } from "./options.ts";
import { stackedIn } from "./stack_legend.ts";
import { lookOf, opacityOf, pointsOf } from "./voxel_look.ts";
import { voxelParameters } from "./voxel_parameters.ts";
import { tintOf } from "./weights.ts";

/** Bytes of a volume that rays march through, at most. */
export const MOST = 1 << 24;
/** Zoom levels: the image of the last is 32,768 pixels wide. */
const ZOOMS = 7;
/** The least angle of view of a perspective, in degrees. */
const LEAST = 0.5;
/** How much longer than its shortest side a box is drawn, where it is stretched. */
const OBLONG = 3;

/** The layer's 3-D grid as a body that rays march through. */
export const voxels: VoxelMode = {
  solid: "voxels",
  name: "voxels",
  title: "Volume",
  about: "The layer's 3-D grid, seen from outside; zoomed in, finer voxels of it.",
  overzoom: 0,
  cells: false,
  parameters: voxelParameters,
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

  needsChannels: ({ colour }, volume) =>
    colour === "direction" && haveChannels(volume) ? "norms" : "none",
  weights: (options, facts, volume, deep) =>
    options.colour === "direction" ? weightsOf(facts, volume, deep) : null,

  fills: [
    "axes",
    "stack",
    "colour",
    "colormap",
    ...normalizationParameters.map(({ name }) => name),
  ],
  dresses: ["colormap_reverse", "stretch"],

  levelAt(options, volume, z, most = MOST) {
    const bytes = options.colour === "direction" ? DIRECTED : 1;
    const pixels = Math.min(LARGEST_SIDE, TILE * 2 ** Math.max(0, z));
    const log2 = [volume.width, volume.height, volume.depth].map((side) =>
      Math.max(0, Math.ceil(Math.log2(side / pixels)))
    ) as [number, number, number];
    for (;;) {
      const sides = coarseSides(volume, log2);
      if (bytes * voxelsIn(sides) <= most) return log2;
      log2[sides.indexOf(Math.max(...sides))]!++;
    }
  },

  tint: (options, { scale }) => tintOf(options, scale),

  legend(options, { scale }, volume): Legend {
    const normal = tintOf(options, scale);
    const shown = options.render === "composite" || options.render === "cubes"
      ? `; opacity ${options.points === null ? opacityOf(options) : `by ${options.points}`}`
      : "";
    return {
      title: "Volume",
      style: "scientific",
      normalization: options.colour === "direction"
        ? `brightness |${normal.about}|, hue the gradient's angle in a slice, opacity × ${
          haveChannels(volume) ? "channel norm" : "norm of the tensor"
        }${stackedIn(volume)}`
        : `${normal.about}${shown}${stackedIn(volume)}`,
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
    const spacing = sides.map((side, i) => Math.max(extents[i]!, least) / side);
    // One less: the quotient that is checked is rounded.
    const thinnest = Math.max(...spacing) / (LONGEST_VOXEL - 1);
    return spacing.map((length) => Math.max(length, thinnest)) as unknown as Sides;
  },

  look: (options, viewport) =>
    lookOf(options, palette(String(options.colormap), Boolean(options.colormap_reverse)), viewport),
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

/**
 * Weights of slices of 2^`deep` cells, as bytes: the norm of what the one in the middle holds, by the
 * largest. That is an output channel where these run through the tensor, else all of the tensor.
 */
function weightsOf(facts: readonly Facts[], volume: Volume, deep: number): Uint8Array {
  const byChannel = haveChannels(volume);
  const norms = facts.map(({ channels, scale }) =>
    byChannel && channels ? channels.norms : [normOf(scale)]
  );
  const largest = Math.max(...norms.map((of) => Math.max(...of)));
  const weights = new Uint8Array(Math.ceil(volume.depth / 2 ** deep)).fill(255);
  if (!(largest > 0)) return weights;
  return weights.map((_, z) => {
    const middle = Math.min(volume.depth - 1, Math.floor((z + 0.5) * 2 ** deep));
    const { tensor, channel } = channelAt(volume, middle);
    const of = norms[tensor]!;
    return Math.round(255 * (of[channel] ?? of[0]!) / largest);
  });
}

/** Whether output channels run through the volume, or through each tensor of a stack. */
function haveChannels(volume: Volume): boolean {
  const slices = volume.depth / volume.planes.length;
  return slices > 1 && channelAt(volume, 0).channel !== channelAt(volume, slices - 1).channel;
}

/** Which tensor's output channel a slice begins with. */
function channelAt(volume: Volume, z: number): { tensor: number; channel: number } {
  const { tensor, index } = elementOf(volume, 0, 0, z) ?? { tensor: 0, index: [] };
  const [output = 0] = axesOf(volume.planes[tensor]!.tensor);
  return { tensor, channel: index[output] ?? 0 };
}

const voxelsIn = (sides: Sides): number => sides.reduce((product, side) => product * side, 1);
