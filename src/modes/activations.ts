import { BadRequest } from "../errors.ts";
import { mosaicOf, partAt, within } from "../field/part.ts";
import type { Part } from "../field/part.ts";
import type { TensorInfo } from "../formats/format.ts";
import { capturedOf } from "../model/captured.ts";
import type { Layer } from "../model/model.ts";
import { componentsLegend, drawComponents } from "./components.ts";
import { colourParameters } from "./colour_parameters.ts";
import type { Make, Mode, Options } from "./mode.ts";
import { normalizationParameters } from "./normalize.ts";
import { legendOf, weights } from "./weights.ts";

/** What a layer computed of the captured samples. */
export const activations: Mode = {
  ...weights,
  name: "activations",
  title: "Activations",
  about:
    "What the layer computed of the captured samples, map by map; further out, means of blocks.",
  parameters: [
    {
      name: "sample",
      title: "Sample",
      about: "One of the samples, counted from 0; all of them unless given.",
      type: "integer",
      default: null,
      minimum: 0,
    },
    {
      name: "reduce",
      title: "Reduce",
      about:
        "Shows means or variances over what `over` says instead of every value; pca: the first " +
        "three principal components of channels as red, green and blue.",
      type: "choice",
      default: "none",
      choices: ["none", "mean", "variance", "pca"],
    },
    {
      name: "over",
      title: "Over",
      about: "What is reduced: the samples, the channels (of a matrix its columns), or both.",
      type: "choice",
      default: "samples",
      choices: ["samples", "channels", "both"],
    },
    ...colourParameters(),
    ...normalizationParameters,
    ...weights.parameters.filter(({ name }) => name === "microcell" || name === "axes"),
  ],

  missing(layer) {
    const found = activationOf(layer);
    if (!found) return `captured activations: "act/${layer.name}" of a capture`;
    return found.shape.includes(0) ? "elements: this tensor has none" : null;
  },
  subject: activationOf,
  part: partOf,
  needsChannels: () => "none",

  legend: (options, facts) =>
    options.reduce === "pca"
      ? componentsLegend("Principal components of the channels", ["first", "second", "third"])
      : legendOf(undistorted(options), facts, titleOf(options)),
  prepare: (options, facts, plane) =>
    options.reduce === "pca"
      ? drawComponents(plane)
      : weights.prepare(undistorted(options), facts, plane),
};

const undistorted = (options: Options): Options => ({ ...options, scientific: true });

/** The activations of a layer, which may be what was asked for themselves. */
function activationOf(layer: Layer): TensorInfo | undefined {
  const own = layer.captured.find(({ tensor }) => tensor === layer.main);
  return own?.kind === "sample" ? own.tensor : capturedOf(layer, "activation")?.tensor;
}

/** Samples come first, then channels, then space. */
function partOf(options: Options, tensor: TensorInfo, make: Make): Part {
  const { sample, reduce, over } = options;
  let part: Part = { tensor, index: (own) => own };
  if (sample !== null) part = within(part, partAt(tensor, 0, Number(sample), "sample"));
  if (reduce === "pca") return componentsOf(part.tensor, sample !== null, make);
  if (reduce !== "none") {
    if (sample !== null && over === "samples") {
      throw new BadRequest(`sample=${sample} leaves no samples to reduce: over=channels`, {
        ...{ parameter: "over", found: over, expected: "channels" },
      });
    }
    const { tensor: from } = part;
    const axes = reducedAxes(String(over), from.shape.length, sample !== null);
    const name = `${from.name}, ${reduce} over ${over}`;
    const recipe = { kind: "reduce", how: reduce as "mean" | "variance", axes } as const;
    part = { tensor: make(from, recipe, name), index: (own) => own };
  }
  return part.tensor.shape.length === 3 && options.axes === null
    ? within(part, mosaicOf(part.tensor))
    : part;
}

/**
 * Of maps, the components of their channels, a pixel each place, of one sample or the mean of all; of a
 * matrix those of its columns, a pixel each sample.
 */
function componentsOf(from: TensorInfo, isSingle: boolean, make: Make): Part {
  const isMaps = from.shape.length > (isSingle ? 1 : 2);
  if (isSingle && !isMaps) {
    throw new BadRequest("sample: a single sample of a matrix has no components", {
      ...{ parameter: "sample", found: from.shape, expected: "all samples" },
    });
  }
  const features = isSingle ? 0 : 1, mean = isMaps && !isSingle ? [0] : [];
  const recipe = { kind: "pca", mean, features } as const;
  return { tensor: make(from, recipe, `${from.name}, components`), index: (own) => own };
}

/** Numbers of the axes that are reduced; of a single sample, there is no axis of samples any more. */
function reducedAxes(over: string, rank: number, isSingle: boolean): number[] {
  const samples = isSingle || over === "channels" ? [] : [0];
  const channels = isSingle ? 0 : 1;
  return [...samples, ...(over !== "samples" && channels < rank ? [channels] : [])];
}

function titleOf({ reduce, over }: Options): string {
  if (reduce === "none") return "Activation";
  const of = over === "both" ? "samples and channels" : over;
  return `${reduce === "mean" ? "Mean" : "Variance"} of activations over ${of}`;
}
