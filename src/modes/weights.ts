import { colourParameters } from "./colour_parameters.ts";
import { blended, blendParameters, blendTitle, isBlended } from "./blend.ts";
import { channelFactor, spectralWeight } from "./channel_factor.ts";
import { palette } from "./colour.ts";
import { comparisonParameters, fitting, isFixed, titleOf, withDefinition } from "./compared.ts";
import { colormaps } from "./colormaps.ts";
import { NEGATIVE_INFINITY, NOT_A_NUMBER, POSITIVE_INFINITY } from "../compute/ops.ts";
import type { Scale } from "../analysis/scale.ts";
import { meansFrom } from "../field/pyramid.ts";
import type { Canvas } from "../field/canvas.ts";
import type { Plane } from "../field/plane.ts";
import type { Facts, Legend, Mode, Options, Picture, Slopes } from "./mode.ts";
import {
  type Normalization,
  normalization,
  normalizationParameters,
  shadeTo,
  special,
  stops,
} from "./normalize.ts";
import { parseAxes } from "./options.ts";
import { type Colour, enlarge, type Neighbourhood, openCells, PRINTED } from "./overzoom.ts";

// Colour maps of microcells that do not show a value on the mode's own ramp.
const SPREAD = "purples", SLOPE = "oranges", SHARE = "greys";

/** The tensor's values: every parameter a pixel, further out the mean of a block. */
export const weights: Mode = {
  name: "weights",
  title: "Weights",
  about: "Every parameter a pixel; further out, the exact mean of each block.",
  overzoom: 6,
  gradient: "spatial",
  parameters: [
    ...colourParameters(),
    ...normalizationParameters,
    {
      name: "microcell",
      title: "Open cells",
      about: "Zoomed in past one pixel a cell: 1 keeps it closed; 2 opens it to mean, variance, " +
        "gradient and sign entropy of its neighbourhood, 3 to nine of them; auto opens at 16 pixels.",
      type: "choice",
      default: "auto",
      choices: ["auto", "1", "2", "3"],
    },
    {
      name: "axes",
      title: "Axes",
      about: "Tensor axes down and across, outermost first, such as 0,2|1,3.",
      type: "axes",
      default: null,
    },
    {
      name: "scientific",
      title: "Scientific",
      about: "Off: each row is scaled by its channel's norm against the largest.",
      type: "boolean",
      default: true,
    },
    ...blendParameters,
    ...comparisonParameters,
  ],

  missing: ({ main }) => main.shape.includes(0) ? "elements: this tensor has none" : null,
  axes: (options) => parseAxes(options.axes),
  needsScale: (options, log2) => !isFixed(options) || (log2 < 0 && sideOf(options, 2 ** -log2) > 1),
  needsChannels: ({ scientific, microcell }) =>
    microcell === "3" ? "dominant" : scientific === false ? "norms" : "none",

  legend: (options, facts, slopes) => legendOf(options, facts, "Weight", slopes),

  prepare(given, facts, plane) {
    const options = fitting(given);
    const normal = tintOf(options, facts.scale);
    const factor = options.scientific ? undefined : channelFactor(facts, plane);
    const looks = {
      shade: normal.shade,
      clamp: normal.clamp,
      colormap: String(options.colormap),
      reverse: Boolean(options.colormap_reverse),
    };
    const opening = cellPainter(options, facts, plane, normal);
    const draw = (canvas: Canvas) => blocks(canvas, factor);
    return (canvas): Picture => {
      if (canvas.log2 < 0) {
        const p = canvas.pixelsPerCell;
        const side = sideOf(options, p);
        const values = isBlended(options)
          ? enlarge(canvas, (cells) => blended(cells, options, draw))
          : enlarge(canvas);
        if (side === 1 && p < PRINTED) return { kind: "scalar", values, ...looks };
        const pixels = openCells(canvas, { ...opening, side });
        return { kind: "rgba", pixels, values };
      }
      return { kind: "scalar", values: blended(canvas, options, draw), ...looks };
    };
  },
};

/** The legend of a picture whose values are called so. */
export function legendOf(
  given: Options,
  { scale }: Facts,
  value: string,
  slopes: Slopes = "spatial",
): Legend {
  const options = fitting(given);
  const normal = tintOf(options, scale);
  const title = titleOf(options, value);
  return {
    title: options.scientific ? title : `${title} × channel norm / largest${blendTitle(options)}`,
    style: options.scientific ? "scientific" : "artistic",
    normalization: withDefinition(options, normal.about),
    ramp: {
      colormap: String(options.colormap),
      reverse: Boolean(options.colormap_reverse),
      stops: stops(normal),
    },
    special: special(scale),
    microcells: microcells(options, slopes),
  };
}

/** How the mode turns values of a layer into colours. */
export const tintOf = (options: Options, scale: Scale): Normalization =>
  normalization(options, scale, isDiverging(options));

const isDiverging = ({ colormap }: Options) =>
  colormaps.find(({ name }) => name === colormap)?.kind !== "sequential";

/** Into how many parts a side a cell is opened that is so many pixels wide. */
const sideOf = ({ microcell }: Options, pixels: number): 1 | 2 | 3 =>
  microcell === "auto" ? (pixels >= 16 ? 2 : 1) : Number(microcell) as 1 | 2 | 3;

/** One value a pixel: the cell, or its block's mean, times its channel's factor where there is one. */
export function blocks(canvas: Canvas, factor?: (row: number) => number): Float32Array {
  const { width, height, columns, log2, y, reader: { plane } } = canvas;
  if (log2 === 0 && !factor) return canvas.cells();
  const values = canvas.means(factor);
  if (!factor || log2 < meansFrom(plane)) return values;
  // The pyramid's blocks are aggregated already: the factor of a block's middle row comes close.
  for (let row = 0; row < height; row++) {
    const middle = Math.min((y + row + 0.5) * 2 ** log2, plane.height - 1);
    const scale = factor(Math.floor(middle));
    for (let x = row * columns; x < row * columns + width; x++) values[x]! *= scale;
  }
  return values;
}

/** What an opened cell's microcells show, row by row, each on a colour map of its own. */
function microcells(
  { microcell, colormap }: Options,
  slopes: Slopes,
): NonNullable<Legend["microcells"]> {
  const own = String(colormap);
  const four = [
    { name: "mean of 3 × 3 cells", colormap: own },
    { name: "variance: tanh(σ / s)", colormap: SPREAD },
    { name: ofSlopes[slopes], colormap: SLOPE },
    { name: "sign entropy, 0 to 1 bit", colormap: SHARE },
  ];
  if (microcell === "1") return [];
  if (microcell !== "3") return four;
  return [
    ...four,
    { name: "minimum", colormap: own },
    { name: "maximum", colormap: own },
    { name: "share of zeros", colormap: SHARE },
    { name: "channel norm / largest", colormap: SLOPE },
    { name: "dominant singular component: tanh(|σ₁u₁v₁| / s)", colormap: SPREAD },
  ];
}

/** Tenfold steps below the layer's scale that captured gradients are shown in: they span several. */
const DECADES = 4;
const ofDecades = `log₁₀(|dL/dW| / s), −${DECADES} to 0`;
const ofSlopes: Record<Slopes, string> = {
  spatial: "gradient: tanh(|∇| / s)",
  captured: `captured gradient: ${ofDecades}`,
  "spatial, captured": `gradient: tanh(|∇| / s), or, where captured, ${ofDecades}`,
};

/** A cell's gradient as a share of its ramp. */
function slopeOf({ gradient, isCaptured }: Neighbourhood, s: number): number {
  if (!isCaptured) return Math.tanh(gradient / s);
  return Math.max(0, Math.min(1, 1 + Math.log10(gradient / s) / DECADES));
}

/** Colours for the inside of a cell: the mean on the mode's own ramp, the rest on ramps of their own. */
function cellPainter(options: Options, facts: Facts, plane: Plane, normal: Normalization) {
  const ramp = palette(String(options.colormap), Boolean(options.colormap_reverse));
  const spread = palette(SPREAD), slope = palette(SLOPE), share = palette(SHARE);
  const s = facts.scale.robust || 1;
  const own = (value: number) => colourAt(ramp, position(value, normal));
  const level = (map: Uint8Array, t: number) =>
    colourAt(map, Number.isNaN(t) ? NOT_A_NUMBER : Math.round(250 * t));
  const factor = channelFactor(facts, plane);
  const spectral = spectralWeight(facts, plane);
  return {
    ground: own,
    microcells(cell: Neighbourhood, x: number, y: number): readonly Colour[] {
      const four = [
        own(cell.mean),
        level(spread, Math.tanh(Math.sqrt(cell.variance) / s)),
        level(slope, slopeOf(cell, s)),
        level(share, cell.entropy),
      ];
      if (options.microcell !== "3") return four;
      return [
        ...four,
        own(cell.min),
        own(cell.max),
        level(share, cell.zeros),
        level(slope, factor(y)),
        level(spread, Math.tanh(spectral(x, y) / s)),
      ];
    },
  };
}

function position(value: number, { shade, clamp }: Normalization): number {
  if (Number.isNaN(value)) return NOT_A_NUMBER;
  if (!Number.isFinite(value)) return value > 0 ? POSITIVE_INFINITY : NEGATIVE_INFINITY;
  const x = clamp ? Math.max(clamp[0], Math.min(clamp[1], value)) : value;
  return Math.max(0, Math.min(250, Math.round(125 + 125 * shadeTo(shade, x))));
}

const colourAt = (map: Uint8Array, entry: number): Colour =>
  map[entry * 4]! << 16 | map[entry * 4 + 1]! << 8 | map[entry * 4 + 2]!;
