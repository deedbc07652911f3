import { FEW } from "../analysis/derive/jacobian.ts";
import { BadRequest } from "../errors.ts";
import type { Part } from "../field/part.ts";
import type { TensorInfo } from "../formats/format.ts";
import type { Layer } from "../model/model.ts";
import type { Computation } from "../model/network.ts";
import { drawHues, hueColours } from "./hues.ts";
import type { Make, Mode, Options } from "./mode.ts";
import { normalization, normalizationParameters, short, special, stops } from "./normalize.ts";

const METHODS = ["auto", "exact", "hutchinson", "projection"] as const;
const HUES = ["pair", "leading", "none"] as const;

/** What hues mean, in words. */
const meanings: Readonly<Record<(typeof HUES)[number], string>> = {
  pair: "angle of what a brighter pixel does to the outputs, in the plane of the first two left " +
    "singular vectors: atan2(σ₂v₂, σ₁v₁); opposite hues undo each other",
  leading:
    "angle of the leading right singular vector, of its components in the first two channels: " +
    "atan2(v₁ of the second, v₁ of the first); of one channel its sign, 0° or 180°",
  none: "",
};

/** How much what a layer computed of a sample would change with each pixel of it. */
export const jacobian: Mode = {
  name: "jacobian",
  title: "Jacobian",
  about:
    "How much the layer's result changes with each pixel of the input: brightness ‖∂y/∂x‖, and " +
    "pixels of one hue change it alike.",
  overzoom: 6,
  parameters: [
    {
      name: "sample",
      title: "Sample",
      about: "One of the inputs, counted from 0.",
      type: "integer",
      default: 0,
      minimum: 0,
    },
    {
      name: "output",
      title: "Output",
      about: "One of the layer's results, counted from 0; all of them unless given.",
      type: "integer",
      default: null,
      minimum: 0,
    },
    {
      name: "method",
      title: "Method",
      about:
        `exact: every output; hutchinson: random signs of outputs; projection: random normal ` +
        `sums of them; auto is exact up to ${FEW} outputs, else hutchinson.`,
      type: "choice",
      default: "auto",
      choices: METHODS,
    },
    {
      name: "samples",
      title: "Probes",
      about: "How many random combinations of outputs an estimate is made of.",
      type: "integer",
      default: 64,
      minimum: 2,
      maximum: 4096,
    },
    {
      name: "hue",
      title: "Hue",
      about:
        "pair: what brightening the pixel does to the outputs, along the two directions that " +
        "change most; leading: the leading right singular vector alone.",
      type: "choice",
      default: "pair",
      choices: HUES,
    },
    ...normalizationParameters.map((parameter) => {
      const usual = { normalize: "minmax", clip: 0.005 }[parameter.name];
      return usual === undefined ? parameter : { ...parameter, default: usual };
    }),
  ],

  missing({ computation, name }) {
    if (!computation) {
      return `a layer of a network that can be followed: a capture with "input" and "act/${name}", ` +
        "or a run of an ONNX file";
    }
    return computation.kind === "unknown" ? computation.missing : null;
  },
  subject: ({ computation }) =>
    computation && computation.kind !== "unknown" ? computation.tensor : undefined,
  part: partOf,
  axes: () => undefined,
  needsChannels: () => "none",

  legend(options, { scale }) {
    const normal = normalization(options, scale, false), meaning = meanings[hueOf(options)];
    return {
      title: titleOf(options),
      style: "scientific",
      normalization: `brightness: ${normal.about}`,
      ramp: { colormap: "greys", reverse: true, stops: stops(normal) },
      ...(meaning ? { hues: { about: meaning, colors: hueColours() } } : {}),
      special: special(scale),
    };
  },
  prepare: (options, { scale }, plane) =>
    drawHues(plane, normalization(options, scale, false), hueOf(options) !== "none"),
};

type Followed = Exclude<Computation, { kind: "unknown" }>;

const hueOf = ({ hue }: Options) => HUES.find((name) => name === hue)!;

function partOf(options: Options, tensor: TensorInfo, make: Make, layer: Layer): Part {
  const { computation, name } = layer;
  if (!computation || computation.kind === "unknown") {
    throw new BadRequest(`"${name}" is of no network that can be followed`, { layer: name });
  }
  const count = tensor.shape.length > 1 ? tensor.shape[0]! : 1, sample = Number(options.sample);
  if (sample >= count) {
    throw new BadRequest(
      `sample=${sample} is not among those of "${tensor.name}": 0 to ${count - 1}`,
      {
        ...{ parameter: "sample", found: sample, minimum: 0, maximum: count - 1 },
      },
    );
  }
  const output = options.output === null ? null : Number(options.output);
  const method = METHODS.find((name) => name === options.method)!, probes = Number(options.samples);
  const hue = hueOf(options) === "leading" ? "leading" : "pair";
  const called = [
    `${tensor.name}, sample ${sample}, Jacobian of "${resultOf(computation, layer)}"`,
    ...(output === null ? [] : [`output ${output}`]),
    // Of few outputs it needs none.
    ...(method === "auto" ? [`at most ${probes} probes`] : [method]),
    ...(method === "auto" || method === "exact" ? [] : [`${probes} probes`]),
    ...(hue === "pair" ? [] : [hue]),
  ].join(", ");
  const recipe = { kind: "jacobian", computation, sample, output, method, probes, hue } as const;
  return { tensor: make(tensor, recipe, called), index: (own) => own };
}

/** What is differentiated: what the layer gave, or, of what was put in, what came of it at last. */
function resultOf(computation: Followed, { name, captured }: Layer): string {
  if (!captured.some(({ kind, tensor }) => kind === "sample" && tensor === computation.tensor)) {
    return name;
  }
  return computation.kind === "graph" ? computation.output : computation.links.at(-1)!.name;
}

function titleOf({ sample, output, method, samples }: Options): string {
  const of = output === null ? "‖∂y/∂x‖" : `|∂y/∂x|, output ${output}`;
  const estimated = method === "hutchinson" || method === "projection";
  return `${of}, sample ${short(Number(sample))}${estimated ? `, ${samples} probes` : ""}`;
}
