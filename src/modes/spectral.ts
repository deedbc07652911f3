import type { Part } from "../field/part.ts";
import type { TensorInfo } from "../formats/format.ts";
import { colourParameters } from "./colour_parameters.ts";
import type { Make, Mode, Options } from "./mode.ts";
import { normalizationParameters } from "./normalize.ts";
import { legendOf, weights } from "./weights.ts";

/** Components that are found at most. */
const MOST = 64;
/** Elements up to which a layer is taken apart: seconds. */
const LARGEST = 2 ** 26;
/** Zooms at most over which the rank grows. */
const DEEPEST = 6;

/** A layer put together of its singular components, the largest first. */
export const spectral: Mode = {
  ...weights,
  name: "spectral",
  title: "Spectral",
  about: "The layer as the sum of its largest singular components: the first k, or with artistic " +
    "pictures more with every zoom.",
  overzoom: DEEPEST,
  parameters: [
    {
      name: "k",
      title: "Components",
      about: "How many of the largest are summed.",
      type: "integer",
      default: 1,
      minimum: 1,
      maximum: MOST,
    },
    {
      name: "share",
      title: "Share",
      about:
        "Instead of k: components of at least this share of the largest; 0 is the layer itself.",
      type: "number",
      default: null,
      minimum: 0,
      maximum: 1,
    },
    {
      name: "depth",
      title: "Depth",
      about: "Zoom z shows components of at least σ₁ · 2^−z, zooms from this one on the layer " +
        "itself; 0 shows the same at all zooms.",
      type: "integer",
      default: 0,
      minimum: 0,
      maximum: DEEPEST,
      artistic: true,
    },
    {
      name: "scientific",
      title: "Scientific",
      about: "Off: the number of components may depend on the zoom.",
      type: "boolean",
      default: true,
    },
    ...colourParameters(),
    ...normalizationParameters,
    ...weights.parameters.filter(({ name }) => name === "microcell"),
  ],

  missing({ main: { shape } }) {
    const count = shape.reduce((product, side) => product * side, 1);
    if (shape.length < 2) return "a tensor of two axes or more";
    if (count === 0) return "elements: this tensor has none";
    return count > LARGEST ? `at most ${LARGEST} elements, of which it has ${count}` : null;
  },
  part: partOf,
  zoomed({ depth, ...options }, z) {
    if (depth === 0) return undefined;
    return { ...options, depth: 0, share: z >= Number(depth) ? 0 : 2 ** -Math.max(0, z) };
  },
  axes: () => undefined,
  needsChannels: () => "none",

  legend: (options, facts) => ({
    ...legendOf({ ...options, scientific: true }, facts, titleOf(options)),
    style: options.scientific ? "scientific" : "artistic",
  }),
  prepare: (options, facts, plane) =>
    weights.prepare({ ...options, scientific: true }, facts, plane),
};

function partOf({ k, share }: Options, tensor: TensorInfo, make: Make): Part {
  const whole: Part = { tensor, index: (own) => own };
  if (share === 0) return whole;
  const { name, shape } = tensor;
  const components = make(tensor, { kind: "svd", count: MOST }, `${name}, singular components`);
  const rank = share === null ? Number(k) : null;
  const called = rank === null ? `components of ${share} σ₁ and more` : `${rank} components`;
  const recipe = { kind: "low-rank", shape, rank, share: Number(share) } as const;
  return { tensor: make(components, recipe, `${name}, ${called}`), index: (own) => own };
}

function titleOf({ k, share, depth }: Options): string {
  if (depth !== 0) return "Sum of singular components σ ≥ σ₁ · 2^−zoom";
  if (share === 0) return "Weight";
  if (share === null && k === 1) return "Largest singular component";
  return share === null
    ? `Sum of ${k} singular components`
    : `Sum of singular components σ ≥ ${share} σ₁`;
}
