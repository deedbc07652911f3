import type { Recipe } from "../analysis/derive/recipe.ts";
import { axesOf } from "../field/plane.ts";
import type { TensorInfo } from "../formats/format.ts";
import { colourParameters } from "./colour_parameters.ts";
import type { Legend, Mode, Options, WholeMode } from "./mode.ts";
import {
  type Normalization,
  normalization,
  normalizationParameters,
  shadeTo,
  short,
  special,
  unshade,
} from "./normalize.ts";
import { drawRelief, groundOf, type Height, reliefParameters } from "./relief.ts";
import { blocks } from "./weights.ts";

/** Norms have no sign: what fits them where it is not asked otherwise. */
const usual: Readonly<Record<string, unknown>> = { normalize: "minmax", clip: 0.002 };

/** Cells on the legend's ramp. */
const STOPS = 33;

/** Weight norms of a layer as a relief: a cell for each channel or kernel. */
export const norms: Mode = {
  name: "norms",
  title: "Norms",
  about:
    "How large weights are, as a relief: a cell is the norm of a convolution's kernel, or of a " +
    "channel; further out, means of blocks.",
  overzoom: 6,
  parameters: [
    {
      name: "by",
      title: "Norms of",
      about: "kernels: a convolution's one by one, of all else the output channels; outputs, " +
        "inputs: the channels of all.",
      type: "choice",
      default: "kernels",
      places: true,
      choices: ["kernels", "outputs", "inputs"],
    },
    {
      name: "height",
      title: "Heights",
      about: "norm: as they are; relative: divided by the root mean square of their layer's.",
      type: "choice",
      default: "norm",
      choices: ["norm", "relative"],
    },
    ...colourParameters("hypsometric"),
    ...normalizationParameters.map((parameter) => ({
      ...parameter,
      default: (usual[parameter.name] ?? parameter.default) as typeof parameter.default,
    })),
    ...reliefParameters,
  ],

  missing({ main: { shape } }) {
    if (!isMatrix(shape)) return "two axes or more: norms of single values are their magnitudes";
    return shape.includes(0) ? "elements: this tensor has none" : null;
  },
  part(options, tensor, make) {
    const recipe = recipeOf(options, tensor);
    const of = recipe.along.length > 1 ? "kernels" : options.by === "inputs" ? "inputs" : "outputs";
    const relative = recipe.relative ? ", relative" : "";
    const name = `${tensor.name}, norms of ${of}${relative}`;
    return { tensor: make(tensor, recipe, name), index: (own) => own };
  },
  axes: () => undefined,
  needsChannels: () => "none",

  legend(options, { scale }): Legend {
    const normal = normalization(options, scale, false);
    const ratio = options.height === "relative" ? " / their layer's root mean square" : "";
    return {
      title: `${titles[String(options.by)]}${ratio}`,
      style: "scientific",
      normalization: `${normal.about}; ${shading(options)}`,
      ramp: {
        colormap: String(options.colormap),
        reverse: Boolean(options.colormap_reverse),
        stops: stopsOf(normal),
      },
      special: special(scale).filter(({ name }) => name !== "−∞"),
    };
  },

  prepare(options, { scale }) {
    const ground = groundOf(options, heightOf(normalization(options, scale, false)));
    return (canvas) => drawRelief(canvas, ground, (cells) => blocks(cells));
  },
};

/** Those of all layers: relative ones, unless it is asked otherwise, since layers differ too much. */
export const landscape: WholeMode = {
  ...norms,
  about:
    "How large the weights of all layers are, as a relief: a cell is the norm of a convolution's " +
    "kernel, or of a channel; further out, means of blocks.",
  costly: true,
  // What is drawn of what is made does not depend on it.
  parameters: norms.parameters.map((parameter) =>
    parameter.name === "height" ? { ...parameter, default: "relative" } : parameter
  ),
  shows: ({ kind }, { shape }) => kind !== "optimizer" && isMatrix(shape) && !shape.includes(0),
  needs: "a layer of two axes or more",
  recipe: recipeOf,
  makes: ["by", "height"],
};

const titles: Readonly<Record<string, string>> = {
  kernels: "Norms of kernels and channels",
  outputs: "Norms of output channels",
  inputs: "Norms of input channels",
};

const isMatrix = (shape: readonly number[]) => shape.length >= 2;

/** Along which axes of a tensor norms are told apart: those of its channels, or one of them. */
function recipeOf({ by, height }: Options, tensor: TensorInfo): Recipe & { kind: "norms" } {
  const [output, input, ...space] = axesOf(tensor) as [number, number, ...number[]];
  const { shape } = tensor;
  const hasKernels = space.some((axis) => shape[axis]! > 1);
  let along = [by === "inputs" ? input : output];
  if (by === "kernels" && hasKernels) {
    // Where there is a single channel, the others in a row would be a line.
    const both = [output, input].filter((axis) => shape[axis]! > 1);
    along = both.length > 0 ? both : [output];
  }
  return { kind: "norms", along, relative: height === "relative" };
}

/** Heights on the whole ramp: what curves bend is 0 at its start, as norms are never negative. */
const heightOf = ({ shade, clamp }: Normalization): Height => (value) => {
  const x = clamp ? Math.max(clamp[0], Math.min(clamp[1], value)) : value;
  const to = shadeTo(shade, x);
  return Math.max(0, Math.min(1, shade.curve === "linear" ? (1 + to) / 2 : to));
};

function stopsOf(normal: Normalization): NonNullable<Legend["ramp"]>["stops"] {
  const height = heightOf(normal), { shade, clamp } = normal;
  const [from, to] = clamp ? clamp.map(height) as [number, number] : [0, 1];
  const inner = Array.from({ length: STOPS }, (_, i) => i / (STOPS - 1));
  const places = [from, ...inner.filter((at) => at > from && at < to), to];
  return places.map((at) => ({
    at,
    value: unshade(shade, shade.curve === "linear" ? 2 * at - 1 : at),
  }));
}

function shading({ shade, relief, azimuth, altitude }: Options): string {
  if (shade === 0 || relief === 0) return "not shaded";
  const light = `light from ${short(Number(azimuth))}°, ${short(Number(altitude))}° high`;
  return `shading shows slope, not height: ${light}, the ramp ${short(Number(relief))} px tall`;
}
